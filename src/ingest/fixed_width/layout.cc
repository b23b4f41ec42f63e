#include "ingest/fixed_width/layout.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "ingest/impl/charset.h"
#include "ingest/impl/redactor.h"

namespace lagoa::ingest {
namespace {

constexpr std::int64_t kMaxRecordBytes = 64 << 10;

std::string_view cut(std::string_view record, ByteRange range) {
    return record.substr(range.first, range.last - range.first);
}

}  // namespace

Result<FixedWidthLayout> FixedWidthLayout::read(const Declaration& stream) {
    FixedWidthLayout out;
    if (!stream.has("record_bytes")) return stream.fail_at("", "the field `record_bytes` is missing");
    out.record_bytes_ = static_cast<std::size_t>(LAGOA_TRY(stream.integer_or("record_bytes", 1, 1, kMaxRecordBytes)));
    out.charset_ = LAGOA_TRY(stream.text_or("charset", "ISO-8859-1"));
    if (const auto known = decode_text("", out.charset_); !known)
        return stream.fail_at("charset", known.error().message);
    const Declaration header = LAGOA_TRY(stream.section("header"));
    LAGOA_TRY(header.only({"prefix"}));
    if (stream.has("header")) out.header_prefix_ = LAGOA_TRY(header.text("prefix"));
    const Declaration trailer = LAGOA_TRY(stream.section("trailer"));
    LAGOA_TRY(trailer.only({"prefix", "record_count"}));
    if (stream.has("trailer")) out.trailer_prefix_ = LAGOA_TRY(trailer.text("prefix"));
    if (trailer.has("record_count")) out.trailer_count_ = LAGOA_TRY(out.read_range(trailer, "record_count"));
    out.record_prefix_ = LAGOA_TRY(stream.text_or("record_prefix", ""));
    LAGOA_TRY(out.read_fields(stream));
    return out;
}

Result<> FixedWidthLayout::read_fields(const Declaration& stream) {
    const json::Value* declared = stream.find("fields");
    if (declared == nullptr || !declared->is_object() || declared->object()->empty())
        return stream.fail_at(declared == nullptr ? "" : "fields",
                              "`fields` is missing or no mapping of names to [first, last]");
    const Declaration fields = LAGOA_TRY(stream.section("fields"));
    for (const auto& [name, value] : *declared->object()) {
        if (name.starts_with('_')) return fields.fail_at(name, "a name that starts with _ is reserved");
        const auto range = LAGOA_TRY(read_range(fields, name));
        fields_.push_back({name, range});
    }
    return {};
}

Result<ByteRange> FixedWidthLayout::read_range(const Declaration& declared, std::string_view field) const {
    const json::Value* value = declared.find(field);
    const json::Array* pair = value == nullptr ? nullptr : value->array();
    const auto bound = [&](std::size_t i) {
        return pair != nullptr && pair->size() == 2 && (*pair)[i].is_number() ? (*pair)[i].number()->to_int64()
                                                                              : std::nullopt;
    };
    const auto first = bound(0);
    const auto last = bound(1);
    if (!first || !last || *first < 1 || *last < *first || static_cast<std::size_t>(*last) > record_bytes_)
        return declared.fail_at(field,
                                fmt::format("is not [first, last] within bytes 1 to {} of a record", record_bytes_));
    return ByteRange{static_cast<std::size_t>(*first - 1), static_cast<std::size_t>(*last)};
}

Result<std::vector<FixedWidthLayout::Record>> FixedWidthLayout::split(std::string_view bytes) const {
    std::vector<Record> records;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto end = std::min(bytes.find('\n', at), bytes.size());
        std::string_view text = bytes.substr(at, end - at);
        if (text.ends_with('\r')) text.remove_suffix(1);
        if (text.size() != record_bytes_)
            return fail(ErrorCode::kDataRejected,
                        "record {} at byte {} has {} bytes, not {}: the file is cut or of another form",
                        records.size() + 1, at, text.size(), record_bytes_);
        records.push_back({text, at});
        at = end + 1;
    }
    if (records.empty()) return fail(ErrorCode::kDataRejected, "the file is empty");
    return records;
}

Result<> FixedWidthLayout::check_trailer(const std::vector<Record>& records) const {
    if (trailer_prefix_.empty()) return {};
    const std::string_view last = records.back().text;
    if (!last.starts_with(trailer_prefix_))
        return fail(ErrorCode::kDataRejected,
                    "the last of {} records is no trailer (it does not start with {}): the file is cut", records.size(),
                    quote_json(trailer_prefix_));
    if (!trailer_count_) return {};
    const std::string_view digits = trim(cut(last, *trailer_count_));
    std::uint64_t counted = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), counted);
    if (error != std::errc() || end != digits.data() + digits.size())
        return fail(ErrorCode::kDataRejected, "the trailer's count of records is {}", quote_json(one_line(digits)));
    if (counted != records.size())
        return fail(ErrorCode::kDataRejected,
                    "the trailer counts {} records and there are {}: records are missing or too many", counted,
                    records.size());
    return {};
}

Result<FixedWidthRecords> FixedWidthLayout::parse(std::string_view bytes, std::string_view name) const {
    const auto records = LAGOA_TRY(split(bytes));
    const std::size_t headers = header_prefix_.empty() ? 0 : 1;
    const std::size_t trailers = trailer_prefix_.empty() ? 0 : 1;
    if (!records.front().text.starts_with(header_prefix_))
        return fail(ErrorCode::kDataRejected, "the first record does not start with {}: the file is of another form",
                    quote_json(header_prefix_));
    LAGOA_TRY(check_trailer(records));
    if (records.size() < headers + trailers) return fail(ErrorCode::kDataRejected, "the file ends within its header");

    FixedWidthRecords out;
    for (std::size_t i = headers; i < records.size() - trailers; ++i) {
        if (!records[i].text.starts_with(record_prefix_))
            return fail(ErrorCode::kDataRejected, "record {} at byte {} does not start with {}", i + 1,
                        records[i].offset, quote_json(record_prefix_));
        out.lines += LAGOA_TRY(line(records[i], name));
        ++out.count;
    }
    return out;
}

Result<std::string> FixedWidthLayout::line(const Record& record, std::string_view name) const {
    std::string out = "{";
    for (const Field& field : fields_) {
        const std::string text =
            LAGOA_TRY(decode_text(cut(record.text, field.range), charset_), "byte {}: {}", record.offset, field.name);
        out += quote_json(field.name) + ':' + quote_json(trim(text)) + ',';
    }
    return out + fmt::format("\"_item\":{},\"_at\":\"byte {}\"}}\n", quote_json(name), record.offset);
}

}  // namespace lagoa::ingest
