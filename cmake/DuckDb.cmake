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
# Its constants are `static constexpr` members, defined strongly in the archives (built as C++11); as C++17 inline
# variables ours would be "unique" symbols, which mold takes for a second definition. So they are plain weak ones.
target_compile_options(lagoa_duckdb INTERFACE -fno-gnu-unique)
target_link_libraries(lagoa_duckdb INTERFACE -Wl,--start-group ${duckdb_archives} -Wl,--end-group
                      Threads::Threads ${CMAKE_DL_LIBS} m)

# DuckDB's headers cost 8 CPU-seconds a file: precompiled once, in engine, for the files under
# src/<name>/duckdb/, which alone may include them.
function(lagoa_precompile_duckdb name)
    get_target_property(type lagoa_${name} TYPE)
    if(type STREQUAL "INTERFACE_LIBRARY")
        return()
    endif()
    if(name STREQUAL "engine")
        target_precompile_headers(lagoa_engine PRIVATE <duckdb.hpp>)
    else()
        target_precompile_headers(lagoa_${name} REUSE_FROM lagoa_engine)
    endif()
    get_target_property(sources lagoa_${name} SOURCES)
    list(FILTER sources EXCLUDE REGEX "/${name}/duckdb/")
    set_source_files_properties(${sources} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()
