// Following a path through a value.
#include "flow/impl/json_path.h"

#include <algorithm>

#include "flow/impl/path_filter.h"

namespace lagoa::flow {
namespace {

using Values = std::vector<const json::Value*>;

// Position of `index` in an array of `size`; negative counts from the end.
std::optional<std::size_t> resolve(std::int64_t index, std::size_t size) {
    const auto length = static_cast<std::int64_t>(size);
    if (index < 0) index += length;
    if (index < 0 || index >= length) return std::nullopt;
    return static_cast<std::size_t>(index);
}

void add_children(const json::Value& value, Values& found) {
    if (const auto* array = value.array())
        for (const json::Value& item : *array) found.push_back(&item);
    if (const auto* object = value.object())
        for (const auto& [key, item] : *object) found.push_back(&item);
}

void add_slice(const PathStep::Slice& slice, const json::Array& array, Values& found) {
    const auto length = static_cast<std::int64_t>(array.size());
    const auto clamp = [&](std::int64_t bound) {
        return std::clamp<std::int64_t>(bound < 0 ? bound + length : bound, 0, length);
    };
    const std::int64_t to = clamp(slice.to.value_or(length));
    for (std::int64_t i = clamp(slice.from.value_or(0)); i < to; ++i)
        found.push_back(&array[static_cast<std::size_t>(i)]);
}

void add_selected(const PathStep& step, const json::Value& value, const json::Value& root, Values& found) {
    if (const auto* name = std::get_if<std::string>(&step.select)) {
        if (const auto* member = value.find(*name)) found.push_back(member);
    } else if (const auto* indexes = std::get_if<std::vector<std::int64_t>>(&step.select)) {
        const auto* array = value.array();
        if (array == nullptr) return;
        for (const std::int64_t index : *indexes)
            if (const auto position = resolve(index, array->size())) found.push_back(&(*array)[*position]);
    } else if (const auto* slice = std::get_if<PathStep::Slice>(&step.select)) {
        if (const auto* array = value.array()) add_slice(*slice, *array, found);
    } else if (const auto* filter = std::get_if<PathStep::Filter>(&step.select)) {
        Values candidates;
        if (value.is_array())
            add_children(value, candidates);
        else
            candidates.push_back(&value);
        std::erase_if(candidates, [&](const auto* item) { return !holds(*filter->condition, *item, root); });
        found.insert(found.end(), candidates.begin(), candidates.end());
    } else {
        add_children(value, found);
    }
}

// Depth-first, parents first. The depth is bounded by what json::parse accepts.
void add_descendants(const json::Value& value, Values& found) {
    found.push_back(&value);
    Values children;
    add_children(value, children);
    for (const auto* child : children) add_descendants(*child, found);
}

bool is_definite_step(const PathStep& step) {
    if (step.deep) return false;
    if (const auto* indexes = std::get_if<std::vector<std::int64_t>>(&step.select)) return indexes->size() == 1;
    return std::holds_alternative<std::string>(step.select);
}

std::optional<int> order_of(const json::Value& a, const json::Value& b) {
    if (a.number() != nullptr && b.number() != nullptr) {
        const double left = a.number()->to_double();
        const double right = b.number()->to_double();
        return left < right ? -1 : left > right ? 1 : 0;
    }
    if (a.string() != nullptr && b.string() != nullptr) return a.string()->compare(*b.string());
    return std::nullopt;
}

const json::Value* value_of(const FilterOperand& operand, const json::Value& item, const json::Value& root) {
    if (!operand.is_path) return &operand.literal;
    const Values found = follow(operand.steps, operand.from_root ? root : item, root);
    return found.empty() ? nullptr : found.front();
}

}  // namespace

std::vector<const json::Value*> follow(const std::vector<PathStep>& steps, const json::Value& start,
                                       const json::Value& root) {
    Values current = {&start};
    for (const PathStep& step : steps) {
        Values sources;
        if (step.deep)
            for (const auto* value : current) add_descendants(*value, sources);
        else
            sources = std::move(current);
        Values next;
        for (const auto* value : sources) add_selected(step, *value, root, next);
        current = std::move(next);
    }
    return current;
}

bool holds(const PathFilter& filter, const json::Value& item, const json::Value& root) {
    using enum PathFilter::Kind;
    const auto part_holds = [&](const PathFilter& part) { return holds(part, item, root); };
    if (filter.kind == kOr) return std::ranges::any_of(filter.parts, part_holds);
    if (filter.kind == kAnd) return std::ranges::all_of(filter.parts, part_holds);
    if (filter.kind == kNot) return !part_holds(filter.parts[0]);

    const auto* left = value_of(filter.operands[0], item, root);
    if (filter.kind == kExists) return left != nullptr;
    const auto* right = value_of(filter.operands[1], item, root);
    const bool equal = left != nullptr && right != nullptr && *left == *right;
    if (filter.kind == kEqual) return equal;
    if (filter.kind == kNotEqual) return !equal;
    const auto order = left == nullptr || right == nullptr ? std::nullopt : order_of(*left, *right);
    if (!order) return false;
    switch (filter.kind) {
        case kLess:
            return *order < 0;
        case kLessOrEqual:
            return *order <= 0;
        case kGreater:
            return *order > 0;
        default:
            return *order >= 0;
    }
}

bool JsonPath::is_definite() const {
    return std::ranges::all_of(steps_, is_definite_step);
}

std::optional<json::Value> JsonPath::find(const json::Value& input, const json::Value& context) const {
    const json::Value& root = context_ ? context : input;
    const Values found = follow(steps_, root, root);
    if (is_definite()) return found.empty() ? std::nullopt : std::optional(*found.front());
    json::Array all;
    for (const auto* value : found) all.push_back(*value);
    return json::Value(std::move(all));
}

bool JsonPath::assign(json::Value& root, json::Value value) const {
    json::Value* place = &root;
    for (const PathStep& step : steps_) {
        if (const auto* name = std::get_if<std::string>(&step.select)) {
            if (place->is_null()) *place = json::Object();
            auto* object = place->object();
            if (object == nullptr) return false;
            json::Value* member = object->find(*name);
            place = member != nullptr ? member : &object->set(*name, nullptr);
        } else {
            auto* array = place->array();
            const std::int64_t index = std::get<std::vector<std::int64_t>>(step.select).front();
            if (array == nullptr || index < 0 || static_cast<std::size_t>(index) >= array->size()) return false;
            place = &(*array)[static_cast<std::size_t>(index)];
        }
    }
    *place = std::move(value);
    return true;
}

}  // namespace lagoa::flow
