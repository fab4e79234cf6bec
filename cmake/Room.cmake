# SPDX-License-Identifier: Apache-2.0
# room(<name> USES <room>... [LIBRARIES <target>...]) declares the room src/<name>: a static library
# odradek_<name>, its unit tests <name>_test, its fuzz targets and its benchmarks.
#
# A room may use only rooms declared before it, so a cycle cannot be written; the check
# tools/check_includes.py holds every #include against the same lists.

set(ODRADEK_ROOMS "" CACHE INTERNAL "")

# The main of all unit tests.
add_library(odradek_test_main STATIC ${CMAKE_SOURCE_DIR}/tools/test_main.cc)
target_link_libraries(odradek_test_main PUBLIC odradek_base GTest::gmock GTest::gtest)

# What the generator writes, what the unit tests need, all benchmarks, all of libFuzzer's targets.
add_custom_target(generated)
add_custom_target(unit_tests)
add_custom_target(benchmarks)
add_custom_target(fuzzers)

function(room name)
  cmake_parse_arguments(ROOM "" "" "USES;LIBRARIES" ${ARGN})
  foreach(used IN LISTS ROOM_USES)
    if(NOT used IN_LIST ODRADEK_ROOMS)
      message(FATAL_ERROR "room ${name} uses ${used}, which does not lie below it")
    endif()
  endforeach()
  set(ODRADEK_ROOMS ${ODRADEK_ROOMS} ${name} CACHE INTERNAL "")

  set(directory ${CMAKE_CURRENT_SOURCE_DIR}/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${directory}/*.cc)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${directory}/*.h)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${sources})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  set(benchmarks ${sources})
  list(FILTER benchmarks INCLUDE REGEX "_bench\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cc$")
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")

  list(TRANSFORM ROOM_USES PREPEND odradek_ OUTPUT_VARIABLE used_targets)
  set(target odradek_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${target} ${scope} odradek_flags ${used_targets} ${ROOM_LIBRARIES})
  if(headers)
    target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR}
      FILES ${headers})
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${target} odradek_test_main)
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300)
    add_dependencies(unit_tests ${name}_test)
  endif()
  foreach(fuzzer IN LISTS fuzzers)
    room_fuzzer(${target} ${fuzzer})
  endforeach()
  foreach(source IN LISTS benchmarks)
    get_filename_component(executable ${source} NAME_WE)
    add_executable(${executable} EXCLUDE_FROM_ALL ${source})
    target_link_libraries(${executable} PRIVATE ${target} benchmark::benchmark_main)
    add_dependencies(benchmarks ${executable})
  endforeach()
endfunction()

# A fuzz target is a file with LLVMFuzzerTestOneInput. Under libFuzzer it is a fuzzer; elsewhere it
# is linked with a seed-driven main (tools/fuzz_main.cc) and run briefly as a unit test. Example
# inputs lie in <name>_corpus/ beside it.
function(room_fuzzer target source)
  get_filename_component(executable ${source} NAME_WE)
  if(ODRADEK_FUZZ)
    add_executable(${executable} ${source})
    target_link_options(${executable} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${executable})
  else()
    get_filename_component(directory ${source} DIRECTORY)
    file(GLOB examples CONFIGURE_DEPENDS ${directory}/${executable}_corpus/*)
    add_executable(${executable} ${source} ${CMAKE_SOURCE_DIR}/tools/fuzz_main.cc)
    add_test(NAME ${executable} COMMAND ${executable} --seed 1 --runs 20000 ${examples})
    set_tests_properties(${executable} PROPERTIES LABELS unit TIMEOUT 300)
    add_dependencies(unit_tests ${executable})
  endif()
  target_link_libraries(${executable} PRIVATE ${target})
endfunction()

# cross_room_test(<name> USES <room>...) makes the C++ files of the current directory (below tests/)
# one program of unit tests, <name>_test.
function(cross_room_test name)
  cmake_parse_arguments(TEST "" "" "USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(TRANSFORM TEST_USES PREPEND odradek_ OUTPUT_VARIABLE used_targets)
  add_executable(${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name}_test PRIVATE odradek_flags ${used_targets} odradek_test_main)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300)
  add_dependencies(unit_tests ${name}_test)
endfunction()
