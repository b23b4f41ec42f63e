// How one table's rows are read from one stream's records: mapping and contract, compiled.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/impl/cell.h"
#include "ingest/impl/record.h"
#include "ingest/source.h"

namespace lagoa::ingest {

/// The members of an object that feed columns. Finding a member is a comparison with the one that stood at the
/// same place in the object before, for records repeat their order.
class FieldNode {
public:
    struct Member {
        std::string name;                   ///< As JSON writes it, without escapes.
        std::vector<std::size_t> columns;   ///< That take the value itself.
        std::unique_ptr<FieldNode> nested;  ///< Members of the value that feed columns.
    };

    /// Maps the value at `path` to `column`.
    void add(std::span<const std::string> path, std::size_t column);

    /// Starts at an object's first member.
    void rewind() { next_ = 0; }
    /// The member of the key that starts at `key` and ends with a quote (raw JSON); nullptr if it feeds nothing.
    Member* find(const char* key);
    /// The same for a plain name.
    Member* find_name(std::string_view name);

    bool empty() const { return members_.empty(); }
    /// Every column that this node or a nested one feeds.
    const std::vector<std::size_t>& columns() const { return columns_; }
    /// Keys met that feed nothing (the first few).
    std::vector<std::string> unmapped() const;

private:
    struct Known {
        std::string key;
        Member* member;
    };

    std::vector<std::unique_ptr<Member>> members_;
    std::vector<std::size_t> columns_;
    std::vector<Known> known_;  // in the order met
    std::size_t next_ = 0;
};

/// One step of a record path: a member's name, or every element of an array.
struct PathStep {
    std::string name;  ///< Empty: `*`.
    bool is_star() const { return name.empty(); }
};

struct RecordPlan {
    const Stream* stream = nullptr;
    const TableMapping* mapping = nullptr;
    std::vector<PathStep> path;     ///< Of the records in a JSON text.
    std::vector<FieldNode> fields;  ///< By depth on the path; the last one is the record's own.
    std::vector<CellReader> cells;  ///< By column of the contract.
    std::vector<std::size_t> key;   ///< Columns of the business key.
    std::vector<std::size_t> skip;  ///< Columns of skip_when_all_null.
    struct FromObject {
        std::size_t column;
        enum class What { kConstant, kItem, kFetched, kAt } what;
    };
    std::vector<FromObject> from_object;

    FieldNode& record() { return fields.back(); }
    /// The slot, after the columns, of the record's `_at`.
    std::size_t at() const { return cells.size(); }
};

/// kInvalidConfig names the place in the source's file. Everything passed outlives the plan.
Result<RecordPlan> make_plan(const Source& source, const Stream& stream, std::size_t table, const Contract& contract,
                             const TimeZone& zone);

}  // namespace lagoa::ingest
