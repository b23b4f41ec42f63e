// Recorded answers of the real sources, read from a folder the user names and passed through as
// written: `brapi/**/*.json` (arrays of quotes, known by `symbol`, or of coins, known by `coin`) and
// `fii/**/<ticker>_details.html`, `<ticker>_dividends.html`, `*soft404*.html`.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json.h"

namespace lagoa::sample {

/// Immutable once loaded.
class Recordings {
public:
    /// kNotFound if the folder holds none of these. kCorruption names a file that does not parse.
    static Result<Recordings> load(const std::filesystem::path& folder);

    /// nullptr if it was not recorded. A quote with its history is preferred, or one without, as asked.
    const json::Value* quote(std::string_view symbol, bool with_history) const;
    const json::Value* coin(std::string_view coin) const;
    /// The page's bytes as recorded; tickers in upper case.
    const std::string* fund_details(std::string_view ticker) const;
    const std::string* fund_dividends(std::string_view ticker) const;
    /// The “not found” page that comes with status 200.
    const std::string* soft_404() const;

private:
    Result<> add_json(const std::filesystem::path& file);
    Result<> add_page(const std::filesystem::path& file);

    using Values = std::map<std::string, json::Value, std::less<>>;
    using Pages = std::map<std::string, std::string, std::less<>>;
    Values quotes_, quotes_with_history_, coins_;
    Pages details_, dividends_;
    std::string soft_404_;
};

}  // namespace lagoa::sample
