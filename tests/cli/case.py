# SPDX-License-Identifier: Apache-2.0
"""What one command line of a test is, and what of its run is compared.

The command lines of a tool lie in cases/<command>.py, under the command's own name:

    CASES     Case lines, run in order against a server of their own that is empty at first; what
              Kafka's tools said to them is in recorded/<command>.json (record.py writes it)
    NATIVE    Native lines, which have no counterpart in Kafka's tools and run after CASES
    SETTINGS  settings of the server ({"group.max.size": "2"}), ours and Kafka's
    FILES     name: content of files that cases read as {directory}/name, in which {directory} is
              filled in; a Path is copied
    REPLACED  (pattern, text) pairs for what differs from run to run in this tool's output

All but one of CASES and NATIVE may be left out. A file knows nothing of the others.
"""

import dataclasses
import importlib
import re
import shlex
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).parent
SERVER = "--bootstrap-server {server}"


@dataclasses.dataclass(frozen=True)
class Case:
    """One line of a Kafka tool. In the arguments SERVER is the flag that names the server,
    {server} its address and {directory} a directory with FILES."""
    tool: str
    arguments: str
    stdin: str = ""
    unordered: bool = False  # lines that a hash table orders
    # Of a tool that never ends: it gets a SIGINT once a line holds this pattern, and what it
    # prints afterwards does not count.
    until: str = ""

    @property
    def name(self):
        return f"{self.tool} {self.arguments}"

    def words(self, server, directory):
        return filled(self.arguments, server, directory)


@dataclasses.dataclass(frozen=True)
class Native:
    """One line of ours, `topics list --output json`, and what it has to answer: the exit code and
    patterns that stdout and stderr must hold. SERVER and the braces are as in a Case; without
    either, the server is named by -b."""
    arguments: str
    stdout: str = ""
    stderr: str = ""
    exit: int = 0
    stdin: str = ""
    program: str = "odradek"  # or a script name
    needs_server: bool = True
    until: str = ""  # as in a Case

    @property
    def name(self):
        return f"{self.program} {self.arguments}"

    def words(self, server, directory):
        words = filled(self.arguments, server, directory)
        names_it = "SERVER" in self.arguments or "{server}" in self.arguments
        return words + (["-b", server] if self.needs_server and not names_it else [])


def filled(arguments, server, directory):
    text = arguments.replace("SERVER", SERVER)
    return [word.replace("{server}", server).replace("{directory}", str(directory))
            for word in shlex.split(text)]


def run_until(command, pattern, timeout_s, **options):
    """What `command` did up to the first line with the pattern, and how a SIGINT ended it: the exit
    code as a shell counts it, stdout and stderr."""
    with tempfile.TemporaryFile("w+") as errors, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
            **options) as process:
        watchdog = threading.Timer(timeout_s, process.kill)
        watchdog.start()
        try:
            stdout = ""
            for line in process.stdout:
                stdout += line
                if re.search(pattern, line):
                    process.send_signal(signal.SIGINT)
                    process.stdout.read()
            process.wait()
        finally:
            watchdog.cancel()
        errors.seek(0)
        exit_code = process.returncode
        return exit_code if exit_code >= 0 else 128 - exit_code, stdout, errors.read()


class Tool:
    """The cases of one command: cases/<name>.py."""

    def __init__(self, name):
        module = importlib.import_module(f"cases.{name}")
        self.name = name
        self.cases = getattr(module, "CASES", [])
        self.native = getattr(module, "NATIVE", [])
        self.settings = {"group.initial.rebalance.delay.ms": "0",
                         **getattr(module, "SETTINGS", {})}
        self.files = getattr(module, "FILES", {})
        self.replaced = getattr(module, "REPLACED", [])
        self.recording = HERE / "recorded" / f"{name}.json"

    def write_files(self, directory):
        for name, content in self.files.items():
            if isinstance(content, Path):
                content = content.read_bytes()
            path = Path(directory) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                content = content.replace("{directory}", str(directory)).encode()
            path.write_bytes(content)

    def outcome(self, case, exit_code, stdout, stderr):
        return outcome(case, exit_code, stdout, stderr, self.replaced)


def tools(chosen=None):
    """Every tool there are cases of, or those in a comma-separated list."""
    names = sorted(path.stem for path in (HERE / "cases").glob("[a-z]*.py"))
    if chosen:
        unknown = set(chosen.split(",")) - set(names)
        if unknown:
            raise SystemExit(f"no cases/{sorted(unknown)[0]}.py; there are {', '.join(names)}")
        names = chosen.split(",")
    return [Tool(name) for name in names]


# What Java prints beside a tool's own words: logging, stack traces, the list of flags.
NOISE = re.compile(
    r"\[[\w |-]+\] |\s|usage: |java\.|joptsimple\.|org\.apache\.|Option  |---|--[\w.-]+ |"
    r"The consumer rebalance protocol|'[\w-]+ --help' lists every flag|"
    r"The nearest one is|Caused by|New offset \(")
UNCAUGHT = re.compile(r'Exception in thread "main" [\w.]+: ')
REPLACED = [
    (re.compile(r"TopicId: \S+"), "TopicId: ID"),
    # Kafka writes it into the cluster's own configuration; not a topic's.
    (re.compile(r"min\.insync\.replicas=1,?"), ""),
    (re.compile(r"(CreateTime|LogAppendTime):\d+"), r"\1:TIME"),
    (re.compile(r"127\.0\.0\.1:\d+ *"), "SERVER "),
]
# What argparse4j says is wrong: justified text of 75 columns, after the usage and before a guess.
ARGPARSE_ERROR = re.compile(
    r"^[\w-]+:\s+error:.*?(?=\n\n|\n'[\w -]+ --help|\nThe nearest|\Z)", re.M | re.S)
# Java puts them in the order of a hash table, another one in each run.
OPTIONS = re.compile(r"(?:\[[\w-]+\](?:, )?)+$")


def outcome(case, exit_code, stdout, stderr, replaced=()):
    """What of a run is compared: exit code, output, and the first words on stderr."""
    for pattern, replacement in [*REPLACED, *replaced]:
        stdout = re.sub(pattern, replacement, stdout)
        stderr = re.sub(pattern, replacement, stderr)
    # A case uses ; as its line separator.
    lines = re.split(r"(?<=;)|\n", stdout)
    if case.unordered:
        lines.sort()
    if wrong := ARGPARSE_ERROR.search(stderr):
        return {"exit": exit_code, "stdout": lines, "stderr": [re.sub(r"\s+", "", wrong[0])]}
    said = [UNCAUGHT.sub("", line) for line in stderr.splitlines()]
    said = [line for line in said if line and not NOISE.match(line)]
    said = [OPTIONS.sub(lambda found: ", ".join(sorted(found[0].split(", "))), line)
            for line in said]
    return {"exit": exit_code, "stdout": lines, "stderr": said[:1]}
