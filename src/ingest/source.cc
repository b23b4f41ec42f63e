#include "ingest/source.h"

#include <algorithm>
#include <array>
#include <set>

#include "model/declared_fields.h"

namespace lagoa::ingest {
namespace {

constexpr std::array<std::string_view, 5> kTableFields = {"table", "records", "columns", "skip_when_all_null",
                                                          "optional"};
constexpr std::array<std::string_view, 6> kColumnFields = {"column", "columns", "from", "parse", "constant", "trim"};

struct ParseName {
    std::string_view name;
    Parse parse;
};

constexpr std::array kParses = {
    ParseName{"auto", Parse::kAuto},
    ParseName{"epoch_seconds", Parse::kEpochSeconds},
    ParseName{"epoch_milliseconds", Parse::kEpochMilliseconds},
    ParseName{"instant_date", Parse::kInstantDate},
    ParseName{"date_dmy", Parse::kDateDmy},
    ParseName{"date_ymd", Parse::kDateYmd},
    ParseName{"pt_br", Parse::kPtBr},
    ParseName{"implied_decimals", Parse::kImpliedDecimals},
};

// Reads one source; every method reports at a pointer of the document.
class Reader {
public:
    explicit Reader(const Document& document) : document_(document) {}

    Result<Source> read(const std::string& name) {
        if (!document_.root().is_object())
            return document_.fail_at("", "is not a mapping", "Write kind: and streams:.");
        Source source{.name = name, .kind = {}, .document = document_, .streams = {}, .retired_streams = {}};
        source.kind = LAGOA_TRY(required_text("/kind"));
        const std::size_t count = LAGOA_TRY(list_size("/streams"));
        if (count == 0)
            return document_.fail_at("/streams", "lists no stream", "Write at least one - name: … under streams:.");
        for (std::size_t i = 0; i < count; ++i) {
            Stream stream = LAGOA_TRY(read_stream(fmt::format("/streams/{}", i)));
            if (source.find(stream.name) != nullptr)
                return document_.fail_at(stream.pointer + "/name",
                                         fmt::format("stream \"{}\" is declared twice", stream.name));
            source.streams.push_back(std::move(stream));
        }
        source.retired_streams = LAGOA_TRY(texts("/retired_streams"));
        for (std::size_t i = 0; i < source.retired_streams.size(); ++i)
            if (source.find(source.retired_streams[i]) != nullptr)
                return document_.fail_at(fmt::format("/retired_streams/{}", i),
                                         fmt::format("stream \"{}\" is declared as well", source.retired_streams[i]),
                                         "Leave it out here, or under streams:.");
        return source;
    }

private:
    Result<std::string> required_text(const std::string& pointer) const {
        std::string found = LAGOA_TRY(document_.text_at(pointer));
        if (found.empty()) return document_.fail_at(pointer, "is missing");
        return found;
    }

    Result<bool> flag(const std::string& pointer) const {
        const json::Value* value = document_.at(pointer);
        if (value == nullptr) return false;
        if (value->is_bool()) return *value->boolean();
        return document_.fail_at(pointer, fmt::format("is a {}, not true or false", value->kind()),
                                 "Write true or false.");
    }

    Result<std::size_t> list_size(const std::string& pointer) const {
        const json::Value* value = document_.at(pointer);
        if (value == nullptr) return std::size_t{0};
        if (!value->is_array()) return document_.fail_at(pointer, fmt::format("is a {}, not a list", value->kind()));
        return value->array()->size();
    }

    Result<std::vector<std::string>> texts(const std::string& pointer) const {
        std::vector<std::string> out;
        const std::size_t count = LAGOA_TRY(list_size(pointer));
        for (std::size_t i = 0; i < count; ++i)
            out.push_back(LAGOA_TRY(required_text(fmt::format("{}/{}", pointer, i))));
        return out;
    }

    Result<Stream> read_stream(const std::string& pointer) const {
        const json::Value* value = document_.at(pointer);
        if (value == nullptr || !value->is_object())
            return document_.fail_at(pointer, "is not a mapping", "Write - name: … .");
        std::string name = LAGOA_TRY(required_text(pointer + "/name"));
        Stream stream{.name = std::move(name), .declaration = *value, .pointer = pointer, .tables = {}};
        if (!is_name(stream.name))
            return document_.fail_at(pointer + "/name", fmt::format("\"{}\" is not a name", stream.name),
                                     "Use lower-case letters, digits and _.");
        const std::size_t count = LAGOA_TRY(list_size(pointer + "/tables"));
        for (std::size_t i = 0; i < count; ++i)
            stream.tables.push_back(LAGOA_TRY(read_table(fmt::format("{}/tables/{}", pointer, i))));
        return stream;
    }

    Result<TableMapping> read_table(const std::string& pointer) const {
        LAGOA_TRY(check_fields(document_, pointer, kTableFields));
        const std::string name = LAGOA_TRY(required_text(pointer + "/table"));
        const auto table = TableName::parse(name);
        if (!table || table->zone != "bronze")
            return document_.fail_at(pointer + "/table", fmt::format("\"{}\" is not a bronze table's name", name),
                                     "Write e.g. table: bronze.stocks.");
        TableMapping mapping;
        mapping.table = *table;
        mapping.records = LAGOA_TRY(document_.text_at(pointer + "/records"));
        if (!mapping.records.empty() && mapping.records[0] != '/')
            return document_.fail_at(pointer + "/records", fmt::format("\"{}\" does not start with /", mapping.records),
                                     "Write e.g. /results/*.");
        mapping.skip_when_all_null = LAGOA_TRY(texts(pointer + "/skip_when_all_null"));
        mapping.optional = LAGOA_TRY(flag(pointer + "/optional"));
        std::set<std::string> seen;
        const std::size_t count = LAGOA_TRY(list_size(pointer + "/columns"));
        for (std::size_t i = 0; i < count; ++i) {
            const std::string place = fmt::format("{}/columns/{}", pointer, i);
            for (auto& column : LAGOA_TRY(read_columns(place, mapping.records))) {
                if (!seen.insert(column.column).second)
                    return document_.fail_at(place, fmt::format("column \"{}\" is mapped twice", column.column));
                mapping.columns.push_back(std::move(column));
            }
        }
        return mapping;
    }

    // One entry: `column`, or several that share everything but their name.
    Result<std::vector<ColumnMapping>> read_columns(const std::string& pointer, const std::string& records) const {
        LAGOA_TRY(check_fields(document_, pointer, kColumnFields));
        std::vector<std::string> names = LAGOA_TRY(texts(pointer + "/columns"));
        const bool several = !names.empty();
        if (several == (document_.at(pointer + "/column") != nullptr))
            return document_.fail_at(pointer, "names no column, or both column and columns",
                                     "Write column: name, or columns: [a, b].");
        if (!several) names.push_back(LAGOA_TRY(required_text(pointer + "/column")));
        ColumnMapping shared;
        shared.from = LAGOA_TRY(document_.text_at(pointer + "/from"));
        shared.parse = LAGOA_TRY(read_parse(pointer + "/parse"));
        shared.trim = LAGOA_TRY(flag(pointer + "/trim"));
        if (document_.at(pointer + "/constant") != nullptr)
            shared.constant = LAGOA_TRY(document_.text_at(pointer + "/constant"));
        if (!shared.from.empty() && (several || shared.constant))
            return document_.fail_at(pointer + "/from",
                                     several ? "cannot be the source of several columns" : "stands beside constant",
                                     "Write one entry a column, with from or constant.");
        LAGOA_TRY(check_from(pointer + "/from", shared.from, records));
        std::vector<ColumnMapping> out;
        for (auto& name : names) {
            out.push_back(shared);
            out.back().column = std::move(name);
        }
        return out;
    }

    Result<Parse> read_parse(const std::string& pointer) const {
        const std::string name = LAGOA_TRY(document_.text_at(pointer));
        if (name.empty()) return Parse::kAuto;
        for (const auto& [known, parse] : kParses)
            if (known == name) return parse;
        std::vector<std::string_view> known;
        for (const auto& entry : kParses) known.push_back(entry.name);
        return document_.fail_at(pointer, fmt::format("\"{}\" is no way to read a value", name),
                                 fmt::format("Use one of {}.", fmt::join(known, ", ")));
    }

    // An absolute path may have stars only where the record path has the same ones.
    Result<> check_from(const std::string& pointer, const std::string& from, const std::string& records) const {
        if (from.starts_with('_') && from != "_item" && from != "_fetched" && from != "_at")
            return document_.fail_at(pointer, fmt::format("\"{}\" is not known of a landed object", from),
                                     "Use _item, _fetched or _at.");
        const auto last_star = from.rfind('*');
        if (last_star == std::string::npos) return {};
        const std::string_view bound = std::string_view(from).substr(0, last_star + 1);
        if (from[0] == '/' && records.starts_with(bound)) return {};
        return document_.fail_at(
            pointer, fmt::format("\"{}\" has a * that the records' path \"{}\" has not", from, records),
            "Begin it as records does up to its last *, or leave the first / out for a path inside the record.");
    }

    const Document& document_;
};

}  // namespace

bool Source::is_retired(std::string_view stream) const {
    return std::ranges::find(retired_streams, stream) != retired_streams.end();
}

const Stream* Source::find(std::string_view stream) const {
    const auto found = std::ranges::find(streams, stream, &Stream::name);
    return found == streams.end() ? nullptr : &*found;
}

Result<Source> parse_source(const std::string& name, const Document& document) {
    return Reader(document).read(name);
}

}  // namespace lagoa::ingest
