#include "ingest/impl/record_plan.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace lagoa::ingest {
namespace {

constexpr std::size_t kMaxKnownKeys = 512;  // Beyond it, keys that feed nothing are not remembered.
constexpr std::size_t kShownKeys = 8;

std::string unescape_step(std::string_view step) {
    return replace_all(replace_all(step, "~1", "/"), "~0", "~");
}

std::vector<PathStep> parse_path(std::string_view path) {
    std::vector<PathStep> steps;
    if (path.empty()) return steps;
    for (const auto step : split(path.substr(1), '/')) steps.push_back({step == "*" ? "" : unescape_step(step)});
    return steps;
}

// Where a JSON key that starts at `key` ends.
std::string_view key_text(const char* key) {
    std::size_t size = 0;
    while (key[size] != '"') size += key[size] == '\\' ? 2 : 1;
    return {key, size};
}

// Compiles one mapping; `table` is its place in the document.
class Compiler {
public:
    Compiler(const Source& source, const Stream& stream, std::size_t table, const Contract& contract,
             const TimeZone& zone)
        : source_(source),
          contract_(contract),
          zone_(zone),
          pointer_(fmt::format("{}/tables/{}", stream.pointer, table)) {
        plan_.stream = &stream;
        plan_.mapping = &stream.tables.at(table);
        plan_.path = parse_path(plan_.mapping->records);
        plan_.fields.resize(plan_.path.size() + 1);
    }

    Result<RecordPlan> compile() {
        const TableMapping& mapping = *plan_.mapping;
        for (const auto& declared : mapping.columns)
            if (contract_.find(declared.column) == nullptr)
                return source_.document.fail_at(
                    pointer_ + "/columns",
                    fmt::format("{} has no column \"{}\"", contract_.table.text(), declared.column),
                    fmt::format("Declare it in {}, or take it away here.", contract_.file));
        for (std::size_t i = 0; i < contract_.columns.size(); ++i) LAGOA_TRY(add_column(i));
        plan_.record().add(std::vector<std::string>{"_at"}, plan_.at());
        for (const auto& name : contract_.key()) plan_.key.push_back(index_of(name));
        for (const auto& name : mapping.skip_when_all_null) {
            if (contract_.find(name) == nullptr)
                return source_.document.fail_at(pointer_ + "/skip_when_all_null",
                                                fmt::format("{} has no column \"{}\"", contract_.table.text(), name));
            plan_.skip.push_back(index_of(name));
        }
        return std::move(plan_);
    }

private:
    std::size_t index_of(std::string_view column) const {
        return static_cast<std::size_t>(contract_.find(column) - contract_.columns.data());
    }

    Result<> add_column(std::size_t index) {
        const ContractColumn& column = contract_.columns[index];
        ColumnMapping mapping{.column = column.name, .from = {}, .constant = {}};
        for (const auto& declared : plan_.mapping->columns)
            if (contract_.find(declared.column) == &column) mapping = declared;
        if (mapping.from.empty()) mapping.from = column.name;
        auto reader = CellReader::make(column, mapping, zone_);
        if (!reader)
            return source_.document.fail_at(pointer_ + "/columns", reader.error().message, reader.error().hint);
        plan_.cells.push_back(std::move(*reader));
        using What = RecordPlan::FromObject::What;
        if (mapping.constant)
            plan_.from_object.push_back({index, What::kConstant});
        else if (mapping.from == "_item")
            plan_.from_object.push_back({index, What::kItem});
        else if (mapping.from == "_fetched")
            plan_.from_object.push_back({index, What::kFetched});
        else if (mapping.from == "_at")
            plan_.from_object.push_back({index, What::kAt});
        else
            return add_path(index, mapping.from);
        return {};
    }

    // A path from the top is read at the deepest value that it shares with the record path.
    Result<> add_path(std::size_t index, const std::string& from) {
        const bool absolute = from[0] == '/';
        const auto steps = parse_path(absolute ? from : "/" + from);
        std::size_t shared = 0;
        if (absolute) {
            while (shared < steps.size() && shared < plan_.path.size() && steps[shared].name == plan_.path[shared].name)
                ++shared;
        } else {
            shared = plan_.path.size();
        }
        std::vector<std::string> rest;
        for (std::size_t i = absolute ? shared : 0; i < steps.size(); ++i) {
            if (steps[i].is_star()) rest.clear();
            if (steps[i].is_star()) break;
            rest.push_back(steps[i].name);
        }
        if (rest.empty())
            return source_.document.fail_at(
                pointer_ + "/columns",
                fmt::format("\"{}\" does not end at a value beside or inside the records", from));
        plan_.fields[shared].add(rest, index);
        return {};
    }

    const Source& source_;
    const Contract& contract_;
    const TimeZone& zone_;
    const std::string pointer_;
    RecordPlan plan_;
};

}  // namespace

void FieldNode::add(std::span<const std::string> path, std::size_t column) {
    columns_.push_back(column);
    Member* member = nullptr;
    for (const auto& candidate : members_)
        if (candidate->name == path.front()) member = candidate.get();
    if (member == nullptr) {
        members_.push_back(std::make_unique<Member>());
        member = members_.back().get();
        member->name = path.front();
    }
    if (path.size() == 1) {
        member->columns.push_back(column);
        return;
    }
    if (member->nested == nullptr) member->nested = std::make_unique<FieldNode>();
    member->nested->add(path.subspan(1), column);
}

FieldNode::Member* FieldNode::find(const char* key) {
    const auto matches = [key](const Known& known) {
        return std::strncmp(key, known.key.data(), known.key.size()) == 0 && key[known.key.size()] == '"';
    };
    for (std::size_t i = 0; i < known_.size(); ++i) {
        const std::size_t at = next_ + i < known_.size() ? next_ + i : next_ + i - known_.size();
        if (!matches(known_[at])) continue;
        next_ = at + 1 == known_.size() ? 0 : at + 1;
        return known_[at].member;
    }
    const std::string name(key_text(key));
    Member* member = find_name(name);
    if (name.find('\\') != std::string::npos) {  // A key written with escapes may still be one of ours.
        const auto plain = json::parse("\"" + name + "\"");
        member = plain ? find_name(*plain->string()) : nullptr;
    }
    if (known_.size() < kMaxKnownKeys) {
        known_.push_back({name, member});
        next_ = 0;
    }
    return member;
}

FieldNode::Member* FieldNode::find_name(std::string_view name) {
    const auto found = std::ranges::find_if(members_, [&](const auto& member) { return member->name == name; });
    return found == members_.end() ? nullptr : found->get();
}

std::vector<std::string> FieldNode::unmapped() const {
    std::vector<std::string> keys;
    for (const auto& known : known_)
        if (known.member == nullptr && keys.size() < kShownKeys) keys.push_back(known.key);
    return keys;
}

Result<RecordPlan> make_plan(const Source& source, const Stream& stream, std::size_t table, const Contract& contract,
                             const TimeZone& zone) {
    return Compiler(source, stream, table, contract, zone).compile();
}

}  // namespace lagoa::ingest
