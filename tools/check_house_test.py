#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of check_house: what it lets pass, and what it catches."""

import unittest

import check_house as house

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"


def problems(path, text, licence=LICENCE):
    return house.check_file(house.File(path, (licence + text).encode()))


class Licence(unittest.TestCase):
    def test_there(self):
        self.assertEqual(problems("src/log/a.cc", "int a;\n"), [])
        self.assertEqual(problems("tools/a", "exit\n", "#!/bin/sh\n# SPDX-License-Identifier: "
                                  "Apache-2.0\n"), [])

    def test_missing(self):
        self.assertRegex(problems("src/log/a.cc", "int a;\n", "")[0], "SPDX")
        self.assertRegex(problems("tools/a", "exit\n", "#!/bin/sh\n")[0], "SPDX")

    def test_prose_needs_none(self):
        self.assertEqual(problems("README.md", "text\n", ""), [])


class Lengths(unittest.TestCase):
    def test_line(self):
        self.assertEqual(problems("src/log/a.h", "x" * 100 + "\n"), [])
        self.assertRegex(problems("src/log/a.h", "x" * 101 + "\n")[0], "101 characters")

    def test_file(self):
        self.assertEqual(problems("src/log/a.h", "int a;\n" * 798), [])
        self.assertRegex(problems("src/log/a.h", "int a;\n" * 799)[0], "800 lines")

    def test_file_is_warned_of_before(self):
        warned = house.File("src/log/a.h", b"int a;\n" * 500)
        self.assertEqual(len(list(house.warn_file_length(warned))), 1)
        quiet = house.File("src/log/a.h", b"int a;\n" * 499)
        self.assertEqual(list(house.warn_file_length(quiet)), [])

    def test_size(self):
        big = house.File("tests/big.bin", b"\0" * (house.FILE_BYTES + 1))
        self.assertRegex(house.check_file(big)[0], "too big")


class Functions(unittest.TestCase):
    def lengths(self, text):
        blanked = house.blank_comments_and_strings(text)
        return [(name, lines) for name, _, lines in house.functions(blanked)]

    def test_kinds_of_functions(self):
        self.assertEqual(self.lengths("""
namespace odradek::log {
#define X(a) { a
struct A {
  int b() const { return 1; }
  A() : c_{{1}, 2}, d_(2) {
    for (;;) { f(); }
  }
};
enum class E { kOne };
template <typename T>
auto free(T t) -> std::vector<T> {
  auto inner = [&](int x) { return "}" + x; };  // }
  return '{';
}
constexpr int table[] = {1, 2};
}  // namespace odradek::log
"""), [("b", 1), ("A", 3), ("free", 5)])

    def test_limit(self):
        body = "  f();\n" * 68
        self.assertEqual(problems("src/log/a.cc", "void g() {\n" + body + "}\n"), [])
        long = "void g() {\n" + body + "  f();\n}\n"
        self.assertRegex(problems("src/log/a.cc", long)[0], "g has 71 lines")
        self.assertEqual(problems("src/log/a_test.cc", long), [])


class Banned(unittest.TestCase):
    CALLS = ["auto t = std::chrono::steady_clock::now();", "time(nullptr);", "int x = rand();",
             "int fd = ::open(path, 0);", "::socket(1, 2, 3);", "std::thread t;", "::usleep(1);",
             "std::this_thread::sleep_for(x);", "std::ofstream f;", "std::filesystem::remove(p);",
             "std::condition_variable c;", "::fsync(fd);", "clock_gettime(CLOCK_MONOTONIC, &t);"]
    FINE = ["file->open(path);", "disk.rename(a, b);", "Log::open(directory);", "int random(int);",
            "timer.time(0);", "// std::thread is banned", 'say("::open(");', "operand(1);",
            "Result<void> Segment::write(int x);", "std::filesystem::path p;"]

    def test_caught_outside_env(self):
        for call in self.CALLS:
            with self.subTest(call):
                self.assertEqual(len(problems("src/log/a.cc", call + "\n")), 1)
                self.assertEqual(problems("src/env/linux/a.cc", call + "\n"), [])

    def test_names_the_replacement(self):
        self.assertRegex(problems("src/log/a.cc", "::fsync(fd);\n")[0], "line 2: .*use env's disk")

    def test_fine(self):
        for call in self.FINE:
            with self.subTest(call):
                self.assertEqual(problems("src/log/a.cc", call + "\n"), [])

    def test_tests_are_clients_but_do_not_sleep(self):
        for call in ("std::thread t;", "::socket(1, 2, 3);", "std::filesystem::remove(p);"):
            self.assertEqual(problems("src/log/a_test.cc", call + "\n"), [])
        for call in ("std::this_thread::sleep_for(x);", "std::random_device d;"):
            self.assertEqual(len(problems("src/log/a_test.cc", call + "\n")), 1)


class Leftovers(unittest.TestCase):
    def test_caught_everywhere(self):
        for line in ("// TO" "DO: later", "# FIX" "ME", "see /work" "/notes.md", "cd /root" "/x",
                     "https:" "//repo1" ".maven" ".org/maven2", "../sha" "red/style.md"):
            with self.subTest(line):
                self.assertEqual(len(problems("docs/a.md", line + "\n", "")), 1)

    def test_fine(self):
        for line in ("https://kafka.apache.org/protocol", "the network/work split", "/var/lib/x"):
            with self.subTest(line):
                self.assertEqual(problems("docs/a.md", line + "\n", ""), [])


if __name__ == "__main__":
    unittest.main()
