#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real clients against a real server.

run.py [--peer] [--server BINARY] [--only PART]… [--keep]

Starts servers on free ports and in a temporary directory, runs the client programmes against them,
hands every file that was written to Apache Kafka's DumpLogSegments, and closes with
`N passed, N failed`. The directory with the logs is kept when something failed.
tests/clients/install.sh comes first.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import gaps, kill_load, log_files, packages  # noqa: E402
from harness.programmes import COMMANDS, Programme, Results  # noqa: E402
from harness.servers import ApacheKafka, Odradek, ServerFailed  # noqa: E402

AT_ONCE = 3  # programmes that run side by side
# What a client does beside the journey.
MORE = {
    "java": ("groups", "admin", "producer"),
    "java-2.2": ("admin",),
    "python": ("groups",),
    "kafka-python": ("groups",),
    "aiokafka": ("groups",),
}
PARTS = (*COMMANDS, "packages", "kill", "files")


class Run:
    def __init__(self, arguments, work):
        self.arguments = arguments
        self.work = work
        self.results = Results()
        self.servers = []

    def wanted(self, part):
        return not self.arguments.only or part in self.arguments.only

    def server(self, name):
        directory = self.work / name
        if self.arguments.peer:
            server = ApacheKafka(directory)
        else:
            server = Odradek(directory, binary=self.arguments.server)
        self.servers.append(server)
        return server.start()

    def programme(self, server, client, command):
        programme = Programme(
            self.results, self.work, client, server.bootstrap, f"{client}-{command}", command
        ).finish()
        if command == "journey":
            gaps.check(self.results, client, programme.checks, programme.gaps)

    def shared_server(self):
        """All that can share one server: the journeys of all clients side by side, then the package
        database.
        """
        jobs = [
            (client, command)
            for client in COMMANDS
            if self.wanted(client)
            for command in (*MORE.get(client, ()), "journey")
        ]
        if not jobs and not self.wanted("packages"):
            return
        server = self.server("shared")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda job: self.programme(server, *job), jobs))
        if self.wanted("packages"):
            packages.run(self.results, self.work, server.bootstrap)
        self.stopped_cleanly(
            server, log_files.CODECS if "java" in self.wanted_clients() else frozenset()
        )

    def kill_server(self):
        if not self.wanted("kill"):
            return
        server = self.server("killed")
        kill_load.run(self.results, self.work, server)
        self.stopped_cleanly(server, frozenset(), optional=("offsets",))

    def wanted_clients(self):
        return [client for client in COMMANDS if self.wanted(client)]

    def stopped_cleanly(self, server, codecs, optional=()):
        name = server.directory.name
        if not server.running():
            self.results.add(
                f"{name}: the server lives", f"it ended by itself with {server.process.returncode}"
            )
            return
        status = server.stop()
        self.results.add(
            f"{name}: the server stops cleanly",
            None if status == server.clean_stop_status else f"status {status}; log: {server.log}",
        )
        if self.wanted("files"):
            log_files.check(
                self.results, self.work / f"{name}-dump", name, server.data, codecs, optional
            )

    def part(self, function):
        """Runs one part; what goes wrong with its server is a failure, and the other part goes
        on.
        """
        try:
            function()
        except (ServerFailed, OSError) as failure:
            self.results.add(function.__name__, failure)

    def all(self):
        parts = [
            threading.Thread(target=self.part, args=(part,))
            for part in (self.shared_server, self.kill_server)
        ]
        for part in parts:
            part.start()
        for part in parts:
            part.join()

    def close(self):
        Programme.end_all()
        for server in self.servers:
            if server.running():
                server.kill()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument(
        "--peer",
        action="store_true",
        help="against Apache Kafka, to prove the programmes themselves",
    )
    parser.add_argument("--server", help="the binary under test (default: build/release/odradek)")
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="only this part (may be repeated)"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the directory of data and logs in any case"
    )
    return parser.parse_args()


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.monotonic()
    work = Path(tempfile.mkdtemp(prefix="odradek-clients-"))
    run = Run(options, work)
    try:
        run.all()
    finally:
        run.close()
        if options.keep or run.results.failed:
            print(f"data and logs: {work}")
        else:
            shutil.rmtree(work)
    print(f"{time.monotonic() - started:.0f} s")
    for name in run.results.failed:
        print(f"failed: {name}")
    print(f"{run.results.passed} passed, {len(run.results.failed)} failed")
    sys.exit(1 if run.results.failed or run.results.passed == 0 else 0)


if __name__ == "__main__":
    main()
