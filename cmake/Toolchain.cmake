# Compiler flags, sanitizers, ccache and mold where they are.

find_program(LAGOA_CCACHE ccache)
if(LAGOA_CCACHE)
    # The sloppiness that precompiled headers need; they are keyed by content all the same.
    # Paths under the source tree count relative to it, so that another clone finds this one's objects.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${LAGOA_CCACHE})
    add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
endif()
find_program(LAGOA_MOLD mold)
if(LAGOA_MOLD AND NOT CMAKE_INTERPROCEDURAL_OPTIMIZATION)
    add_link_options(-fuse-ld=mold)  # g++ 12 runs its LTO plugin through the default linker only
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-missing-field-initializers)
if(LAGOA_WERROR)
    add_compile_options(-Werror)
endif()
if(LAGOA_SANITIZE)
    add_compile_options(-fsanitize=${LAGOA_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${LAGOA_SANITIZE})
    add_compile_options(-Wno-maybe-uninitialized)  # g++ 12 sees it in its own <regex> when it instruments
else()
    # libgcc stays shared: its unwinder must be the one the C library loads.
    add_link_options(-static-libstdc++)
endif()
