#include "catalog/duckdb/spark_tokens.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"

namespace lagoa {
namespace {

// Longest first.
constexpr std::array<std::string_view, 27> kSigns = {"<=>", "<>", "!=", "<=", ">=", "==", "||", "::", "->",
                                                     "<",   ">",  "=",  "+",  "-",  "*",  "/",  "%",  "(",
                                                     ")",   ",",  ".",  "[",  "]",  "!",  "&",  "^",  "~"};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_part(char c) {
    return c == '_' || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void append_utf8(std::string& out, unsigned code) {
    const auto put = [&out](unsigned byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xC0 | (code >> 6));
    } else if (code < 0x10000) {
        put(0xE0 | (code >> 12));
        put(0x80 | ((code >> 6) & 0x3F));
    } else {
        put(0xF0 | (code >> 18));
        put(0x80 | ((code >> 12) & 0x3F));
        put(0x80 | ((code >> 6) & 0x3F));
    }
    put(0x80 | (code & 0x3F));
}

// The code of `digits` digits to `base` at `at`; nullopt if they are not there.
std::optional<unsigned> read_code(std::string_view text, std::size_t at, std::size_t digits, unsigned base) {
    if (at + digits > text.size()) return std::nullopt;
    unsigned code = 0;
    for (const char c : text.substr(at, digits)) {
        const unsigned digit = is_digit(c)            ? static_cast<unsigned>(c - '0')
                               : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                               : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A' + 10)
                                                      : base;
        if (digit >= base) return std::nullopt;
        code = code * base + digit;
    }
    return code;
}

class Tokenizer {
public:
    explicit Tokenizer(std::string_view text) : text_(text) {}

    Result<std::vector<SparkToken>> run() {
        std::vector<SparkToken> tokens;
        for (;;) {
            while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
            if (at_ == text_.size()) break;
            SparkToken token = LAGOA_TRY(next());
            tokens.push_back(std::move(token));
        }
        tokens.push_back({.kind = SparkToken::Kind::kEnd, .text = "", .offset = text_.size()});
        return tokens;
    }

private:
    Result<SparkToken> next() {
        const char c = text_[at_];
        const std::string_view rest = text_.substr(at_);
        if (rest.starts_with("--") || rest.starts_with("/*"))
            return fail(ErrorCode::kUnsupported, "a comment inside an expression");
        if (c == '\'' || c == '"') return quoted_text(false);
        if ((c == 'r' || c == 'R') && rest.size() > 1 && (rest[1] == '\'' || rest[1] == '"')) {
            ++at_;
            return quoted_text(true);
        }
        if (c == '`') return quoted_name();
        if (is_digit(c) || (c == '.' && rest.size() > 1 && is_digit(rest[1]) && !follows_name())) return number();
        if (is_name_part(c)) {
            const std::size_t start = at_;
            while (at_ < text_.size() && is_name_part(text_[at_])) ++at_;
            return take(SparkToken::Kind::kName, std::string(text_.substr(start, at_ - start)), start);
        }
        const auto* const sign =
            std::ranges::find_if(kSigns, [&](std::string_view known) { return rest.starts_with(known); });
        if (sign == kSigns.end())
            return fail(ErrorCode::kInvalidArgument, "byte {}: {} begins nothing", at_, quote_json(rest.substr(0, 1)));
        const std::size_t start = std::exchange(at_, at_ + sign->size());
        return take(SparkToken::Kind::kOperator, std::string(*sign), start);
    }

    SparkToken take(SparkToken::Kind kind, std::string text, std::size_t offset) {
        last_ = kind;
        return {.kind = kind, .text = std::move(text), .offset = offset};
    }

    // `a.1` leads to a member of a, `1 + .5` is a number.
    bool follows_name() const {
        return at_ > 0 && (is_name_part(text_[at_ - 1]) || text_[at_ - 1] == '`' || text_[at_ - 1] == ')' ||
                           text_[at_ - 1] == ']');
    }

    Result<SparkToken> number() {
        const std::size_t start = at_;
        const auto digits = [this] {
            while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
        };
        digits();
        if (at_ < text_.size() && text_[at_] == '.') {
            ++at_;
            digits();
        }
        if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
            std::size_t exponent = at_ + 1;
            if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
            if (exponent < text_.size() && is_digit(text_[exponent])) {
                at_ = exponent;
                digits();
            }
        }
        while (at_ < text_.size() && is_name_part(text_[at_])) ++at_;  // a suffix, or what is no number
        return take(SparkToken::Kind::kNumber, std::string(text_.substr(start, at_ - start)), start);
    }

    Result<SparkToken> quoted_name() {
        const std::size_t start = at_++;
        std::string name;
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == '`') {
                if (at_ + 1 >= text_.size() || text_[at_ + 1] != '`') break;
                ++at_;
            }
            name += text_[at_];
        }
        if (at_++ >= text_.size()) return fail(ErrorCode::kInvalidArgument, "byte {}: a name without an end", start);
        return take(SparkToken::Kind::kQuotedName, std::move(name), start);
    }

    Result<SparkToken> quoted_text(bool is_raw) {
        if (last_ == SparkToken::Kind::kText)
            return fail_with_hint(ErrorCode::kUnsupported, R"(Write a quote inside a text as \'.)",
                                  "byte {}: one text right after another, which Spark 3 and 4 read differently", at_);
        const std::size_t start = at_;
        const char quote = text_[at_++];
        std::string value;
        while (at_ < text_.size() && text_[at_] != quote) {
            if (text_[at_] != '\\' || is_raw)
                value += text_[at_++];
            else
                escape(value);
        }
        if (at_++ >= text_.size()) return fail(ErrorCode::kInvalidArgument, "byte {}: a text without an end", start);
        if (value.contains('\0') || !is_utf8(value))
            return fail(ErrorCode::kUnsupported, "byte {}: a text with a NUL, or with half a character", start);
        return take(SparkToken::Kind::kText, std::move(value), start);
    }

    // As unescapeSQLString of Spark's ParserUtils.
    void escape(std::string& value) {
        ++at_;
        if (at_ == text_.size()) return;
        const char c = text_[at_];
        if (const auto code = c == 'u' ? read_code(text_, at_ + 1, 4, 16) : std::nullopt)
            return code_point(value, *code, 5);
        if (const auto code = c == 'U' ? read_code(text_, at_ + 1, 8, 16) : std::nullopt)
            return code_point(value, *code, 9);
        if (const auto code = c >= '0' && c <= '1' ? read_code(text_, at_, 3, 8) : std::nullopt)
            return code_point(value, *code, 3);
        ++at_;
        switch (c) {
            case '0':
                value += '\0';
                return;
            case 'b':
                value += '\b';
                return;
            case 'n':
                value += '\n';
                return;
            case 'r':
                value += '\r';
                return;
            case 't':
                value += '\t';
                return;
            case 'Z':
                value += '\x1A';
                return;
            case '%':
            case '_':
                value += '\\';
                break;
            default:
                break;
        }
        value += c;
    }

    void code_point(std::string& value, unsigned code, std::size_t length) {
        append_utf8(value, code);
        at_ += length;
    }

    const std::string_view text_;
    std::size_t at_ = 0;
    SparkToken::Kind last_ = SparkToken::Kind::kEnd;
};

}  // namespace

bool SparkToken::is_word(std::string_view lowered) const {
    return kind == Kind::kName && to_lower(text) == lowered;
}

Result<std::vector<SparkToken>> tokenize_spark(std::string_view text) {
    if (!is_utf8(text)) return fail(ErrorCode::kInvalidArgument, "an expression that is not UTF-8");
    return Tokenizer(text).run();
}

}  // namespace lagoa
