// SQL text as DuckDB's own scanner cuts it, so that nothing in a string, a quoted name or a comment is taken for a
// word.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lagoa {

struct SqlToken {
    enum class Kind {
        kName,         ///< Not a keyword of DuckDB, or in double quotes.
        kKeyword,      ///< One that may name nothing without quotes, or functions and types only.
        kSoftKeyword,  ///< One that may name a column or a table.
        kNumber,
        kString,  ///< In any notation: '…', E'…', X'…', $tag$…$tag$.
        kOperator,
    };
    Kind kind = Kind::kOperator;
    std::size_t begin = 0;  ///< In the text, in bytes.
    std::size_t end = 0;

    bool may_be_name() const { return kind == Kind::kName || kind == Kind::kSoftKeyword; }
};

/// The tokens of one text, which outlives this.
class SqlTokens {
public:
    /// nullopt for a text that does not scan to its end: DuckDB says why.
    static std::optional<SqlTokens> scan(const std::string& sql);

    std::size_t size() const { return tokens_.size(); }
    const SqlToken& operator[](std::size_t token) const { return tokens_[token]; }
    std::string_view text(std::size_t token) const;
    /// The source from the beginning of `first` to the end of `last`.
    std::string_view text(std::size_t first, std::size_t last) const;
    /// Whether `token` is that word, in capitals here, without quotes; false beyond the last token.
    bool is(std::size_t token, std::string_view word) const;

private:
    explicit SqlTokens(std::string_view sql) : sql_(sql) {}

    std::string_view sql_;
    std::vector<SqlToken> tokens_;
};

}  // namespace lagoa
