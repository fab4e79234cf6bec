#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that neither compiler nor formatter checks, over all files of the project.

Each rule is one function from a file to its problems. What is excepted is excepted by name, here.
"""

import re
import subprocess
import sys
from pathlib import Path

LINE_LENGTH = 100
FUNCTION_LINES = 70
FILE_LINES_WARNED = 500
FILE_LINES = 800
FILE_BYTES = 512 * 1024

CODE = {".cc", ".h"}
LICENSED = CODE | {".py", ".cmake", ".sh", ".go", ".java", ".js", ".mjs", ".msg"}
PROSE = {".md"}

# Tables: one entry a line, nothing to split.
LONG_FUNCTIONS = set()
LONG_FILES = set()
# Transcripts: one event a line.
LONG_LINES = {"src/coordinator/group/group_transcript_test.cc"}
# They name what the rules forbid.
RULE_FILES = {"tools/check_house.py", "tools/check_house_test.py"}

# What only env may call, with the replacement. Tests are clients too: they may open files, sockets
# and threads of their own, but not wait for time to pass, and not be different from run to run.
BANNED = [
    (r"\b(?:system|steady|high_resolution)_clock::now\b", "env's clock"),
    (r"(?<![\w.>])(?:::|std::)?(?:gettimeofday|clock_gettime|time)\s*\((?:NULL|nullptr|&|0|CLOCK)",
     "env's clock"),
    (r"\bstd::random_device\b|(?<![\w.:>])(?:std::|::)?s?rand\s*\(|\bgetrandom\s*\(",
     "env's random source"),
    (r"\bstd::this_thread::sleep_\w+|(?<![\w.:>])(?:::|std::)?u?sleep\s*\(|\bnanosleep\s*\(",
     "env's timers (a test waits for a condition)"),
]
BANNED_OUTSIDE_TESTS = [
    (r"(?<![\w>)])::(?:open|openat|creat|read|pread|write|pwrite|pwritev|fsync|fdatasync|rename"
     r"|unlink|mkdir|rmdir|ftruncate|fallocate|mmap|opendir|stat|fstat)\s*\(", "env's disk"),
    (r"\bstd::[io]?fstream\b|\bstd::filesystem::(?!path\b)\w+|(?<!\w)fopen\s*\(", "env's disk"),
    (r"(?<![\w>)])::(?:socket|connect|bind|listen|accept4?|send|sendto|sendmsg|recv|recvfrom"
     r"|recvmsg|sendfile|poll|epoll_\w+|getaddrinfo)\s*\(", "env's sockets"),
    (r"\bstd::j?thread\b|\bstd::async\b|\bpthread_create\b", "env's executors"),
    (r"\bstd::condition_variable\w*\b", "env's Condition"),
]
BANNED_PLACES = ("src/",)
BANNED_EXCEPT = (
    "src/env/",
    # Waits for threads that compute, never for the outside: nothing for a simulation to order.
    "src/record/compression/memory_budget.",
)

# Left open, or only true on the author's machine.
LEFTOVER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
MACHINE_PATH = re.compile(r"(?:^|[^\w.])/(?:work|farm|home/\w+|root)/|\.\./shared\b")
REGISTRY_HOST = re.compile(
    r"https?://[a-z0-9.-]*(?:maven|npm|crates|golang|debian|pypi|sonatype)[a-z0-9.-]*", re.I)


class File:
    """One file of the project: `path` from its root, `text` (None when it is not text), `size`."""

    def __init__(self, path, content):
        self.path = path
        self.suffix = Path(path).suffix
        self.size = len(content)
        try:
            self.text = None if b"\0" in content else content.decode()
        except UnicodeDecodeError:
            self.text = None
        self.lines = (self.text or "").splitlines()
        self.is_test = bool(re.search(r"_(?:test|bench)(?:_\w+)?\.\w+$|(?:^|/)tests?/", path))
        self.code = blank_comments_and_strings(self.text) if self.suffix in CODE else ""


# The parts of a C++ text that are not code. Raw strings first: they may hold anything.
NOT_CODE = re.compile(
    r'R"(?P<delimiter>[^()\s\\]{0,16})\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*"
    r"|/\*.*?\*/", re.S)


def blank_comments_and_strings(text):
    """`text` with comments and literals as spaces: offsets and lines stay."""
    return NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def check_licence(file):
    if file.suffix in LICENSED or (file.lines and file.lines[0].startswith("#!")):
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in file.lines[:2]):
            yield "the first lines lack `SPDX-License-Identifier: Apache-2.0`"


def check_line_length(file):
    if file.suffix in LICENSED and file.path not in LONG_LINES:
        for number, line in enumerate(file.lines, 1):
            if len(line) > LINE_LENGTH:
                yield f"line {number} has {len(line)} characters, allowed are {LINE_LENGTH}"


def check_file_length(file):
    if file.suffix in LICENSED - {".msg"} and file.path not in LONG_FILES and \
            len(file.lines) >= FILE_LINES:
        yield f"{len(file.lines)} lines: split it (from {FILE_LINES} on it fails)"


def warn_file_length(file):
    if file.suffix in LICENSED - {".msg"} and file.path not in LONG_FILES and \
            FILE_LINES_WARNED <= len(file.lines) < FILE_LINES:
        yield f"{len(file.lines)} lines: is there a seam? ({FILE_LINES_WARNED} are meant)"


def check_size(file):
    if file.size > FILE_BYTES:
        yield f"{file.size} bytes: too big for the repository (allowed are {FILE_BYTES})"


# What stands before the `{` of a function's body: a parameter list and what may follow it.
FUNCTION_HEAD = re.compile(
    r"(?P<name>[~\w]+|operator\s*\S+)\s*\((?:[^;{}]*)\)"
    r"(?:\s|const|noexcept|override|final|mutable|&|->[^;{}]*|requires[^;{}]*|:[^;]*)*$")
# A member's braces in a constructor's initializer list, which the body's braces still follow.
MEMBER_INIT_HEAD = re.compile(r"\)\s*(?:noexcept\s*)?:(?!:).*[\w>]$", re.S)
TYPE_HEAD = re.compile(r"\b(?:class|struct|union|enum|namespace|extern)\b[^;(){}]*$")


def functions(code):
    """Yields (name, first line, lines) of each outermost function body in blanked C++."""
    depth, outer, head_start, initializer_depth = 0, None, 0, None
    for found in re.finditer(r"[{};]|^[ \t]*#(?:[^\n\\]|\\.)*", code, re.M | re.S):
        token = found.group()
        if token[0] not in "{};":
            head_start = found.end() if outer is None else head_start
        elif token == "{":
            head = code[head_start:found.start()]
            if outer is None and initializer_depth is None and MEMBER_INIT_HEAD.search(head):
                initializer_depth = depth
            elif outer is None and initializer_depth is None:
                match = FUNCTION_HEAD.search(head)
                if match and not TYPE_HEAD.search(head):
                    first = head_start + len(head) - len(head.lstrip())
                    outer = (match.group("name"), line_of(code, first), depth)
                else:
                    head_start = found.end()
            depth += 1
        elif token == "}":
            depth -= 1
            if outer is not None and depth == outer[2]:
                yield outer[0], outer[1], line_of(code, found.start()) - outer[1] + 1
                outer = None
            if depth == initializer_depth:
                initializer_depth = None
            elif outer is None and initializer_depth is None:
                head_start = found.end()
        elif outer is None:
            head_start = found.end()


def check_function_length(file):
    if file.suffix not in CODE or file.is_test:
        return
    for name, line, length in functions(file.code):
        if length > FUNCTION_LINES and f"{file.path}:{name}" not in LONG_FUNCTIONS:
            yield f"line {line}: {name} has {length} lines, allowed are {FUNCTION_LINES}"


def check_banned(file):
    if file.suffix not in CODE or not file.path.startswith(BANNED_PLACES) or \
            file.path.startswith(BANNED_EXCEPT):
        return
    for pattern, replacement in BANNED + ([] if file.is_test else BANNED_OUTSIDE_TESTS):
        for found in re.finditer(pattern, file.code):
            yield f"line {line_of(file.code, found.start())}: {found.group()}: use {replacement}"


def check_leftovers(file):
    if file.path in RULE_FILES:
        return
    for number, line in enumerate(file.lines, 1):
        for pattern, rule in ((LEFTOVER, "is left open"),
                              (MACHINE_PATH, "is a path of one machine"),
                              (REGISTRY_HOST, "names a package registry")):
            found = pattern.search(line)
            if found:
                yield f"line {number}: {found.group().strip()} {rule}"


RULES = [check_licence, check_line_length, check_file_length, check_size, check_function_length,
         check_banned, check_leftovers]


def check_file(file):
    return [f"{file.path}: {problem}" for rule in RULES for problem in rule(file)]


def list_files(root):
    """The files of the project: those that git knows or would add; all of them without git."""
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others",
                              "--exclude-standard"], cwd=root, capture_output=True)
    if listing.returncode == 0:
        names = [name for name in listing.stdout.decode().split("\0") if name]
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*")
                 if path.relative_to(root).parts[0] not in ("build", "data", ".git")]
    return sorted(name for name in names if (root / name).is_file())


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    problems = []
    for name in list_files(root):
        file = File(name, (root / name).read_bytes())
        problems += check_file(file)
        for warning in warn_file_length(file):
            print(f"warning: {name}: {warning}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
