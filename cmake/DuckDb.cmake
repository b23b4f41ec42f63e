# DuckDB: prebuilt static libraries and the C++ headers of the same version, both laid under
# LAGOA_DEPS by scripts/setup_duckdb.sh. The internal C++ interface is pinned to this version.
set(LAGOA_DUCKDB_VERSION 1.5.5)
set(duckdb_root "${LAGOA_DEPS}/duckdb-${LAGOA_DUCKDB_VERSION}")
if(NOT EXISTS "${duckdb_root}/include/duckdb.hpp")
    message(FATAL_ERROR "DuckDB ${LAGOA_DUCKDB_VERSION} is not under ${duckdb_root}. Try: ./dev setup")
endif()
file(GLOB duckdb_archives "${duckdb_root}/lib/*.a")
add_library(lagoa_duckdb INTERFACE)
target_include_directories(lagoa_duckdb SYSTEM INTERFACE "${duckdb_root}/include")
target_link_libraries(lagoa_duckdb INTERFACE -Wl,--start-group ${duckdb_archives} -Wl,--end-group
                      Threads::Threads ${CMAKE_DL_LIBS} m)
