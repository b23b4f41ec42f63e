#include "app/result_printer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "app/output.h"
#include "base/text.h"

namespace lagoa::app {
namespace {

// Columns on a terminal: code points, which is right for the names of Brazil's market.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && text[0] >= '0' && text[0] <= '9' &&
           text.find_first_not_of("0123456789.,eE+-%") == std::string_view::npos;
}

std::string one_line(std::string text) {
    return replace_all(replace_all(text, "\n", "\\n"), "\t", " ");
}

std::string csv_cell(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos && !text.empty()) return text;
    return quote_identifier(text);  // doubles the quotes, as RFC 4180 asks
}

// False: nobody reads any more (`| head`), which ends the printing quietly.
Result<bool> put(std::string_view text, std::FILE* out) {
    if (write_text(out, text)) return true;
    if (errno == EPIPE) return false;
    return fail(ErrorCode::kUnavailable, "writing the result: {}", std::strerror(errno));
}

Result<> flush(std::FILE* out) {
    if (std::fflush(out) == 0 || errno == EPIPE) return {};
    return fail(ErrorCode::kUnavailable, "writing the result: {}", std::strerror(errno));
}

// Widths and sides of columns, by the rows that were seen when the header is printed; a later cell that is wider
// shifts its own line only.
class Alignment {
public:
    Alignment(std::vector<std::string> header, const std::vector<std::vector<std::string>>& rows)
        : header_(std::move(header)), numbers_(header_.size(), !rows.empty()) {
        for (const auto& name : header_) widths_.push_back(width_of(name));
        for (const auto& row : rows) {
            for (std::size_t column = 0; column < row.size(); ++column) {
                widths_[column] = std::max(widths_[column], width_of(row[column]));
                if (!is_number(row[column]) && row[column] != "NULL") numbers_[column] = false;
            }
        }
    }

    /// The header and the rule under it.
    std::string head() const {
        std::vector<std::string> rule;
        for (const auto width : widths_) rule.emplace_back(width, '-');
        return line(header_) + line(rule);
    }

    std::string line(const std::vector<std::string>& cells) const {
        std::string text;
        for (std::size_t column = 0; column < cells.size(); ++column) {
            const std::size_t width = width_of(cells[column]);
            const std::string space(widths_[column] - std::min(width, widths_[column]), ' ');
            if (column > 0) text += "  ";
            text += numbers_[column] ? space + cells[column] : cells[column] + space;
        }
        text.erase(text.find_last_not_of(' ') + 1);
        return text + "\n";
    }

private:
    std::vector<std::string> header_;
    std::vector<bool> numbers_;
    std::vector<std::size_t> widths_;
};

Result<> print_aligned(RowStream& rows, std::FILE* out) {
    constexpr std::size_t kRowsToAlign = 1'000;
    std::vector<std::string> header;
    for (const auto& column : rows.columns()) header.push_back(column.name);
    std::optional<Alignment> alignment;
    std::vector<std::vector<std::string>> lines;
    const auto put_lines = [&]() -> Result<bool> {
        std::string text;
        if (!alignment) text = alignment.emplace(header, lines).head();
        for (const auto& line : std::exchange(lines, {})) text += alignment->line(line);
        return put(text, out);
    };
    while (const RowBatch* batch = LAGOA_TRY(rows.next())) {
        for (std::size_t row = 0; row < batch->rows(); ++row) {
            auto& line = lines.emplace_back();
            for (std::size_t column = 0; column < header.size(); ++column)
                line.push_back(batch->is_null(column, row) ? "NULL" : one_line(batch->text(column, row)));
        }
        if (!alignment && lines.size() < kRowsToAlign) continue;
        if (!LAGOA_TRY(put_lines())) return {};
    }
    if (!LAGOA_TRY(put_lines())) return {};
    return flush(out);
}

// Instants in UTC and nested values as JSON has them, everything else as SQL prints it.
bool is_printed_as_json(const Type& type) {
    return type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestampNtz || !type.children.empty();
}

std::string csv_text(const RowBatch& batch, std::size_t column, std::size_t row, bool as_json) {
    if (!as_json) return batch.text(column, row);
    const json::Value value = batch.json(column, row);
    return value.is_string() ? *value.string() : json::dump(value);
}

Result<> print_csv(RowStream& rows, std::FILE* out) {
    const auto& columns = rows.columns();
    std::vector<bool> as_json;
    for (const Column& column : columns) as_json.push_back(is_printed_as_json(column.type));
    std::string text;
    for (std::size_t column = 0; column < columns.size(); ++column)
        text += (column == 0 ? "" : ",") + csv_cell(columns[column].name);
    if (!LAGOA_TRY(put(text + "\n", out))) return {};
    while (const RowBatch* batch = LAGOA_TRY(rows.next())) {
        text.clear();
        for (std::size_t row = 0; row < batch->rows(); ++row) {
            for (std::size_t column = 0; column < columns.size(); ++column) {
                if (column > 0) text += ',';
                if (!batch->is_null(column, row)) text += csv_cell(csv_text(*batch, column, row, as_json[column]));
            }
            text += '\n';
        }
        if (!LAGOA_TRY(put(text, out))) return {};
    }
    return flush(out);
}

Result<> print_json_rows(RowStream& rows, std::FILE* out) {
    const auto& columns = rows.columns();
    bool first = true;
    if (!LAGOA_TRY(put("[", out))) return {};
    while (const RowBatch* batch = LAGOA_TRY(rows.next())) {
        std::string text;
        for (std::size_t row = 0; row < batch->rows(); ++row) {
            text += std::exchange(first, false) ? "\n" : ",\n";
            for (std::size_t column = 0; column < columns.size(); ++column) {
                text += (column == 0 ? "{" : ",") + quote_json(columns[column].name) + ":";
                text += batch->is_null(column, row) ? "null" : json::dump(batch->json(column, row));
            }
            text += '}';
        }
        if (!LAGOA_TRY(put(text, out))) return {};
    }
    if (!LAGOA_TRY(put("\n]\n", out))) return {};
    return flush(out);
}

}  // namespace

Result<OutputFormat> parse_output_format(std::string_view name) {
    constexpr std::array<std::string_view, 4> kNames = {"table", "csv", "json", "parquet"};
    const auto found = std::ranges::find(kNames, name);
    if (found == kNames.end())
        return fail(ErrorCode::kInvalidArgument, "{} is not a format; use table, csv, json or parquet", name);
    return static_cast<OutputFormat>(found - kNames.begin());
}

Result<> print_rows(RowStream& rows, OutputFormat format, std::FILE* out) {
    switch (format) {
        case OutputFormat::kCsv:
            return print_csv(rows, out);
        case OutputFormat::kJson:
            return print_json_rows(rows, out);
        case OutputFormat::kTable:
        case OutputFormat::kParquet:
            break;
    }
    return print_aligned(rows, out);
}

void print_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                 std::FILE* out) {
    const Alignment alignment(header, rows);
    std::string text = alignment.head();
    for (const auto& row : rows) text += alignment.line(row);
    write_text(out, text);
}

void print_json(const json::Value& value, std::FILE* out) {
    write_text(out, json::dump(value, 2) + "\n");
}

std::string human_bytes(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
    return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace lagoa::app
