#include "codec/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <boost/json/basic_parser_impl.hpp>

#include "base/text.h"

namespace lagoa::json {
namespace {

// Builds Values from Boost's events; numbers come as their raw text.
struct Handler {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    using ErrorOut = boost::system::error_code&;
    using Text = boost::json::string_view;

    bool add(Value value) {
        if (stack.empty()) {
            root = std::move(value);
            return true;
        }
        Value& parent = stack.back();
        if (auto* array = parent.array()) {
            array->push_back(std::move(value));
        } else {
            parent.object()->set(keys.back(), std::move(value));
            keys.pop_back();
        }
        return true;
    }

    bool close() {
        Value done = std::move(stack.back());
        stack.pop_back();
        return add(std::move(done));
    }

    bool on_document_begin(ErrorOut) { return true; }
    bool on_document_end(ErrorOut) { return true; }
    bool on_object_begin(ErrorOut) {
        stack.emplace_back(Object{});
        return true;
    }
    bool on_object_end(std::size_t, ErrorOut) { return close(); }
    bool on_array_begin(ErrorOut) {
        stack.emplace_back(Array{});
        return true;
    }
    bool on_array_end(std::size_t, ErrorOut) { return close(); }
    bool on_key_part(Text part, std::size_t, ErrorOut) {
        text.append(part);
        return true;
    }
    bool on_key(Text part, std::size_t, ErrorOut) {
        text.append(part);
        keys.push_back(std::exchange(text, {}));
        return true;
    }
    bool on_string_part(Text part, std::size_t, ErrorOut) {
        text.append(part);
        return true;
    }
    bool on_string(Text part, std::size_t, ErrorOut) {
        text.append(part);
        return add(Value(std::exchange(text, {})));
    }
    bool on_number_part(Text part, ErrorOut) {
        text.append(part);
        return true;
    }
    bool number(Text part) {
        text.append(part);
        return add(Value(Number{std::exchange(text, {})}));
    }
    bool on_int64(std::int64_t, Text part, ErrorOut) { return number(part); }
    bool on_uint64(std::uint64_t, Text part, ErrorOut) { return number(part); }
    bool on_double(double, Text part, ErrorOut) { return number(part); }
    bool on_bool(bool value, ErrorOut) { return add(Value(value)); }
    bool on_null(ErrorOut) { return add(Value()); }
    bool on_comment_part(Text, ErrorOut) { return true; }
    bool on_comment(Text, ErrorOut) { return true; }

    Value root;
    std::vector<Value> stack;
    std::vector<std::string> keys;
    std::string text;
};

// A number as digits and a power of ten, so that 1, 1.0 and 10e-1 compare equal exactly.
struct Canonical {
    bool negative = false;
    std::string digits;  // no leading or trailing zero; empty for zero
    std::int64_t exponent = 0;
    bool operator==(const Canonical&) const = default;
};

Canonical canonical(std::string_view text) {
    Canonical out;
    std::size_t i = 0;
    if (i < text.size() && text[i] == '-') out.negative = true, ++i;
    bool after_point = false;
    for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
        if (text[i] == '.') {
            after_point = true;
            continue;
        }
        out.digits += text[i];
        if (after_point) --out.exponent;
    }
    if (i < text.size()) {
        ++i;
        if (i < text.size() && text[i] == '+') ++i;
        std::int64_t power = 0;
        std::from_chars(text.data() + i, text.data() + text.size(), power);
        out.exponent += std::clamp<std::int64_t>(power, -1'000'000'000, 1'000'000'000);
    }
    const auto first = out.digits.find_first_not_of('0');
    if (first == std::string::npos) return {};
    out.digits.erase(0, first);
    while (out.digits.back() == '0') out.digits.pop_back(), ++out.exponent;
    return out;
}

void write(const Value& value, int indent, int level, std::string& out) {
    const auto new_line = [&](int at) {
        if (indent > 0) out.append("\n").append(static_cast<std::size_t>(indent * at), ' ');
    };
    if (value.is_null())
        out += "null";
    else if (const auto* boolean = value.boolean())
        out += *boolean ? "true" : "false";
    else if (const auto* number = value.number())
        out += number->text;
    else if (const auto* string = value.string())
        out += quote_json(*string);
    else if (const auto* array = value.array()) {
        out += '[';
        for (std::size_t i = 0; i < array->size(); ++i) {
            if (i > 0) out += ',';
            new_line(level + 1);
            write((*array)[i], indent, level + 1, out);
        }
        if (!array->empty()) new_line(level);
        out += ']';
    } else if (const auto* object = value.object()) {
        out += '{';
        bool first = true;
        for (const auto& [key, member] : *object) {
            if (!std::exchange(first, false)) out += ',';
            new_line(level + 1);
            out += quote_json(key);
            out += indent > 0 ? ": " : ":";
            write(member, indent, level + 1, out);
        }
        if (!object->empty()) new_line(level);
        out += '}';
    }
}

}  // namespace

std::optional<std::int64_t> Number::to_int64() const {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) return value;
    const Canonical c = canonical(text);
    if (c.digits.empty()) return 0;
    if (c.exponent < 0 || c.exponent > 18) return std::nullopt;
    const std::string whole =
        (c.negative ? "-" : "") + c.digits + std::string(static_cast<std::size_t>(c.exponent), '0');
    const auto [stop, fault] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
    if (fault != std::errc{} || stop != whole.data() + whole.size()) return std::nullopt;
    return value;
}

double Number::to_double() const {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range) {
        const Canonical c = canonical(text);
        const bool huge = c.exponent + static_cast<std::int64_t>(c.digits.size()) > 0;
        value = huge ? HUGE_VAL : 0.0;
        return c.negative ? -value : value;
    }
    return value;
}

const Value* Object::find(std::string_view key) const {
    for (const auto& member : members_)
        if (member.first == key) return &member.second;
    return nullptr;
}

Value* Object::find(std::string_view key) {
    return const_cast<Value*>(std::as_const(*this).find(key));
}

Value& Object::set(std::string_view key, Value value) {
    if (Value* found = find(key)) return *found = std::move(value);
    return members_.emplace_back(std::string(key), std::move(value)).second;
}

void Object::erase(std::string_view key) {
    std::erase_if(members_, [&](const Member& member) { return member.first == key; });
}

Value::Value(std::int64_t value) : data_(Number{fmt::format("{}", value)}) {}
Value::Value(std::uint64_t value) : data_(Number{fmt::format("{}", value)}) {}
Value::Value(double value) {
    if (std::isfinite(value)) data_ = Number{fmt::format("{}", value)};
}

const Value* Value::find(std::string_view key) const {
    const auto* members = object();
    return members == nullptr ? nullptr : members->find(key);
}

std::optional<std::string> Value::string_at(std::string_view key) const {
    const Value* member = find(key);
    if (member == nullptr || !member->is_string()) return std::nullopt;
    return *member->string();
}

std::optional<std::int64_t> Value::int64_at(std::string_view key) const {
    const Value* member = find(key);
    if (member == nullptr || !member->is_number()) return std::nullopt;
    return member->number()->to_int64();
}

std::optional<bool> Value::bool_at(std::string_view key) const {
    const Value* member = find(key);
    if (member == nullptr || !member->is_bool()) return std::nullopt;
    return *member->boolean();
}

std::string_view Value::kind() const {
    constexpr std::string_view kNames[] = {"null", "boolean", "number", "string", "array", "object"};
    return kNames[data_.index()];
}

bool operator==(const Value& a, const Value& b) {
    if (a.data_.index() != b.data_.index()) return false;
    if (const auto* number = a.number())
        return number->text == b.number()->text || canonical(number->text) == canonical(b.number()->text);
    if (const auto* string = a.string()) return *string == *b.string();
    if (const auto* boolean = a.boolean()) return *boolean == *b.boolean();
    if (const auto* array = a.array()) return *array == *b.array();
    if (const auto* object = a.object()) {
        if (object->size() != b.object()->size()) return false;
        return std::all_of(object->begin(), object->end(), [&](const auto& member) {
            const Value* other = b.object()->find(member.first);
            return other != nullptr && member.second == *other;
        });
    }
    return true;
}

Result<Value> parse(std::string_view text, const Limits& limits) {
    boost::json::parse_options options;
    options.max_depth = limits.depth;
    options.allow_invalid_utf8 = false;
    boost::json::basic_parser<Handler> parser(options);
    boost::system::error_code error;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
    std::string what = error ? error.message() : "";
    if (!error && used < text.size() && !trim(text.substr(used)).empty()) what = "text after the value";
    if (what.empty()) return std::move(parser.handler().root);
    const std::string_view before = text.substr(0, std::min(used, text.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const auto last = before.rfind('\n');
    const auto column = last == std::string_view::npos ? before.size() + 1 : before.size() - last;
    return fail(ErrorCode::kInvalidArgument, "line {}, column {}: not JSON: {}", line, column, what);
}

std::string dump(const Value& value, int indent) {
    std::string out;
    write(value, indent, 0, out);
    return out;
}

const Value* at_pointer(const Value& root, std::string_view pointer) {
    const Value* value = &root;
    if (pointer.empty()) return value;
    if (pointer.front() != '/') return nullptr;
    for (const auto raw : split(pointer.substr(1), '/')) {
        const std::string token = replace_all(replace_all(raw, "~1", "/"), "~0", "~");
        if (const auto* array = value->array()) {
            std::size_t index = 0;
            const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
            const bool exact = error == std::errc{} && end == token.data() + token.size();
            if (!exact || index >= array->size()) return nullptr;
            value = &(*array)[index];
        } else {
            value = value->find(token);
            if (value == nullptr) return nullptr;
        }
    }
    return value;
}

std::string escape_pointer_token(std::string_view token) {
    return replace_all(replace_all(token, "~", "~0"), "/", "~1");
}

Object make_object(std::initializer_list<Object::Member> members) {
    Object object;
    for (const auto& [key, value] : members) object.set(key, value);
    return object;
}

}  // namespace lagoa::json
