#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How run_tests counts what programs print."""

import unittest

from run_tests import count_case

GTEST = """
[==========] Running 5 tests from 2 test suites.
[ RUN      ] Log.Appends
[       OK ] Log.Appends (0 ms)
[==========] 5 tests from 2 test suites ran. (0 ms total)
[  PASSED  ] 3 tests.
[  SKIPPED ] 1 test, listed below:
[  SKIPPED ] Log.NeedsRoot
"""
GTEST_FAILED = GTEST + """[  FAILED  ] 1 test, listed below:
[  FAILED  ] Log.Rolls

 1 FAILED TEST
"""


class CountCase(unittest.TestCase):
    def check(self, status, output, passed, failed, skipped=()):
        counts = count_case("name", status, output)
        self.assertEqual((counts.passed, counts.failed, counts.skipped),
                         (passed, failed, list(skipped)))

    def test_plain_program(self):
        self.check("run", "all fine\n", 1, 0)
        self.check("fail", "oh\n", 0, 1)

    def test_ctest_skips(self):
        self.check("disabled", "", 0, 0, ["name"])
        self.check("notrun", "", 0, 0, ["name"])

    def test_gtest(self):
        self.check("run", GTEST, 3, 0, ["name: Log.NeedsRoot"])
        self.check("fail", GTEST_FAILED, 3, 1, ["name: Log.NeedsRoot"])

    def test_gtest_that_crashed(self):
        self.check("fail", "[==========] Running 5 tests from 2 test suites.\n", 0, 1)

    def test_gtest_that_failed_after_its_cases(self):
        self.check("fail", GTEST, 3, 1, ["name: Log.NeedsRoot"])

    def test_python_unittest(self):
        self.check("run", "....\n------\nRan 4 tests in 0.1s\n\nOK\n", 4, 0)
        self.check("fail", "test_a (x.Y.test_a) ... skipped 'no node'\n-----\n"
                   "Ran 4 tests in 0.1s\n\n"
                   "FAILED (failures=1, errors=1, skipped=1)\n", 1, 2, ["name: test_a: 'no node'"])

    def test_program_with_counts(self):
        self.check("run", "SKIPPED go: no compiler\n7 passed, 0 failed, 1 skipped\n", 7, 0,
                   ["name: go: no compiler"])
        self.check("fail", "7 passed, 2 failed\n", 7, 2)
        self.check("fail", "7 passed, 0 failed\n", 7, 1)

    def test_program_that_does_not_name_what_it_skipped(self):
        self.check("run", "1 passed, 0 failed, 1 skipped\n", 1, 0, ["name: an unnamed case"])


if __name__ == "__main__":
    unittest.main()
