// Takes records from a page by declared selectors, and says which of them hit nothing.
//
//     rows: //table[@id='x']/tbody/tr       # one record a row; fields are XPaths relative to it
//     fields: {ticker: td[1], price: td[2]}
//
//     pairs:                                 # one record a page, from cells that stand in pairs
//       label: //td[@class='label']
//       label_text: span                     # relative to the label's cell; without it the cell's own text
//       value: following-sibling::td[1]      # relative to the label's cell
//     fields: {price: {label: Price}, revenue: {label: Revenue, nth: 2}}
//
//     required: [ticker, price]
//     min_rows: 1
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/html/page.h"
#include "ingest/impl/declaration.h"

namespace lagoa::ingest {

/// What one page gave.
struct Extraction {
    std::string records;  ///< One JSON object a line: fields as text or null, `_item`, `_at`.
    std::uint64_t count = 0;
    std::vector<std::string> hit_nothing;  ///< `cap_rate (label "Cap Rate")`: selectors without a hit in the page.
};

/// A stream's selectors, compiled. Immutable.
class Extractor {
public:
    /// kInvalidConfig names file, line and field.
    static Result<Extractor> read(const Declaration& stream);

    /// kDataRejected names the selectors that hit nothing: the page is not, or no longer, what was declared.
    Result<Extraction> extract(Page& page, std::string_view item) const;

private:
    struct Field {
        std::string name;
        std::optional<Selector> selector;  ///< rows
        std::string label;                 ///< pairs
        std::int64_t nth = 1;
        bool required = false;
        /// How a message calls its selector.
        std::string text() const;
    };
    struct Pairs {
        Selector label;
        Selector label_text;
        Selector value;
    };
    /// How often a field's selector hit a node, and how often that had text.
    struct Hits {
        std::uint64_t nodes = 0;
        std::uint64_t texts = 0;
    };

    Result<> read_fields(const Declaration& stream);
    Result<> read_pairs(const Declaration& stream);
    Result<Extraction> extract_rows(Page& page, std::string_view item) const;
    Result<Extraction> extract_pairs(Page& page, std::string_view item) const;
    Result<Extraction> finish(Extraction extraction, const std::vector<Hits>& hits) const;

    std::optional<Selector> rows_;
    std::optional<Pairs> pairs_;
    std::vector<Field> fields_;
    std::uint64_t min_rows_ = 1;
};

}  // namespace lagoa::ingest
