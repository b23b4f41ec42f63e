// The small project that `lagoa init` writes: one source, one contract, one raw job, one SQL model, one pipeline.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace lagoa::app {

/// Writes the project into `folder` (made if missing) and returns the files. kAlreadyExists when one of them
/// is there: nothing is overwritten.
Result<std::vector<std::string>> init_project(const std::filesystem::path& folder, const std::string& name);

}  // namespace lagoa::app
