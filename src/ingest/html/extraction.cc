#include "ingest/html/extraction.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "base/text.h"

namespace lagoa::ingest {
namespace {

constexpr std::int64_t kMaxNth = 100;
constexpr std::int64_t kMostMinRows = 1'000'000;

// The selector at `field`; one that waits for the environment selects nothing yet.
Result<Selector> selector_at(const Declaration& declared, std::string_view field, std::string_view otherwise = {}) {
    std::string text =
        otherwise.empty() ? LAGOA_TRY(declared.text(field)) : LAGOA_TRY(declared.text_or(field, otherwise));
    auto selector = Selector::parse(is_open(text) ? "/.." : std::move(text));
    if (!selector) return declared.fail_at(field, selector.error().message);
    return *std::move(selector);
}

void append(std::string& line, std::string_view name, const std::optional<std::string>& text) {
    line += line.empty() ? "{" : ",";
    line += quote_json(name) + ':' + (text ? quote_json(*text) : "null");
}

void close(std::string& line, std::string_view item, std::string_view at, Extraction& out) {
    append(line, "_item", item.empty() ? std::nullopt : std::optional(std::string(item)));
    append(line, "_at", std::string(at));
    out.records += line + "}\n";
    ++out.count;
}

}  // namespace

std::string Extractor::Field::text() const {
    if (selector) return fmt::format("{} ({})", name, selector->text());
    return nth == 1 ? fmt::format("{} (label {})", name, quote_json(label))
                    : fmt::format("{} (label {}, number {})", name, quote_json(label), nth);
}

Result<Extractor> Extractor::read(const Declaration& stream) {
    Extractor out;
    if (stream.has("rows") == stream.has("pairs")) return stream.fail_at("", "needs either `rows` or `pairs`");
    if (stream.has("rows")) out.rows_ = LAGOA_TRY(selector_at(stream, "rows"));
    if (stream.has("pairs")) LAGOA_TRY(out.read_pairs(stream));
    if (stream.has("pairs") && stream.has("min_rows"))
        return stream.fail_at("min_rows", "counts `rows`, and there are none");
    LAGOA_TRY(out.read_fields(stream));
    for (const std::string& name : LAGOA_TRY(stream.texts("required"))) {
        const auto field = std::ranges::find(out.fields_, name, &Field::name);
        if (field == out.fields_.end())
            return stream.fail_at("required", fmt::format("{} is not one of the fields", name));
        field->required = true;
    }
    out.min_rows_ = static_cast<std::uint64_t>(LAGOA_TRY(stream.integer_or("min_rows", 1, 0, kMostMinRows)));
    return out;
}

Result<> Extractor::read_pairs(const Declaration& stream) {
    const Declaration pairs = LAGOA_TRY(stream.section("pairs"));
    LAGOA_TRY(pairs.only({"label", "label_text", "value"}));
    Selector label = LAGOA_TRY(selector_at(pairs, "label"));
    Selector label_text = LAGOA_TRY(selector_at(pairs, "label_text", "."));
    Selector value = LAGOA_TRY(selector_at(pairs, "value"));
    pairs_ = Pairs{std::move(label), std::move(label_text), std::move(value)};
    return {};
}

Result<> Extractor::read_fields(const Declaration& stream) {
    const json::Value* declared = stream.find("fields");
    if (declared == nullptr || !declared->is_object() || declared->object()->empty())
        return stream.fail_at(declared == nullptr ? "" : "fields",
                              "`fields` is missing or no mapping of names to selectors");
    const Declaration fields = LAGOA_TRY(stream.section("fields"));
    for (const auto& [name, value] : *declared->object()) {
        if (name.starts_with('_')) return fields.fail_at(name, "a name that starts with _ is reserved");
        Field field{.name = name};
        if (rows_) {
            field.selector = LAGOA_TRY(selector_at(fields, name));
        } else {
            const Declaration pair = LAGOA_TRY(fields.section(name));
            LAGOA_TRY(pair.only({"label", "nth"}));
            field.label = LAGOA_TRY(pair.text("label"));
            field.nth = LAGOA_TRY(pair.integer_or("nth", 1, 1, kMaxNth));
        }
        fields_.push_back(std::move(field));
    }
    return {};
}

Result<Extraction> Extractor::extract(Page& page, std::string_view item) const {
    return rows_ ? extract_rows(page, item) : extract_pairs(page, item);
}

Result<Extraction> Extractor::extract_rows(Page& page, std::string_view item) const {
    Extraction out;
    const auto rows = LAGOA_TRY(page.select(*rows_));
    if (rows.size() < min_rows_) {
        return fail(ErrorCode::kDataRejected, "the selector rows ({}) hit {} rows, and at least {} are expected",
                    rows_->text(), rows.size(), min_rows_);
    }
    std::vector<Hits> hits(fields_.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        std::string line;
        for (std::size_t i = 0; i < fields_.size(); ++i) {
            Match match = LAGOA_TRY(page.match(*fields_[i].selector, rows[row]));
            hits[i].nodes += match.hit;
            hits[i].texts += !match.text.empty();
            append(line, fields_[i].name, match.text.empty() ? std::nullopt : std::optional(std::move(match.text)));
        }
        close(line, item, fmt::format("({})[{}]", rows_->text(), row + 1), out);
    }
    if (rows.empty()) return out;
    return finish(std::move(out), hits);
}

Result<Extraction> Extractor::extract_pairs(Page& page, std::string_view item) const {
    Extraction out;
    const auto cells = LAGOA_TRY(page.select(pairs_->label));
    if (cells.empty())
        return fail(ErrorCode::kDataRejected, "the selector pairs.label ({}) hit nothing", pairs_->label.text());
    std::vector<std::string> labels;
    for (const Page::Node cell : cells) labels.push_back(LAGOA_TRY(page.match(pairs_->label_text, cell)).text);

    std::vector<Hits> hits(fields_.size());
    std::string line;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        std::int64_t left = fields_[i].nth;
        const auto label = std::ranges::find_if(
            labels, [&](const std::string& text) { return text == fields_[i].label && --left == 0; });
        Match match;
        if (label != labels.end())
            match = LAGOA_TRY(page.match(pairs_->value, cells[static_cast<std::size_t>(label - labels.begin())]));
        hits[i] = {match.hit, !match.text.empty()};
        append(line, fields_[i].name, match.text.empty() ? std::nullopt : std::optional(std::move(match.text)));
    }
    close(line, item, pairs_->label.text(), out);
    return finish(std::move(out), hits);
}

Result<Extraction> Extractor::finish(Extraction extraction, const std::vector<Hits>& hits) const {
    std::vector<std::string> empty;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        if (hits[i].nodes == 0) extraction.hit_nothing.push_back(fields_[i].text());
        if (fields_[i].required && hits[i].texts == 0)
            empty.push_back(fmt::format("{}: {} hits, {} with text", fields_[i].text(), hits[i].nodes, hits[i].texts));
    }
    if (empty.empty()) return extraction;
    return fail(ErrorCode::kDataRejected,
                "required fields are missing in {} record(s): {}; selectors that hit nothing: {}", extraction.count,
                fmt::join(empty, "; "),
                extraction.hit_nothing.empty() ? "none" : fmt::format("{}", fmt::join(extraction.hit_nothing, "; ")));
}

}  // namespace lagoa::ingest
