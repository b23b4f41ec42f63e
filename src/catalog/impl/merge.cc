#include "catalog/impl/merge.h"

#include <utility>

#include <fmt/ranges.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"

namespace lagoa {
namespace {

std::string join_quoted(const std::vector<std::string>& names) {
    std::vector<std::string> quoted;
    for (const std::string& name : names) quoted.push_back(quote_identifier(name));
    return fmt::format("{}", fmt::join(quoted, ", "));
}

}  // namespace

MergeSource::MergeSource(Session& session, std::string name, std::vector<std::string> key)
    : session_(session), name_(std::move(name)), key_(std::move(key)) {}

Result<std::unique_ptr<MergeSource>> MergeSource::make(Session& session, const std::string& select,
                                                       const Schema& schema, const std::vector<std::string>& key) {
    if (key.empty()) return fail(ErrorCode::kInvalidArgument, "a merge needs a key");
    for (const std::string& column : key)
        if (!schema.find(column))
            return fail(ErrorCode::kInvalidArgument, "the key's column {} is not in the table", column);
    const std::string name = quote_identifier("lagoa_merge_" + new_uuid());
    LAGOA_TRY(session.execute(fmt::format("CREATE TEMP TABLE {} AS {}", name, select)));
    // From here on the destructor drops the table.
    std::unique_ptr<MergeSource> source(new MergeSource(session, "temp.main." + name, key));
    LAGOA_TRY(source->check_key());
    return source;
}

MergeSource::~MergeSource() {
    auto dropped = session_.execute("DROP TABLE " + name_);
    if (!dropped && dropped.error().code == ErrorCode::kCancelled) {
        dropped = session_.execute("DROP TABLE " + name_);
        session_.interrupt();  // it was not meant for the clean-up: the session's next statement answers it
    }
    if (!dropped) log::warn("catalog.merge_source_left", {{"error", dropped.error().message}});
}

Result<> MergeSource::check_key() {
    const std::string columns = join_quoted(key_);
    std::string is_null;
    for (const std::string& column : key_)
        is_null += (is_null.empty() ? "" : " OR ") + quote_identifier(column) + " IS NULL";
    const auto counts = LAGOA_TRY(session_.rows(
        fmt::format("SELECT count(*) AS n, coalesce(bool_or({}), false) AS nulls FROM {}", is_null, name_)));
    rows_ = static_cast<std::uint64_t>(json::Value(counts.at(0)).int64_at("n").value_or(0));
    has_null_key_ = json::Value(counts.at(0)).bool_at("nulls").value_or(false);

    const auto twice = LAGOA_TRY(session_.rows(
        fmt::format("SELECT {}, count(*) AS lagoa_rows FROM {} GROUP BY {} HAVING count(*) > 1 ORDER BY ALL LIMIT 1",
                    columns, name_, columns)));
    if (twice.empty()) return {};
    std::vector<std::string> values;
    for (const std::string& column : key_) {
        const json::Value* value = twice[0].find(column);
        values.push_back(fmt::format(
            "{} = {}", column, value && value->string() ? *value->string() : json::dump(value ? *value : nullptr)));
    }
    return fail_with_hint(ErrorCode::kDataRejected,
                          "Make the rows to merge unique by their key, or add the column that tells them apart to it.",
                          "{} rows to merge have one key: {}", twice[0].find("lagoa_rows")->number()->text,
                          fmt::join(values, ", "));
}

std::string MergeSource::select() const {
    return "SELECT * FROM " + name_;
}

std::string MergeSource::select_matched(const std::string& found, bool with_ids) const {
    if (!with_ids) return fmt::format("SELECT s.* FROM {} AS s SEMI JOIN {} AS t ON {}", name_, found, condition());
    std::vector<std::string> keys;
    for (const std::string& column : key_) keys.push_back("t." + quote_identifier(column));
    return fmt::format(
        "SELECT s.*, t._row_id, CAST(NULL AS BIGINT) FROM {} AS s JOIN (SELECT {}, min(t._row_id) AS _row_id FROM {} "
        "AS t GROUP BY ALL) AS t ON {}",
        name_, fmt::join(keys, ", "), found, condition());
}

std::string MergeSource::select_unmatched(const std::string& found, bool with_ids) const {
    return fmt::format("SELECT s.*{} FROM {} AS s ANTI JOIN {} AS t ON {}",
                       with_ids ? ", CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)" : "", name_, found, condition());
}

std::string MergeSource::match() const {
    return fmt::format("SEMI JOIN {} AS s ON {}", name_, condition());
}

std::string MergeSource::condition() const {
    // `=` lets the join's own filter prune files; it does not match NULLs.
    const std::string_view equals = has_null_key_ ? "IS NOT DISTINCT FROM" : "=";
    std::vector<std::string> parts;
    for (const std::string& column : key_) {
        const std::string quoted = quote_identifier(column);
        parts.push_back(fmt::format("t.{} {} s.{}", quoted, equals, quoted));
    }
    return fmt::format("{}", fmt::join(parts, " AND "));
}

}  // namespace lagoa
