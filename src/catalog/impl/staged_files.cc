#include "catalog/impl/staged_files.h"

#include <utility>

#include "catalog/duckdb/staging.h"

namespace lagoa {

StagedFiles::StagedFiles(Session& session, StagingTarget target) : session_(session), target_(std::move(target)) {}

Result<> StagedFiles::write(const std::string& select) {
    StagedRows written = LAGOA_TRY(stage_rows(session_, select, target_));
    rows_ += written.rows;
    for (const auto& [column, mark] : written.identity_marks) identity_marks_[column] = mark;
    for (delta::AddFile& file : written.files) files_.push_back(std::move(file));
    return {};
}

void StagedFiles::discard() {
    remove_files(target_.location, std::exchange(files_, {}));
    rows_ = 0;
}

}  // namespace lagoa
