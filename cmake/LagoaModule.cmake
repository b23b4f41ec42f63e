# lagoa_module(name DEPENDS modules… LIBS PUBLIC|PRIVATE libraries…)
#
# One static library from src/<name>/**/*.cc, one test program from its *_test.cc (label unit),
# and the test layers.<name> that holds #include lines to DEPENDS (label tidy).
function(lagoa_module name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;LIBS")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/*.cc")
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/main\\.cc$")
    list(FILTER tests INCLUDE REGEX "_test\\.cc$")
    list(TRANSFORM arg_DEPENDS PREPEND lagoa_ OUTPUT_VARIABLE dependencies)

    if(sources)
        add_library(lagoa_${name} STATIC ${sources})
        target_include_directories(lagoa_${name} PUBLIC "${CMAKE_SOURCE_DIR}/src")
        target_link_libraries(lagoa_${name} PUBLIC ${dependencies})
        if(arg_LIBS)
            target_link_libraries(lagoa_${name} ${arg_LIBS})
        endif()
    else()
        add_library(lagoa_${name} INTERFACE)
        target_include_directories(lagoa_${name} INTERFACE "${CMAKE_SOURCE_DIR}/src")
        target_link_libraries(lagoa_${name} INTERFACE ${dependencies})
    endif()

    if(tests)
        add_executable(${name}_test ${tests})
        target_include_directories(${name}_test PRIVATE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/test")
        target_link_libraries(${name}_test PRIVATE lagoa_${name} lagoa_test_support GTest::gtest GTest::gtest_main)
        if(arg_LIBS)
            target_link_libraries(${name}_test ${arg_LIBS})  # a test may use what its module uses
        endif()
        gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
                             PROPERTIES LABELS unit TIMEOUT 300 WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    endif()

    add_test(NAME layers.${name}
             COMMAND python3 "${CMAKE_SOURCE_DIR}/scripts/check_layers.py" ${name} ${arg_DEPENDS}
             WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    set_tests_properties(layers.${name} PROPERTIES LABELS tidy)
endfunction()

# The one program: src/app/main.cc over the app module.
function(lagoa_program)
    if(EXISTS "${CMAKE_SOURCE_DIR}/src/app/main.cc")
        add_executable(lagoa "${CMAKE_SOURCE_DIR}/src/app/main.cc")
        target_link_libraries(lagoa PRIVATE lagoa_app)
        set_target_properties(lagoa PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
        # The layout of an installation: bin/lagoa finds ../lib/lagoa/extensions.
        file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/lib/lagoa")
        file(CREATE_LINK "${LAGOA_DEPS}/duckdb-${LAGOA_DUCKDB_VERSION}/extensions" "${CMAKE_BINARY_DIR}/lib/lagoa/extensions" SYMBOLIC)
    endif()
endfunction()

include(GoogleTest)
