#include "sample/recordings.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/text.h"

namespace lagoa::sample {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{16} << 20;

template <class Map>
const typename Map::mapped_type* look_up(const Map& map, std::string_view key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

Result<std::string> read_file(const fs::path& path) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (!error && size > kMaxFileBytes) {
        return fail(ErrorCode::kResourceExhausted, "reading {}: larger than {} bytes", path.string(), kMaxFileBytes);
    }
    std::ifstream file(path, std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    if (error || file.bad() || !file.is_open())
        return fail(ErrorCode::kNotFound, "reading {}: cannot be read", path.string());
    return bytes;
}

/// The files under `folder`, in an order that depends on nothing but their names.
std::vector<fs::path> files_under(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        if (at->is_regular_file(error)) files.push_back(at->path());
    }
    std::ranges::sort(files);
    return files;
}

std::string upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
    return result;
}

}  // namespace

Result<> Recordings::add_json(const fs::path& file) {
    const std::string text = LAGOA_TRY(read_file(file));
    auto parsed = json::parse(text);
    if (!parsed) return fail(ErrorCode::kCorruption, "reading {}: {}", file.string(), parsed.error().message);
    const json::Array* records = parsed->array();
    if (records == nullptr) return {};  // an error body or a description: nothing to serve
    for (const json::Value& record : *records) {
        if (const auto coin = record.string_at("coin")) {
            coins_.insert_or_assign(*coin, record);
        } else if (const auto symbol = record.string_at("symbol")) {
            auto& quotes = record.find("historicalDataPrice") != nullptr ? quotes_with_history_ : quotes_;
            quotes.insert_or_assign(*symbol, record);
        }
    }
    return {};
}

Result<> Recordings::add_page(const fs::path& file) {
    constexpr std::string_view kDetails = "_details", kDividends = "_dividends";
    const std::string name = file.stem().string();
    std::string bytes = LAGOA_TRY(read_file(file));
    if (name.ends_with(kDetails)) {
        details_.insert_or_assign(upper(name.substr(0, name.size() - kDetails.size())), std::move(bytes));
    } else if (name.ends_with(kDividends)) {
        dividends_.insert_or_assign(upper(name.substr(0, name.size() - kDividends.size())), std::move(bytes));
    } else if (name.find("soft404") != std::string::npos) {
        soft_404_ = std::move(bytes);
    }
    return {};
}

Result<Recordings> Recordings::load(const fs::path& folder) {
    Recordings recordings;
    for (const fs::path& file : files_under(folder / "brapi")) {
        if (file.extension() == ".json") LAGOA_TRY(recordings.add_json(file), "loading recordings");
    }
    for (const fs::path& file : files_under(folder / "fii")) {
        if (file.extension() == ".html") LAGOA_TRY(recordings.add_page(file), "loading recordings");
    }
    const bool has_quotes = !recordings.quotes_.empty() || !recordings.quotes_with_history_.empty();
    if (!has_quotes && recordings.coins_.empty() && recordings.details_.empty() && recordings.soft_404_.empty()) {
        return fail(ErrorCode::kNotFound, "loading recordings from {}: no recorded answer under brapi/ or fii/",
                    folder.string());
    }
    return recordings;
}

const json::Value* Recordings::quote(std::string_view symbol, bool with_history) const {
    const json::Value* preferred = look_up(with_history ? quotes_with_history_ : quotes_, symbol);
    return preferred != nullptr ? preferred : look_up(with_history ? quotes_ : quotes_with_history_, symbol);
}

const json::Value* Recordings::coin(std::string_view coin) const {
    return look_up(coins_, coin);
}
const std::string* Recordings::fund_details(std::string_view ticker) const {
    return look_up(details_, ticker);
}
const std::string* Recordings::fund_dividends(std::string_view ticker) const {
    return look_up(dividends_, ticker);
}
const std::string* Recordings::soft_404() const {
    return soft_404_.empty() ? nullptr : &soft_404_;
}

}  // namespace lagoa::sample
