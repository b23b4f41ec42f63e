#include "catalog/duckdb/file_deletions.h"

#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

class DeletedRowsFilter final : public duckdb::DeleteFilter {
public:
    explicit DeletedRowsFilter(std::shared_ptr<const delta::DeletedRows> deleted) : deleted_(std::move(deleted)) {}

    // `selection` stands for all rows until it is initialised.
    duckdb::idx_t Filter(duckdb::row_t start_row_index, duckdb::idx_t count,
                         duckdb::SelectionVector& selection) override {
        const auto first = static_cast<std::uint64_t>(start_row_index);
        duckdb::idx_t kept = 0;
        std::uint64_t next = first;  // the first row not yet decided
        const auto keep_until = [&](std::uint64_t row) {
            for (; next < row; ++next) selection.set_index(kept++, next - first);
        };
        bool any = false;
        deleted_->each(first, first + count, [&](std::uint64_t row) {
            if (!any) selection.Initialize(STANDARD_VECTOR_SIZE);
            any = true;
            keep_until(row);
            next = row + 1;
        });
        if (!any) return count;
        keep_until(first + count);
        return kept;
    }

private:
    std::shared_ptr<const delta::DeletedRows> deleted_;
};

class OnlyRowsFilter final : public duckdb::DeleteFilter {
public:
    explicit OnlyRowsFilter(std::shared_ptr<const delta::DeletedRows> only) : only_(std::move(only)) {}

    duckdb::idx_t Filter(duckdb::row_t start_row_index, duckdb::idx_t count,
                         duckdb::SelectionVector& selection) override {
        const auto first = static_cast<std::uint64_t>(start_row_index);
        duckdb::idx_t kept = 0;
        selection.Initialize(STANDARD_VECTOR_SIZE);
        only_->each(first, first + count, [&](std::uint64_t row) { selection.set_index(kept++, row - first); });
        return kept;
    }

private:
    std::shared_ptr<const delta::DeletedRows> only_;
};

}  // namespace

std::shared_ptr<const delta::DeletedRows> FileDeletions::of(const delta::AddFile& file) {
    if (!file.deletion_vector) return nullptr;
    const std::string key = delta::file_key(file.path, file.deletion_vector);
    {
        const std::lock_guard guard(mutex_);
        if (const auto known = read_.find(key); known != read_.end()) return known->second;
    }
    auto rows = delta::read_deletion_vector(table_, *file.deletion_vector);
    if (!rows) {
        rows.error().message = "reading the deleted rows of " + file.path + ": " + rows.error().message;
        raise(rows.error());
    }
    const std::lock_guard guard(mutex_);
    return read_.try_emplace(key, std::make_shared<const delta::DeletedRows>(std::move(*rows))).first->second;
}

duckdb::unique_ptr<duckdb::DeleteFilter> make_delete_filter(std::shared_ptr<const delta::DeletedRows> deleted) {
    return duckdb::make_uniq<DeletedRowsFilter>(std::move(deleted));
}

duckdb::unique_ptr<duckdb::DeleteFilter> make_only_filter(std::shared_ptr<const delta::DeletedRows> only) {
    return duckdb::make_uniq<OnlyRowsFilter>(std::move(only));
}

}  // namespace lagoa
