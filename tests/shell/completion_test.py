#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Types at a real bash and a real zsh with our completion and looks at what they make of it.
Usage: completion_test.py <build directory>"""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from commands_test import running_server  # noqa: E402
from harness.servers import free_port  # noqa: E402

BUILD = Path(sys.argv.pop(1)).resolve()
ODRADEK = BUILD / "odradek"
SECONDS = 20


class Shell:
    """An interactive shell on a terminal of its own. The word DONE ends what a line prints."""

    def __init__(self, command, setup):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.environ.update(TERM="dumb", PATH=f"{BUILD}/bin:{BUILD}:{os.environ['PATH']}",
                              PS1="READY ", HISTFILE="/dev/null")
            os.chdir(os.environ["WORK"])
            os.execvp(command[0], command)
        self.run(setup)

    def run(self, line):
        """What the line prints."""
        os.write(self.terminal, f"{line}; echo DO''NE\n".encode())
        return self.read_until("DONE")

    def completed(self, line):
        """The words that the line has once Tab was pressed at its end."""
        os.write(self.terminal, f"{line}\t".encode())
        # Then the line becomes the argument of a command that prints it.
        os.write(self.terminal, b"\x01printf '<%s>\\n' '\x05'; echo DO''NE\n")
        return re.search(r"(?m)^<(.*)>$", self.read_until("DONE"))[1]

    def read_until(self, word):
        shown = ""
        deadline = time.monotonic() + SECONDS
        while not re.search(rf"(?m)^{word}", shown):
            ready, _, _ = select.select([self.terminal], [], [], deadline - time.monotonic())
            if not ready:
                raise TimeoutError(f"no {word} in {shown!r}")
            shown += os.read(self.terminal, 65536).decode(errors="replace").replace("\r", "")
        return shown

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.process, 0)


# The function itself in a bash that is no terminal: every candidate, in order.
BASH = """
source <({odradek} completion bash)
COMP_LINE=$1 COMP_POINT=${{#1}}
read -ra COMP_WORDS <<<"${{1//[=:]/ }}"
[[ $1 != *' ' && $1 != *[=:] ]] || COMP_WORDS+=('')
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_odradek
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def bash_candidates(line):
    done = subprocess.run(["bash", "-c", BASH.format(odradek=ODRADEK), "bash", line], text=True,
                          capture_output=True, timeout=SECONDS, cwd=os.environ["WORK"],
                          env={**os.environ, "PATH": f"{BUILD}/bin:{BUILD}:{os.environ['PATH']}"})
    return done.stdout.split()


class Bash(unittest.TestCase):
    def check(self, line, expected):
        self.assertEqual(bash_candidates(line), expected, line)

    def test_commands_verbs_and_flags(self):
        self.assertIn("topics", bash_candidates("odradek "))
        self.assertNotIn("__complete", bash_candidates("odradek "))
        self.check("odradek top", ["topics"])
        self.check("odradek topics de", ["describe", "delete"])
        self.check("odradek topics describe --under-r", ["--under-replicated-partitions"])
        self.check("odradek kafka-topics --li", ["--list"])
        self.check("kafka-topics.sh --li", ["--list"])
        self.assertNotIn("--output", bash_candidates("kafka-topics --"))
        # A flag that was given is not offered again, but where it may be repeated.
        self.assertNotIn("--partitions", bash_candidates("kafka-topics --partitions 3 --"))
        self.assertIn("--config", bash_candidates("kafka-topics --config a=b --"))

    def test_values(self):
        self.check("odradek topics list --output ", ["plain", "table", "json"])
        self.check("odradek topics list --output=t", ["table"])
        self.check("odradek groups list --type ", ["classic", "consumer"])
        self.check("odradek topics create x --config retention.m", ["retention.ms="])
        self.check("odradek server --set log.dirs", ["log.dirs="])
        self.assertEqual(sorted(bash_candidates("odradek server ser")),
                         ["server.log", "server.properties"])
        self.check("odradek completion ", ["bash", "zsh"])
        self.check("odradek help comp", ["completion"])

    def test_names_from_the_server(self):
        at = f"-b {os.environ['SERVER']}"
        self.check(f"odradek topics {at} describe ", ["greetings", "orders"])
        self.check(f"odradek topics {at} --describe --topic o", ["orders"])
        self.check(f"odradek consume {at} --topic=gr", ["greetings"])
        self.check(f"odradek topics {at} describe __", ["__consumer_offsets"])
        self.check(f"odradek groups {at} describe bi", ["billing"])
        self.check(f"kafka-consumer-groups --bootstrap-server {os.environ['SERVER']} --group b",
                   ["billing"])

    def test_no_server_is_no_error_and_takes_no_time(self):
        began = time.monotonic()
        self.check(f"odradek topics -b 127.0.0.1:{free_port()} describe ", [])
        self.assertLess(time.monotonic() - began, 2)

    def test_tab_on_a_terminal(self):
        shell = Shell(["bash", "--norc", "--noprofile", "-i"],
                      f"source <({ODRADEK} completion bash)")
        at = f"-b {os.environ['SERVER']}"
        for line, expected in [
                ("odradek topi", "odradek topics "),
                ("kafka-topics.sh --create --conf", "kafka-topics.sh --create --config "),
                (f"odradek topics {at} describe ord", f"odradek topics {at} describe orders "),
                ("odradek server --set num.part", "odradek server --set num.partitions="),
                ("odradek topics list --output=js", "odradek topics list --output=json "),
                ("odradek server server.p", "odradek server server.properties ")]:
            self.assertEqual(shell.completed(line), expected)
        shell.close()


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(unittest.TestCase):
    def test_the_script_is_zsh(self):
        script = subprocess.run([ODRADEK, "completion", "zsh"], text=True, capture_output=True)
        self.assertTrue(script.stdout.startswith("#compdef odradek "))
        parsed = subprocess.run(["zsh", "-n"], input=script.stdout, text=True, capture_output=True)
        self.assertEqual((parsed.returncode, parsed.stderr), (0, ""))

    def test_tab_on_a_terminal(self):
        functions = Path(os.environ["WORK"]) / "functions"
        functions.mkdir()
        script = subprocess.run([ODRADEK, "completion", "zsh"], text=True, capture_output=True)
        (functions / "_odradek").write_text(script.stdout)
        shell = Shell(["zsh", "-f", "-i"], f"fpath=({functions} $fpath); autoload -U compinit; "
                      "compinit -D -u; bindkey -e; unsetopt zle_bracketed_paste; PS1='READY '")
        at = f"-b {os.environ['SERVER']}"
        for line, expected in [
                ("odradek topi", "odradek topics "),
                ("kafka-topics.sh --create --conf", "kafka-topics.sh --create --config "),
                (f"odradek topics {at} describe ord", f"odradek topics {at} describe orders "),
                ("odradek server --set num.part", "odradek server --set num.partitions="),
                ("odradek topics list --output=js", "odradek topics list --output=json "),
                ("odradek server server.p", "odradek server server.properties ")]:
            # It takes the space away again when a quotation mark follows.
            self.assertEqual(shell.completed(line), expected.rstrip())
        shell.close()


def main():
    with tempfile.TemporaryDirectory() as work:
        os.environ["WORK"] = work
        (Path(work) / "server.properties").write_text("")
        with running_server(str(BUILD / "bin"), work, {}) as server:
            os.environ["SERVER"] = server
            at = ["-b", server]
            for topic in ["orders", "greetings"]:
                subprocess.run([ODRADEK, "topics", "create", topic, *at], check=True)
            subprocess.run([ODRADEK, "produce", "orders", *at], input="x\n", text=True, check=True)
            subprocess.run([ODRADEK, "consume", "orders", "--group", "billing", "-n", "1",
                            "--from-beginning", *at], check=True, capture_output=True)
            result = unittest.main(exit=False).result
    raise SystemExit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
