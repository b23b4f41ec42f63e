// A project file (YAML or JSON) as a JSON value that remembers on which line each field stands,
// so that every complaint names file, line and field.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "codec/json.h"

namespace lagoa {

/// One parsed file. Scalars without quotes follow YAML 1.2's JSON schema: true, false, null and
/// numbers are typed (numbers keep their text), everything else is a string.
class Document {
public:
    /// `name` is the path used in messages. The text is YAML, of which JSON is a subset.
    /// kInvalidConfig names file, line and column.
    static Result<Document> parse(std::string name, std::string_view text);

    const json::Value& root() const { return root_; }
    const std::string& name() const { return name_; }

    /// The value at an RFC 6901 pointer; nullptr if there is none or it is null.
    const json::Value* at(std::string_view pointer) const;

    /// The text at `pointer`; a bare number (`version: 1.0`) counts as its text. Empty if absent, kInvalidConfig if it
    /// is something else.
    Result<std::string> text_at(std::string_view pointer) const;

    /// The line (from 1) of the value at an RFC 6901 pointer, or of its nearest parent.
    int line_of(std::string_view pointer) const;

    /// kInvalidConfig: `<name>:<line>: <pointer>: <message>`; `hint` says what to write instead.
    std::unexpected<Error> fail_at(std::string_view pointer, std::string_view message, std::string hint = {}) const;

private:
    json::Value root_;
    std::string name_;
    std::map<std::string, int, std::less<>> lines_;  // by pointer
};

}  // namespace lagoa
