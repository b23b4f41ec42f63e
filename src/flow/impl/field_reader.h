// Reads the fields of one object of a definition; every complaint names file, line and JSON pointer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/document.h"
#include "flow/impl/json_path.h"

namespace lagoa::flow {

/// `cause` as an error at `pointer`. kUnsupported stays that, everything else is kInvalidConfig.
std::unexpected<Error> fail_at(const Document& document, std::string_view pointer, const Error& cause);

class FieldReader {
public:
    /// Refuses a value that is not an object.
    static Result<FieldReader> open(const Document& document, std::string pointer, const json::Value& value);

    const Document& document() const { return *document_; }
    const std::string& pointer() const { return pointer_; }
    std::string pointer_to(std::string_view key) const;
    const json::Value* find(std::string_view key) const { return object_->find(key); }
    bool has(std::string_view key) const { return object_->contains(key); }
    const json::Object& object() const { return *object_; }

    /// Every field must be in `known` (`what` says whose fields these are); one in `later` is kUnsupported.
    Result<> allow_only(std::string_view what, std::span<const std::string_view> known,
                        std::span<const std::string_view> later = {}) const;
    /// At most one of them.
    Result<> exclude_each_other(std::string_view a, std::string_view b) const;

    Result<std::optional<std::string>> text(std::string_view key) const;
    Result<std::string> required_text(std::string_view key) const;
    Result<std::optional<bool>> boolean(std::string_view key) const;
    Result<std::optional<std::int64_t>> integer(std::string_view key, std::int64_t min, std::int64_t max) const;
    Result<std::optional<double>> number(std::string_view key, double min) const;
    Result<std::optional<JsonPath>> path(std::string_view key) const;
    Result<const json::Array*> required_array(std::string_view key) const;
    /// A not empty array of strings.
    Result<std::vector<std::string>> required_texts(std::string_view key) const;

    std::unexpected<Error> wrong(std::string_view key, std::string_view message, std::string hint = {}) const;
    std::unexpected<Error> unsupported(std::string_view key, std::string_view message) const;

private:
    FieldReader(const Document& document, std::string pointer, const json::Object& object)
        : document_(&document), pointer_(std::move(pointer)), object_(&object) {}

    const Document* document_;
    std::string pointer_;
    const json::Object* object_;
};

}  // namespace lagoa::flow
