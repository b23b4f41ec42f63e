#include "app/install.h"

#include <cstdlib>

namespace lagoa::app {

std::filesystem::path program_directory() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

std::filesystem::path extension_directory() {
    if (const char* folder = std::getenv("LAGOA_LIB")) return std::filesystem::path(folder) / "extensions";
    return program_directory().parent_path() / "lib" / "lagoa" / "extensions";
}

}  // namespace lagoa::app
