# How a target of this project is compiled. Each folder of src/ is one static library; what it may
# link is what it may include (scripts/check_layers.py holds the includes against this).

add_library(crossval_flags INTERFACE)
target_compile_features(crossval_flags INTERFACE cxx_std_20)
# The bits are the contract: no fused multiply-add where none is written, no fast-math.
target_compile_options(crossval_flags INTERFACE -Wall -Wextra -Wshadow -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlap in "literal" + std::string (GCC bug 105651).
  target_compile_options(crossval_flags INTERFACE -Wno-restrict)
endif()
target_include_directories(crossval_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
if(CROSSVAL_SANITIZE)
  target_compile_options(crossval_flags INTERFACE -fsanitize=${CROSSVAL_SANITIZE}
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(CROSSVAL_SANITIZE MATCHES "undefined")
    # AddressSanitizer finds the same, and it is a third of the compile time.
    target_compile_options(crossval_flags INTERFACE -fno-sanitize=object-size)
  endif()
  target_link_options(crossval_flags INTERFACE -fsanitize=${CROSSVAL_SANITIZE})
endif()
if(CROSSVAL_FUZZ)
  target_compile_options(crossval_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Code whose float results are compared bit for bit. g++ 12's add/subtract pattern makes vfmaddsub
# out of separate operations when it vectorises, in spite of -ffp-contract=off.
add_library(crossval_exact INTERFACE)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(crossval_exact INTERFACE -fno-tree-vectorize)
endif()

# Code that no one waits for: optimising it would only make the build longer.
add_library(crossval_cold INTERFACE)
target_compile_options(crossval_cold INTERFACE $<$<CONFIG:Release>:-O1>)

# Sources are compiled several at a time, as their headers cost more than they do: names in anonymous namespaces are
# unique within a folder. Twins, one table or format a file with the same names in each, are listed APART.
function(crossval_together target)
  if(CROSSVAL_TOGETHER)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -Wno-subobject-linkage)  # it takes an included source for a header
    endif()
  endif()
endfunction()

# crossval_library(NAME [EXACT|COLD] SOURCES a.cc … [APART b.cc …] [DEPS crossval libraries] [PRIVATE third-party])
function(crossval_library name)
  cmake_parse_arguments(arg "EXACT;COLD" "" "SOURCES;APART;DEPS;PRIVATE" ${ARGN})
  if(arg_SOURCES OR arg_APART)
    add_library(${name} STATIC ${arg_SOURCES} ${arg_APART})
    set_source_files_properties(${arg_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    target_link_libraries(${name} PUBLIC crossval_flags ${arg_DEPS} PRIVATE ${arg_PRIVATE})
    if(arg_EXACT)
      target_link_libraries(${name} PRIVATE crossval_exact)
      set_property(GLOBAL APPEND PROPERTY CROSSVAL_EXACT_LIBRARIES ${name})
    endif()
    crossval_together(${name})
    if(arg_COLD)
      target_link_libraries(${name} PRIVATE crossval_cold)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE crossval_flags ${arg_DEPS})
  endif()
endfunction()

add_custom_target(threads_tests)

# crossval_test(FOLDER [THREADS] SOURCES a_test.cc … [APART b_test.cc …] [DEPS libraries]): one GoogleTest program per
# folder, each test a ctest entry with the label "unit"; with THREADS "unit-threads": make tsan runs it.
function(crossval_test folder)
  cmake_parse_arguments(arg "THREADS" "" "SOURCES;APART;DEPS" ${ARGN})
  set(name ${folder}_test)
  add_executable(${name} ${arg_SOURCES} ${arg_APART})
  set_source_files_properties(${arg_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_link_libraries(${name} PRIVATE crossval_cold ${arg_DEPS} GTest::gmock GTest::gtest_main)
  crossval_together(${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE
    CROSSVAL_TESTDATA="${PROJECT_SOURCE_DIR}/tests/data"
    CROSSVAL_BINARY_DIR="${CMAKE_BINARY_DIR}")
  # Values would be shown as bytes, and so with addresses: a test's name is the same in every build.
  set(labels unit)
  if(arg_THREADS)
    set(labels unit-threads)  # of a list only the first would arrive; ctest -L finds a part of a word
    add_dependencies(threads_tests ${name})
  endif()
  gtest_discover_tests(${name} NO_PRETTY_VALUES DISCOVERY_TIMEOUT 300
                       PROPERTIES LABELS ${labels} TIMEOUT 900)
endfunction()

add_custom_target(fuzzers)

# crossval_fuzz(NAME DEPS …): fuzz/NAME.cc with LLVMFuzzerTestOneInput. With CROSSVAL_FUZZ it is a
# libFuzzer program; otherwise a program that replays the committed corpus fuzz/corpus/NAME as a test.
function(crossval_fuzz name)
  cmake_parse_arguments(arg "" "" "DEPS" ${ARGN})
  if(CROSSVAL_FUZZ)
    add_executable(fuzz_${name} ${name}.cc)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers fuzz_${name})
  else()
    add_executable(fuzz_${name} ${name}.cc replay_main.cc)
    if(CROSSVAL_TESTS)
      add_test(NAME fuzz_corpus.${name}
               COMMAND fuzz_${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
      set_tests_properties(fuzz_corpus.${name} PROPERTIES LABELS unit)
    endif()
  endif()
  target_link_libraries(fuzz_${name} PRIVATE ${arg_DEPS})
endfunction()
