#include "engine/duckdb/sql_rewrite.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "duckdb/parser/parser.hpp"
#include "duckdb/storage/object_cache.hpp"

#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

constexpr const char* kPosition = "position";  // DuckDB's name for an error's place in the text

// The rewrites of an instance. Thread-safe.
class SqlRewrites final : public duckdb::ObjectCacheEntry {
public:
    static constexpr const char* kKey = "lagoa_sql_rewrites";
    static duckdb::string ObjectType() { return kKey; }
    duckdb::string GetObjectType() override { return ObjectType(); }
    duckdb::optional_idx GetEstimatedCacheMemory() const override { return {}; }  // never evicted

    void add(SqlRewrite rewrite) {
        const std::unique_lock guard(mutex_);
        rewrites_.push_back(rewrite);
    }
    std::vector<SqlRewrite> all() const {
        const std::shared_lock guard(mutex_);
        return rewrites_;
    }

private:
    mutable std::shared_mutex mutex_;
    std::vector<SqlRewrite> rewrites_;  // guarded by mutex_
};

// `thrown`, with its place in `sql`, the text that the user wrote; `applied` made the text that it speaks of, in order.
[[noreturn]] void rethrow(const std::exception& thrown, const std::vector<SqlEdits>& applied, std::string_view sql) {
    duckdb::ErrorData error(thrown);
    if (is_raised(error)) raise(to_error(error));
    duckdb::unordered_map<duckdb::string, duckdb::string> extra = error.ExtraInfo();
    if (const auto position = extra.find(kPosition); position != extra.end()) {
        std::size_t at = std::stoull(position->second);
        for (auto edits = applied.rbegin(); edits != applied.rend(); ++edits) at = edits->origin(at);
        position->second = std::to_string(at);
    }
    duckdb::ErrorData moved(duckdb::Exception(extra, error.Type(), error.RawMessage()));
    moved.AddErrorLocation(std::string(sql));
    moved.Throw();
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

void SqlEdits::replace(std::size_t begin, std::size_t end, std::string text) {
    const auto place = std::ranges::upper_bound(edits_, begin, {}, &Edit::begin);
    edits_.insert(place, {.begin = begin, .end = end, .text = std::move(text)});
}

void SqlEdits::add(const SqlEdits& more) {
    for (const Edit& edit : more.edits_) replace(edit.begin, edit.end, edit.text);
}

std::string SqlEdits::apply(std::string_view sql) const {
    std::string edited;
    std::size_t copied = 0;
    for (const Edit& edit : edits_) {
        edited += sql.substr(copied, edit.begin - copied);
        edited += edit.text;
        copied = edit.end;
    }
    return edited += sql.substr(copied);
}

std::size_t SqlEdits::origin(std::size_t position) const {
    std::size_t copied = 0;  // of the original
    std::size_t made = 0;    // of the edited text
    for (const Edit& edit : edits_) {
        const std::size_t kept = edit.begin - copied;
        if (position < made + kept) break;
        made += kept;
        copied = edit.end;
        if (position < made + edit.text.size()) return edit.begin;
        made += edit.text.size();
    }
    return copied + (position - made);
}

bool mentions_word(std::string_view sql, std::span<const std::string_view> sorted) {
    constexpr std::size_t kLongest = 16;
    std::array<char, kLongest> word{};
    std::size_t length = 0;
    for (std::size_t i = 0; i <= sql.size(); ++i) {
        if (i < sql.size() && is_letter(sql[i])) {
            if (length < kLongest) word[length] = static_cast<char>(sql[i] >= 'a' ? sql[i] - 'a' + 'A' : sql[i]);
            ++length;
            continue;
        }
        if (length > 0 && length <= kLongest &&
            std::ranges::binary_search(sorted, std::string_view(word.data(), length)))
            return true;
        length = 0;
    }
    return false;
}

void add_sql_rewrite(duckdb::DatabaseInstance& instance, SqlRewrite rewrite) {
    instance.GetObjectCache().GetOrCreate<SqlRewrites>(SqlRewrites::kKey)->add(rewrite);
}

std::string rewrite_sql(duckdb::ClientContext& context, std::string_view sql) {
    std::string rewritten(sql);
    std::vector<SqlEdits> applied;
    try {
        const auto rewrites = duckdb::ObjectCache::GetObjectCache(context).Get<SqlRewrites>(SqlRewrites::kKey);
        if (!rewrites) return rewritten;
        for (const SqlRewrite rewrite : rewrites->all()) {
            auto edits = rewrite(rewritten);
            if (!edits || edits->empty()) continue;
            rewritten = edits->apply(rewritten);
            applied.push_back(*std::move(edits));
        }
        // For its errors: whoever parses it next knows nothing of the places in `sql`.
        if (!applied.empty()) duckdb::Parser(context.GetParserOptions()).ParseQuery(rewritten);
        return rewritten;
    } catch (const std::exception& thrown) {
        rethrow(thrown, applied, sql);
    }
}

}  // namespace lagoa
