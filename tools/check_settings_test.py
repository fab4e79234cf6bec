#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""That the count of settings bites."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_settings   # noqa: E402


class Counts(unittest.TestCase):
    def test_more_accepted_settings_are_refused(self):
        before = check_settings.read("# a comment\nhonoured 5\naccepted 3\nrefused 1\n")
        self.assertEqual(before, {"honoured": 5, "accepted": 3, "refused": 1})
        self.assertIn("4 settings", check_settings.complaint(before, before | {"accepted": 4}))
        self.assertEqual(check_settings.complaint(before, before), "")
        self.assertEqual(check_settings.complaint(before, before | {"accepted": 2}), "")


if __name__ == "__main__":
    unittest.main()
