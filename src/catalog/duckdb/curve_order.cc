#include "catalog/duckdb/curve_order.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <map>
#include <span>
#include <utility>

#include <fmt/ranges.h>

#include "duckdb.hpp"
#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"

#include "base/id.h"
#include "base/text.h"
#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

constexpr const char* kFunctionName = "lagoa_curve_place";
constexpr std::uint64_t kSampleRows = 65'536;
constexpr std::size_t kMaxKeyBytes = 256;  // of a sampled key; longer ones are told apart by their beginning only

// A sort key: its first eight bytes as a number, which are ordered as the bytes are, and all of them. A key that fits
// eight bytes is that number for DuckDB too, and has no bytes.
struct SortKey {
    std::uint64_t head = 0;
    std::string_view bytes;

    explicit SortKey(std::int64_t number) : head(static_cast<std::uint64_t>(number)) {}
    explicit SortKey(std::string_view of) : bytes(of) {
        std::memcpy(&head, of.data(), std::min(sizeof head, of.size()));
        if constexpr (std::endian::native == std::endian::little) head = std::byteswap(head);
    }
};

using SampledKey = std::pair<std::uint64_t, std::string>;  // head and bytes

// The quantiles of a sample, by which values are ranked.
class Quantiles {
public:
    // Ranks are below 2^`bits`.
    Quantiles(std::vector<SampledKey> sample, int bits) {
        std::ranges::sort(sample);
        const std::size_t ranks = std::size_t{1} << static_cast<unsigned>(bits);
        for (std::size_t rank = 1; rank < ranks && !sample.empty(); ++rank) {
            const auto& [head, bytes] = sample[rank * sample.size() / ranks];
            heads_.push_back(head);
            bytes_.push_back(bytes);
        }
    }

    // How many of the quantiles are not above `key`.
    std::uint32_t rank(const SortKey& key) const {
        const std::size_t below = heads_below(key.head);
        if (below == heads_.size() || heads_[below] != key.head) return static_cast<std::uint32_t>(below);
        const auto first = static_cast<std::ptrdiff_t>(below);
        const auto equal = std::upper_bound(heads_.begin() + first, heads_.end(), key.head) - heads_.begin();
        if (key.bytes.empty()) return static_cast<std::uint32_t>(equal);
        return static_cast<std::uint32_t>(std::upper_bound(bytes_.begin() + first, bytes_.begin() + equal, key.bytes) -
                                          bytes_.begin());
    }

private:
    // A binary search without branches that a processor would guess wrong half of the time.
    std::size_t heads_below(std::uint64_t head) const {
        const std::uint64_t* first = heads_.data();
        for (std::size_t length = heads_.size(); length > 0;) {
            const std::size_t half = (length + 1) / 2;
            first += first[half - 1] < head ? half : 0;
            length -= half;
        }
        return static_cast<std::size_t>(first - heads_.data());
    }

    std::vector<std::uint64_t> heads_;  // ascending
    std::vector<std::string> bytes_;    // of the same keys
};

// What the places of rows are computed by. Immutable.
struct Ranking {
    SpaceFillingCurve curve;
    std::vector<Quantiles> columns;
};

// The rankings that one connection holds; used by its thread only.
struct Rankings final : duckdb::ClientContextState {
    static constexpr const char* kKey = "lagoa_curve_rankings";
    std::map<std::string, std::shared_ptr<const Ranking>> by_name;  // shared with bound functions
};

// ------------------------------------------------------------------ the function

struct PlaceData final : duckdb::FunctionData {
    explicit PlaceData(std::shared_ptr<const Ranking> of) : ranking(std::move(of)) {}
    duckdb::unique_ptr<duckdb::FunctionData> Copy() const override { return duckdb::make_uniq<PlaceData>(ranking); }
    bool Equals(const duckdb::FunctionData& other) const override { return ranking == other.Cast<PlaceData>().ranking; }

    const std::shared_ptr<const Ranking> ranking;
};

duckdb::unique_ptr<duckdb::FunctionData> bind_place(duckdb::ClientContext& context, duckdb::ScalarFunction& function,
                                                    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& arguments) {
    std::string name;
    if (arguments[0]->IsFoldable())
        name = duckdb::ExpressionExecutor::EvaluateScalar(context, *arguments[0]).ToString();
    const auto rankings = context.registered_state->Get<Rankings>(Rankings::kKey);
    const auto found = rankings ? rankings->by_name.find(name) : decltype(rankings->by_name.find(name)){};
    if (!rankings || found == rankings->by_name.end() || arguments.size() != found->second->columns.size() + 1)
        raise({ErrorCode::kNotFound, fmt::format("{}() is not for queries", kFunctionName)});
    duckdb::Function::EraseArgument(function, arguments, 0);
    return duckdb::make_uniq<PlaceData>(found->second);
}

template <class Key>
void rank_column(duckdb::UnifiedVectorFormat& keys, duckdb::idx_t count, const Quantiles& quantiles,
                 std::uint32_t* ranks, std::size_t step) {
    const auto* values = duckdb::UnifiedVectorFormat::GetData<Key>(keys);
    for (duckdb::idx_t row = 0; row < count; ++row) {
        const Key& value = values[keys.sel->get_index(row)];
        if constexpr (std::is_same_v<Key, duckdb::string_t>)
            ranks[row * step] = quantiles.rank(SortKey(std::string_view(value.GetData(), value.GetSize())));
        else
            ranks[row * step] = quantiles.rank(SortKey(value));
    }
}

void compute_places(duckdb::DataChunk& rows, duckdb::ExpressionState& state, duckdb::Vector& result) {
    const Ranking& ranking = *state.expr.Cast<duckdb::BoundFunctionExpression>().bind_info->Cast<PlaceData>().ranking;
    const std::size_t dimensions = rows.ColumnCount();
    std::vector<std::uint32_t> points(rows.size() * dimensions);
    for (std::size_t i = 0; i < dimensions; ++i) {
        duckdb::UnifiedVectorFormat keys;
        rows.data[i].ToUnifiedFormat(rows.size(), keys);
        if (rows.data[i].GetType() == duckdb::LogicalType::BIGINT)
            rank_column<std::int64_t>(keys, rows.size(), ranking.columns[i], points.data() + i, dimensions);
        else
            rank_column<duckdb::string_t>(keys, rows.size(), ranking.columns[i], points.data() + i, dimensions);
    }
    result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
    auto* places = duckdb::FlatVector::GetData<std::uint64_t>(result);
    for (duckdb::idx_t row = 0; row < rows.size(); ++row)
        places[row] = ranking.curve.place(std::span(points).subspan(row * dimensions, dimensions));
}

// ------------------------------------------------------------------ the sample

std::string sort_keys(const std::vector<std::string>& columns) {
    std::vector<std::string> keys;
    for (const std::string& column : columns)
        keys.push_back(fmt::format("create_sort_key({}, 'ASC NULLS FIRST')", column));
    return fmt::format("{}", fmt::join(keys, ", "));
}

// Some rows' keys, by column. The same rows each time: they are chosen by where they are.
Result<std::vector<std::vector<SampledKey>>> sample_keys(duckdb::ClientContext& client, const std::string& table,
                                                         std::uint64_t rows, const std::vector<std::string>& columns) {
    return guarded([&]() -> Result<std::vector<std::vector<SampledKey>>> {
        const auto result =
            client.Query(fmt::format("SELECT {} FROM {} AS t WHERE hash(t.file_index, t.file_row_number) % {} = 0",
                                     sort_keys(columns), table, std::max<std::uint64_t>(rows / kSampleRows, 1)),
                         false);
        if (result->HasError()) return pass_on(to_error(result->GetErrorObject()));
        std::vector<std::vector<SampledKey>> sample(columns.size());
        while (const auto chunk = result->Fetch()) {
            for (std::size_t i = 0; i < columns.size(); ++i) {
                for (duckdb::idx_t row = 0; row < chunk->size(); ++row) {
                    const duckdb::Value value = chunk->GetValue(i, row);
                    if (value.type() == duckdb::LogicalType::BIGINT) {
                        sample[i].emplace_back(SortKey(value.GetValue<std::int64_t>()).head, "");
                    } else {
                        const std::string& bytes = duckdb::StringValue::Get(value);
                        sample[i].emplace_back(SortKey(bytes).head, bytes.substr(0, kMaxKeyBytes));
                    }
                }
            }
        }
        return sample;
    });
}

}  // namespace

Result<> register_curve_order(Engine& engine) {
    return guarded([&]() -> Result<> {
        duckdb::ScalarFunction function(kFunctionName, {duckdb::LogicalType::VARCHAR}, duckdb::LogicalType::UBIGINT,
                                        compute_places, bind_place);
        function.varargs = duckdb::LogicalType::ANY;
        duckdb::ExtensionLoader(instance(engine), "lagoa").RegisterFunction(std::move(function));
        return {};
    });
}

CurveOrder::CurveOrder(Session& session, std::string name, std::string sql)
    : session_(session), name_(std::move(name)), sql_(std::move(sql)) {}

CurveOrder::~CurveOrder() {
    if (const auto rankings = context(session_).registered_state->Get<Rankings>(Rankings::kKey))
        rankings->by_name.erase(name_);
}

Result<std::unique_ptr<CurveOrder>> CurveOrder::make(Session& session, Curve curve, const std::string& table,
                                                     std::uint64_t rows, const std::vector<std::string>& columns) {
    const auto made = [&](std::string name, std::string sql) {
        return std::unique_ptr<CurveOrder>(new CurveOrder(session, std::move(name), std::move(sql)));
    };
    if (columns.size() == 1) return made("", columns[0] + " ASC NULLS FIRST");  // a line needs no curve
    if (columns.empty() || columns.size() > SpaceFillingCurve::kMaxDimensions)
        return fail(ErrorCode::kInvalidArgument, "{} columns to order rows by; there may be 1 to {}", columns.size(),
                    SpaceFillingCurve::kMaxDimensions);
    auto sample = LAGOA_TRY(sample_keys(context(session), table, rows, columns), "sampling rows");
    auto ranking = std::make_shared<Ranking>(SpaceFillingCurve(curve, columns.size()), std::vector<Quantiles>{});
    for (auto& keys : sample) ranking->columns.emplace_back(std::move(keys), ranking->curve.bits());
    std::string name = new_uuid();
    context(session).registered_state->GetOrCreate<Rankings>(Rankings::kKey)->by_name.emplace(name, ranking);
    std::string sql = fmt::format("{}({}, {})", kFunctionName, quote_literal(name), sort_keys(columns));
    return made(std::move(name), std::move(sql));
}

}  // namespace lagoa
