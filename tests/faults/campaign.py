# SPDX-License-Identifier: Apache-2.0
"""What the campaigns share: their arguments, a place of their own that is gone afterwards, and the
count of what they did.
"""

import argparse
import contextlib
import ctypes
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/clients"))
from harness.programmes import Results  # noqa: E402, F401
from harness import servers  # noqa: E402
from harness.servers import PATIENCE_S, Odradek, ServerFailed  # noqa: E402, F401

CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 0x4000, 1 << 18
libc = ctypes.CDLL(None, use_errno=True)


def arguments(description, **more):
    """--server, --seed, --seconds and --keep; `more` are further flags and their defaults."""
    parser = argparse.ArgumentParser(description=description.split("\n\n")[0])
    parser.add_argument("--server", type=Path, default=ROOT / "build/release/odradek")
    parser.add_argument("--seed", type=int, default=None, help="by default one that is drawn")
    parser.add_argument("--seconds", type=float, default=20, help="how long, for each part")
    parser.add_argument("--keep", action="store_true", help="keep the directory of a failed run")
    for name, default in more.items():
        flag = "--" + name.replace("_", "-")
        if isinstance(default, bool):
            parser.add_argument(flag, action="store_true")
        else:
            parser.add_argument(flag, type=type(default), default=default)
    given = parser.parse_args()
    if given.seed is None:
        given.seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {given.seed}", flush=True)
    return given


class Node(Odradek):
    """The server under test. It ends with the campaign, however that ends."""

    settings = {
        "num.partitions": "1",
        "offsets.topic.num.partitions": "2",
        "group.initial.rebalance.delay.ms": "0",
        "log.segment.bytes": str(1 << 20),  # the least: segments roll all the time
        "log.index.interval.bytes": "512",
    }

    def __init__(self, directory, data, binary, settings=None, variables=None):
        super().__init__(directory, settings, binary, self.settings)
        self.data = data
        self.variables = variables or {}

    def environment(self):
        return {**super().environment(), **self.variables}

    def command(self):
        # setpriv's --pdeathsig: a campaign that is killed leaves no server behind.
        return ["setpriv", "--pdeathsig", "KILL", *super().command()]

    def answers(self):
        return servers.answers(self.port)

    def last_words(self):
        """The end of its log, for a violation that nobody can explain without."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-15:])


def raise_exit(number, _):
    raise SystemExit(128 + number)


@contextlib.contextmanager
def workplace(name, keep, results):
    """A directory, gone at the end: also when the campaign is interrupted, and those of campaigns
    that were killed go with the next one's start. `keep`: not when something failed."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, raise_exit)
    parent = Path(tempfile.gettempdir())
    for left in parent.glob("odradek-faults-*"):
        pid = re.match(r"odradek-faults-(\d+)-", left.name)
        if pid and not Path(f"/proc/{pid[1]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    directory = Path(tempfile.mkdtemp(prefix=f"odradek-faults-{os.getpid()}-{name}-"))
    try:
        yield directory
    finally:
        if results.failed and keep:
            kept = directory.with_name(directory.name.replace("-faults-", "-kept-"))
            directory.rename(kept)  # else the next campaign would take it for left behind
            print(f"kept: {kept}", flush=True)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def own_mounts():
    """From here on this process's mounts are its own: they end with it and what it started.
    Returns why that cannot be, or None."""
    if libc.unshare(CLONE_NEWNS) != 0:
        return f"mount namespaces are not to be had: {os.strerror(ctypes.get_errno())}"
    if libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        return f"mounts cannot be made private: {os.strerror(ctypes.get_errno())}"
    return None


def judge(results, name, violations):
    for violation in violations:
        print(f"VIOLATION {violation}", flush=True)
    results.add(name, f"{len(violations)} violations" if violations else None)


def finish(results, skipped=()):
    """Closes with the line that the tests' summary reads; the exit status. A skipped part counts as
    failed there with CI=true in the environment."""
    for what in skipped:
        print(f"SKIPPED: {what}", flush=True)
    tail = f", {len(skipped)} skipped" if skipped else ""
    print(f"{results.passed} passed, {len(results.failed)} failed{tail}", flush=True)
    return 1 if results.failed else 0


class Deadline:
    def __init__(self, seconds):
        self.at = time.monotonic() + seconds

    def is_over(self):
        return time.monotonic() >= self.at
