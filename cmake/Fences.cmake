# SPDX-License-Identifier: Apache-2.0
# The rules of the house as tests of under a second, and the tests that show that they bite.

foreach(check check_includes check_house check_settings)
  add_test(NAME ${check}
    COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tools/${check}.py ${CMAKE_SOURCE_DIR})
endforeach()
foreach(test check_includes_test check_house_test check_settings_test
    run_tests_test front_door_test)
  add_test(NAME ${test} COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tools/${test}.py)
endforeach()

# Fuzzing that could not find a defect would pass for ever: this target has one.
if(NOT ODRADEK_FUZZ)
  add_executable(fuzz_canary ${CMAKE_SOURCE_DIR}/tools/fuzz_canary.cc
    ${CMAKE_SOURCE_DIR}/tools/fuzz_main.cc)
  target_link_libraries(fuzz_canary PRIVATE odradek_flags)
  add_dependencies(unit_tests fuzz_canary)
  add_test(NAME fuzz_canary 
    COMMAND sh -c "! \"$0\" --seed 1 --runs 20000 2>&1" $<TARGET_FILE:fuzz_canary>)
  set_tests_properties(fuzz_canary PROPERTIES LABELS unit
    PASS_REGULAR_EXPRESSION "repeat with: --seed 1 --first [0-9]+ --runs 1")
endif()
