// Where the program's own files lie: beside the binary, `../lib/lagoa`, or where LAGOA_LIB says.
#pragma once

#include <filesystem>

namespace lagoa::app {

/// The folder of the running program.
std::filesystem::path program_directory();

/// Folder of the engine's signed extensions.
std::filesystem::path extension_directory();

inline constexpr const char* kVersion = LAGOA_VERSION;

}  // namespace lagoa::app
