#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of check_includes: what it lets pass, and what it catches."""

import unittest

import check_includes as checked

ROOMS = checked.read_rooms("""
room(base LIBRARIES fmt::fmt)
room(env USES base LIBRARIES Boost::headers)
room(log USES base env)
room(machine USES base)
room(metadata USES base
  machine)
""")


def problems(files):
    parsed = {name: checked.INCLUDE.findall(text) for name, text in files.items()}
    return list(checked.check_files(ROOMS, parsed))


class ReadRooms(unittest.TestCase):
    def test_lists_and_order(self):
        self.assertEqual(list(ROOMS), ["base", "env", "log", "machine", "metadata"])
        self.assertEqual(ROOMS["base"], [])
        self.assertEqual(ROOMS["env"], ["base"])
        self.assertEqual(ROOMS["metadata"], ["base", "machine"])


class CheckFiles(unittest.TestCase):
    def test_own_and_listed_rooms_pass(self):
        self.assertEqual(problems({"log/a.cc": '#include "log/a.h"\n#include "env/disk.h"\n'
                                               '#include <vector>\n',
                                   "log/a.h": '#include "base/ids.h"\n',
                                   "env/disk.h": "", "base/ids.h": ""}), [])

    def test_room_not_listed(self):
        self.assertRegex(problems({"env/a.h": '#include "log/a.h"\n'})[0],
                         "room env does not list log")

    def test_indented_directive_is_seen(self):
        self.assertEqual(len(problems({"env/a.h": '  #  include "log/a.h"\n'})), 1)

    def test_relative_include(self):
        self.assertRegex(problems({"log/a.cc": '#include "a.h"\n'})[0], "not a path from src/")

    def test_unknown_room(self):
        self.assertRegex(problems({"attic/a.cc": ""})[0], "attic is not a room")

    def test_pure_room_reaching_the_world_through_another_file(self):
        found = problems({"metadata/a.cc": '#include "machine/b.h"\n',
                          "machine/b.h": '#include "env/clock.h"\n', "env/clock.h": ""})
        self.assertTrue(any("metadata is pure, but reaches machine/b.h -> env/clock.h" in problem
                            for problem in found), found)

    def test_asio_only_where_loops_live(self):
        include = "#include <boost/asio/io_context.hpp>\n"
        self.assertEqual(problems({"env/linux/loop.cc": include}), [])
        self.assertRegex(problems({"log/a.cc": include})[0], "Asio stays in")


class CheckRooms(unittest.TestCase):
    def test_order_holds(self):
        self.assertEqual(list(checked.check_rooms(ROOMS)), [])

    def test_room_above(self):
        rooms = {"base": ["env"], "env": []}
        self.assertRegex(list(checked.check_rooms(rooms))[0], "does not lie below")

    def test_pure_room_reaching_the_world_by_lists(self):
        rooms = {"env": [], "config": ["env"], "machine": ["config"]}
        self.assertRegex(list(checked.check_rooms(rooms))[0], "machine is pure, but reaches env")


class CheckTable(unittest.TestCase):
    TABLE = "| floor | room | what | may use |\n|---|---|---|---|\n"

    def check(self, rows):
        rooms = {"base": [], "env": ["base"]}
        return list(checked.check_table(rooms, checked.read_table(self.TABLE + rows)))

    def test_same(self):
        self.assertEqual(self.check("| cellar | `base` | x | – |\n| | `env` | y | base |\n"), [])

    def test_missing_room(self):
        self.assertRegex(self.check("| cellar | `base` | x | – |\n")[0], "lists the rooms base;")

    def test_other_uses(self):
        self.assertRegex(self.check("| | `base` | x | – |\n| | `env` | y | – |\n")[0],
                         "env may use nothing")


if __name__ == "__main__":
    unittest.main()
