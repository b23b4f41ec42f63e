#include "support/temp_dir.h"

#include <system_error>

#include "base/id.h"

namespace lagoa::test {

TempDir::TempDir() : path_(std::filesystem::temp_directory_path() / ("lagoa-test-" + new_uuid())) {
    std::filesystem::create_directories(path_);
}

TempDir::~TempDir() {
    std::error_code ignored;  // a test that failed half-way must not fail again here
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace lagoa::test
