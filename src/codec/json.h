// JSON values with exact numbers: a number is kept as the text it was written with, so that
// money never passes through a double. Objects keep the order of their members.
//
// Grammar: RFC 8259, UTF-8 only; a repeated member keeps its last value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace lagoa::json {

class Value;
using Array = std::vector<Value>;

/// A number as its JSON text, e.g. `282010155659.43243`.
struct Number {
    std::string text;

    /// The value if it is an integer that fits; `1.0` and `1e2` count as integers.
    std::optional<std::int64_t> to_int64() const;
    /// The nearest double.
    double to_double() const;
};

/// Members in the order they were written; keys are unique.
class Object {
public:
    using Member = std::pair<std::string, Value>;

    const Value* find(std::string_view key) const;
    Value* find(std::string_view key);
    bool contains(std::string_view key) const { return find(key) != nullptr; }
    /// Adds or replaces; returns the stored value.
    Value& set(std::string_view key, Value value);
    void erase(std::string_view key);

    bool empty() const { return members_.empty(); }
    std::size_t size() const { return members_.size(); }
    auto begin() const { return members_.begin(); }
    auto end() const { return members_.end(); }
    auto begin() { return members_.begin(); }
    auto end() { return members_.end(); }

private:
    std::vector<Member> members_;
};

/// Any JSON value. Default: null.
class Value {
public:
    Value() = default;
    Value(std::nullptr_t) {}
    Value(bool value) : data_(value) {}
    Value(int value) : Value(static_cast<std::int64_t>(value)) {}
    Value(std::int64_t value);
    Value(std::uint64_t value);
    /// The shortest text that reads back as `value`; a value that is not finite becomes null.
    Value(double value);
    Value(Number value) : data_(std::move(value)) {}
    Value(std::string value) : data_(std::move(value)) {}
    Value(std::string_view value) : data_(std::string(value)) {}
    Value(const char* value) : data_(std::string(value)) {}
    Value(Array value) : data_(std::move(value)) {}
    Value(Object value) : data_(std::move(value)) {}

    bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
    bool is_bool() const { return boolean() != nullptr; }
    bool is_number() const { return number() != nullptr; }
    bool is_string() const { return string() != nullptr; }
    bool is_array() const { return array() != nullptr; }
    bool is_object() const { return object() != nullptr; }

    /// The value if it is of that kind, else nullptr.
    const bool* boolean() const { return std::get_if<bool>(&data_); }
    const Number* number() const { return std::get_if<Number>(&data_); }
    const std::string* string() const { return std::get_if<std::string>(&data_); }
    const Array* array() const { return std::get_if<Array>(&data_); }
    const Object* object() const { return std::get_if<Object>(&data_); }
    Array* array() { return std::get_if<Array>(&data_); }
    Object* object() { return std::get_if<Object>(&data_); }

    /// The member `key` if this is an object that has it, else nullptr.
    const Value* find(std::string_view key) const;

    /// Member `key` as text, integer or bool if it is there and of that kind.
    std::optional<std::string> string_at(std::string_view key) const;
    std::optional<std::int64_t> int64_at(std::string_view key) const;
    std::optional<bool> bool_at(std::string_view key) const;

    /// Name of the kind for messages: `null`, `boolean`, `number`, `string`, `array`, `object`.
    std::string_view kind() const;

    /// Equal as JSON: numbers by value (1 = 1.0), objects without order.
    friend bool operator==(const Value& a, const Value& b);

private:
    std::variant<std::monostate, bool, Number, std::string, Array, Object> data_;
};

/// What parse() accepts at most.
struct Limits {
    std::size_t depth = 128;  ///< Nested arrays and objects.
};

/// Parses one JSON text. kInvalidArgument names line, column and what was wrong.
Result<Value> parse(std::string_view text, const Limits& limits = {});

/// As one line, or indented by `indent` spaces a level. Members stay in order.
std::string dump(const Value& value, int indent = 0);

/// The value at an RFC 6901 pointer (`/results/0/symbol`), nullptr if there is none.
const Value* at_pointer(const Value& root, std::string_view pointer);

/// One key or index as a pointer's token: `~` and `/` escaped.
std::string escape_pointer_token(std::string_view token);

/// Builds an object in one expression: `make_object({{"table", name}, {"rows", rows}})`.
Object make_object(std::initializer_list<Object::Member> members);

}  // namespace lagoa::json
