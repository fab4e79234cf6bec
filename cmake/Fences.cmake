# SPDX-License-Identifier: Apache-2.0
# The rules of the house as tests of under a second, and the tests that show that they bite.

foreach(check check_includes check_house)
  add_test(NAME ${check}
    COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tools/${check}.py ${CMAKE_SOURCE_DIR})
endforeach()
foreach(test check_includes_test check_house_test run_tests_test)
  add_test(NAME ${test} COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tools/${test}.py)
endforeach()
