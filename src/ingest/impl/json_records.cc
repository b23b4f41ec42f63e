#include "ingest/impl/json_records.h"

#include <algorithm>
#include <cstring>

#include <simdjson.h>

#include "base/text.h"

namespace lagoa::ingest {
namespace {

namespace ondemand = simdjson::ondemand;

std::string_view without_blanks_behind(std::string_view text) {
    const auto last = text.find_last_not_of(" \t\r\n");
    return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

std::string describe(simdjson::error_code error) {
    return fmt::format("not JSON: {}", simdjson::error_message(error));
}

// Notes a value; an error is one of the JSON text itself.
simdjson::error_code note(ondemand::value value, RawValue& out) {
    ondemand::json_type type;
    if (const auto error = value.type().get(type)) return error;
    switch (type) {
        case ondemand::json_type::string:
            out.kind = RawValue::Kind::kText;
            if (value.get_string().get(out.text) != simdjson::SUCCESS)
                out = {RawValue::Kind::kBroken, "has an escape that is no character"};
            return simdjson::SUCCESS;
        case ondemand::json_type::object: {
            ondemand::object object;
            if (const auto error = value.get_object().get(object)) return error;
            out.kind = RawValue::Kind::kNested;
            return object.raw_json().get(out.text);
        }
        case ondemand::json_type::array: {
            ondemand::array array;
            if (const auto error = value.get_array().get(array)) return error;
            out.kind = RawValue::Kind::kNested;
            return array.raw_json().get(out.text);
        }
        case ondemand::json_type::number:
            out.kind = RawValue::Kind::kNumber;
            break;
        case ondemand::json_type::boolean:
            out.kind = RawValue::Kind::kBoolean;
            break;
        case ondemand::json_type::null:
            out.kind = RawValue::Kind::kNull;
            break;
    }
    out.text = without_blanks_behind(value.raw_json_token());
    const bool is_word =
        out.kind == RawValue::Kind::kBoolean ? out.text == "true" || out.text == "false" : out.text == "null";
    return out.kind == RawValue::Kind::kNumber || is_word ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

// Notes the members of `object` that `node` maps.
simdjson::error_code note_members(ondemand::object object, FieldNode& node, std::vector<RawValue>& values) {
    for (const std::size_t column : node.columns()) values[column] = {};
    node.rewind();
    for (auto item : object) {
        ondemand::field field;
        if (const auto error = std::move(item).get(field)) return error;
        FieldNode::Member* member = node.find(field.key().raw());
        if (member == nullptr) continue;
        ondemand::value value = field.value();
        if (member->nested != nullptr) {
            // A value that is no object has none of the members; it may feed a column of its own.
            ondemand::json_type type;
            if (const auto error = value.type().get(type)) return error;
            if (type == ondemand::json_type::object) {
                ondemand::object inner;
                if (const auto error = value.get_object().get(inner)) return error;
                if (const auto error = note_members(inner, *member->nested, values)) return error;
                continue;
            }
        }
        if (member->columns.empty()) continue;
        RawValue noted;
        if (const auto error = note(value, noted)) return error;
        for (const std::size_t column : member->columns) values[column] = noted;
    }
    return simdjson::SUCCESS;
}

// What both readers share: the bytes, the parser and the reading of one record.
class JsonReader : public RecordReader {
protected:
    JsonReader(std::shared_ptr<const PaddedBytes> bytes, RecordPlan& plan) : bytes_(std::move(bytes)), plan_(plan) {}

    simdjson::error_code open(std::string_view text) {
        return parser_
            .iterate(simdjson::padded_string_view(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING))
            .get(document_);
    }

    simdjson::error_code read_record(ondemand::value value, Record& record) {
        const char* start = value.raw_json_token().data();
        ondemand::json_type type;
        if (const auto error = value.type().get(type)) return error;
        if (type != ondemand::json_type::object) {
            for (const std::size_t column : plan_.record().columns()) record.values[column] = {};
            record.fault = "is no JSON object";
            RawValue noted;
            if (const auto error = note(value, noted)) return error;
        } else {
            ondemand::object object;
            if (const auto error = value.get_object().get(object)) return error;
            if (const auto error = note_members(object, plan_.record(), record.values)) return error;
        }
        const char* end = nullptr;
        at_end_ = document_.current_location().get(end) != simdjson::SUCCESS;
        if (at_end_) end = document_end_;
        record.text = without_blanks_behind({start, static_cast<std::size_t>(end - start)});
        return simdjson::SUCCESS;
    }

    std::shared_ptr<const PaddedBytes> bytes_;  // shared with the caller, who has hashed them
    RecordPlan& plan_;
    simdjson::ondemand::parser parser_;
    ondemand::document document_;
    const char* document_end_ = nullptr;
    bool at_end_ = false;  // The record is the last thing in the document.
};

class PathRecords final : public JsonReader {
public:
    PathRecords(std::shared_ptr<const PaddedBytes> bytes, RecordPlan& plan) : JsonReader(std::move(bytes), plan) {}

    Result<bool> next(Record& record) override {
        record.fault.clear();
        record.text = {};
        if (done_) return false;
        bool found = false;
        if (const auto error = advance(record, found)) {
            done_ = true;
            record.fault = describe(error);
            record.text = {};
            record.pointer = pointer();
            return true;
        }
        done_ = !found || levels_.empty();
        return found;
    }

    std::string_view missing_path() const override { return missing_; }

private:
    // One `*` of the path, being walked.
    struct Level {
        ondemand::array_iterator at, end;
        std::size_t step;  // of the path
        std::size_t index;
    };

    // Finds the next record. Each pass takes one step: into the root, or to the next element of the deepest array.
    simdjson::error_code advance(Record& record, bool& found) {
        if (!started_) {
            started_ = true;
            const std::string_view text = bytes_->view();
            document_end_ = text.data() + text.size();
            if (const auto error = open(text)) return error;
            ondemand::value root;
            if (const auto error = document_.get_value().get(root)) return error;
            if (const auto error = descend(root, 0, record, found)) return error;
            if (found) return simdjson::SUCCESS;
        } else if (!levels_.empty()) {
            step_on();
        }
        while (!levels_.empty()) {
            Level& level = levels_.back();
            if (level.at == level.end) {
                levels_.pop_back();
                if (!levels_.empty()) step_on();
                continue;
            }
            ondemand::value element;
            if (const auto error = (*level.at).get(element)) return error;
            const std::size_t depth = levels_.size();
            if (const auto error = descend(element, level.step + 1, record, found)) return error;
            if (found) return simdjson::SUCCESS;
            if (levels_.size() == depth) step_on();  // The path ended inside this element.
        }
        return simdjson::SUCCESS;
    }

    void step_on() {
        ++levels_.back().at;
        ++levels_.back().index;
    }

    // Follows the path from `value`, which stands at `step`, to the record or to the next array.
    simdjson::error_code descend(ondemand::value value, std::size_t step, Record& record, bool& found) {
        for (; step < plan_.path.size(); ++step) {
            ondemand::json_type type;
            if (const auto error = value.type().get(type)) return error;
            FieldNode& beside = plan_.fields[step];
            if (plan_.path[step].is_star()) {
                if (type == ondemand::json_type::null) return simdjson::SUCCESS;  // A list that is null has no record.
                if (type != ondemand::json_type::array) return miss(step);
                ondemand::array array;
                if (const auto error = value.get_array().get(array)) return error;
                Level level{.at = {}, .end = {}, .step = step, .index = 0};
                if (const auto error = array.begin().get(level.at)) return error;
                if (const auto error = array.end().get(level.end)) return error;
                levels_.push_back(level);
                return simdjson::SUCCESS;
            }
            if (type != ondemand::json_type::object) return miss(step);
            ondemand::object object;
            if (const auto error = value.get_object().get(object)) return error;
            if (!beside.empty()) {
                if (const auto error = note_members(object, beside, record.values)) return error;
                if (const auto error = object.reset().error()) return error;
            }
            const auto error = object.find_field_unordered(plan_.path[step].name).get(value);
            if (error == simdjson::NO_SUCH_FIELD) return miss(step);
            if (error) return error;
        }
        found = true;
        record.pointer = pointer();
        return read_record(value, record);
    }

    // Remembers the first place where the path stopped short.
    simdjson::error_code miss(std::size_t step) {
        if (missing_.empty()) {
            const PathStep& wanted = plan_.path[step];
            missing_ = pointer(step) + "/" + (wanted.is_star() ? "*" : json::escape_pointer_token(wanted.name));
        }
        return simdjson::SUCCESS;
    }

    // The RFC 6901 pointer of where the walk stands, up to `steps` of the path.
    std::string pointer(std::size_t steps = static_cast<std::size_t>(-1)) const {
        std::string out;
        std::size_t star = 0;
        for (std::size_t i = 0; i < std::min(steps, plan_.path.size()); ++i) {
            if (!plan_.path[i].is_star()) {
                out += '/';
                out += json::escape_pointer_token(plan_.path[i].name);
            } else if (star < levels_.size()) {
                fmt::format_to(std::back_inserter(out), "/{}", levels_[star++].index);
            } else {
                break;
            }
        }
        return out;
    }

    std::vector<Level> levels_;
    std::string missing_;
    bool started_ = false;
    bool done_ = false;
};

class LineRecords final : public JsonReader {
public:
    LineRecords(std::shared_ptr<const PaddedBytes> bytes, RecordPlan& plan)
        : JsonReader(std::move(bytes), plan), rest_(bytes_->view()) {}

    Result<bool> next(Record& record) override {
        record.fault.clear();
        record.text = {};
        std::string_view line;
        do {
            if (rest_.empty()) return false;
            const auto end = rest_.find('\n');
            line = trim(rest_.substr(0, end));
            rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
        } while (line.empty());
        document_end_ = line.data() + line.size();
        const std::size_t number = lines_++;
        if (const auto error = read(line, record)) {
            for (const std::size_t column : plan_.record().columns()) record.values[column] = {};
            record.fault = describe(error);
            record.text = is_utf8(line) ? line : std::string_view();
        }
        const RawValue& at = record.values[plan_.at()];
        if (at.kind == RawValue::Kind::kText || at.kind == RawValue::Kind::kNumber)
            record.pointer = at.text;
        else
            record.pointer = fmt::format("/{}", number);
        return true;
    }

private:
    simdjson::error_code read(std::string_view line, Record& record) {
        if (const auto error = open(line)) return error;
        ondemand::value value;
        if (const auto error = document_.get_value().get(value)) return error;
        if (const auto error = read_record(value, record)) return error;
        return at_end_ ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
    }

    std::string_view rest_;
    std::size_t lines_ = 0;
};

}  // namespace

PaddedBytes::PaddedBytes(std::size_t size) : bytes_(new char[size + simdjson::SIMDJSON_PADDING]), size_(size) {
    std::memset(bytes_.get() + size, 0, simdjson::SIMDJSON_PADDING);
}

std::unique_ptr<RecordReader> read_json(std::shared_ptr<const PaddedBytes> bytes, RecordPlan& plan) {
    return std::make_unique<PathRecords>(std::move(bytes), plan);
}

std::unique_ptr<RecordReader> read_json_lines(std::shared_ptr<const PaddedBytes> bytes, RecordPlan& plan) {
    return std::make_unique<LineRecords>(std::move(bytes), plan);
}

}  // namespace lagoa::ingest
