#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server is killed under load, and everything is read after each restart.

Once at random moments, starting and stopping included; once at every named point of its code
(src/env/fail_point.h), where the disk and what was promised stand badly to each other. Nothing
acknowledged or shown is lost, nothing of an idempotent producer is doubled or reordered, committed
offsets and topics are kept.
"""

import random
import re
import signal
import subprocess
import sys
import time

import campaign
from history import History, Values
from load import Load, Worker, verify

sys.path.append(str(campaign.ROOT / "tests/answers"))
from codec import Closed, Connection  # noqa: E402

RECORDS_A_DIRECTORY = 120_000  # so many acknowledged records, and a new directory comes
PATIENCE_AT_POINT_S = 4
PATIENCE_AT_FIRST_S = 30  # a point that the load has not reached once by then is not reached

# Small, so that the points are reached soon: topics' files go, metadata snapshots are written, and
# what the groups commit is compacted all the time.
SETTINGS = {
    "log.cleaner.max.compaction.lag.ms": "100",
    "log.cleaner.backoff.ms": "50",
    "log.cleaner.min.cleanable.ratio": "0",
    "log.segment.delete.delay.ms": "200",
    "metadata.log.max.record.bytes.between.snapshots": "2048",
    "log.flush.offset.checkpoint.interval.ms": "200",
}


def points_of(server):
    """The names of all points: the server lists them when it is asked for one that is none."""
    done = subprocess.run(
        [server, "server"],
        env={"ODRADEK_FAILPOINTS": "?"},
        capture_output=True,
        text=True,
        timeout=campaign.PATIENCE_S,
    )
    found = re.search(r"there are: (.*)", done.stderr)
    if found is None:
        raise SystemExit(f"{server} lists no fail points: {done.stderr}")
    return found[1].split()


class Mover(Worker):
    """Moves one partition after the other into one of the log directories, any."""

    name = "mover"

    def __init__(self, history, node, load, rng):
        super().__init__(history)
        self.node = node
        self.load = load
        self.rng = random.Random(rng.random())

    def step(self):
        moved = {"Name": self.load.topic,
                 "Partitions": [self.rng.randrange(self.load.partitions)]}
        target = str(self.rng.choice(self.node.log_dirs))
        try:
            connection = Connection(self.node.port)
        except OSError:
            self.is_stopping.wait(0.01)
            return
        try:
            connection.call("AlterReplicaLogDirs", 2,
                            {"Dirs": [{"Path": target, "Topics": [moved]}]})
        except (OSError, Closed):
            pass  # the server is gone
        finally:
            connection.close()
        self.is_stopping.wait(0.05)


class TwoDirectories(campaign.Node):
    def __init__(self, directory, server):
        self.log_dirs = [directory / "data", directory / "other"]
        paths = ",".join(map(str, self.log_dirs))
        super().__init__(directory, self.log_dirs[0], server, {**SETTINGS, "log.dirs": paths})


class Run:
    """The data directories, their server and its clients, until they have had their records."""

    def __init__(self, server, directory, rng):
        self.rng = rng
        self.node = TwoDirectories(directory, server)
        self.history = History(Values(rng.random()))
        self.load = None
        self.mover = None
        self.kills = 0

    def __enter__(self):
        self.node.start()
        self.load = Load(self.history, self.node.bootstrap)
        self.mover = Mover(self.history, self.node, self.load, self.rng)
        self.mover.start()
        return self

    def __exit__(self, *_):
        if self.mover is not None:
            self.mover.stop()
            self.mover.wait()
        if self.load is not None:
            self.load.stop()
        if self.node.running():
            self.node.kill()

    def violations(self):
        return self.history.violations

    def is_enough(self):
        return bool(self.violations()) or self.load.acknowledged() > RECORDS_A_DIRECTORY

    def restart_and_verify(self):
        self.node.variables = {}
        self.node.start()
        verify(self.history, self.node.bootstrap, self.load)

    def failed(self, error):
        self.history.violation(f"the server {error}\n{self.node.last_words()}")

    def ended_by_itself(self):
        self.failed(f"ended by itself, with {self.node.process.returncode}")

    def kill_at_random(self):
        self.load.wait_for_progress(100, self.node.running)
        time.sleep(self.rng.uniform(0, 0.4))
        if not self.node.running():
            return self.ended_by_itself()
        if self.rng.random() < 0.3:
            self.node.process.send_signal(signal.SIGTERM)  # killed while it stops
            time.sleep(self.rng.uniform(0, 0.1))
        self.node.kill()
        self.kills += 1
        if self.rng.random() < 0.3:
            self.tear_tails()
        while self.rng.random() < 0.4:
            self.node.start_without_waiting()
            time.sleep(self.rng.uniform(0, 0.15))  # killed while it starts
            self.node.kill()
            self.kills += 1
        return self.restart_and_verify()

    def tear_tails(self):
        """As a write that was under way when everything ended: behind what was promised lies half a
        batch, or what the file system put there. Nothing is torn once a stop was clean."""
        unclean = [path for path in self.node.log_dirs
                   if not (path / ".kafka_cleanshutdown").exists()]
        for partition in (found for path in unclean for found in path.glob("events-*")):
            log = max(partition.glob("*.log"), default=None)
            if log is None:
                continue
            with open(log, "r+b") as file:
                head = file.read(self.rng.randrange(1, 400))
                file.seek(0, 2)
                zeros = bytes(self.rng.randrange(1, 4096))
                file.write(self.rng.choice((head, zeros, self.rng.randbytes(len(zeros)))))

    def kill_at(self, point, count):
        """Whether the point was reached, and ended the server."""
        self.load.wait_for_progress(50, self.node.running)
        if not self.node.running():
            self.ended_by_itself()
            return False
        if point == "start.unmarked":
            self.node.stop()
        else:
            self.node.kill()
        if point.startswith("recovery."):
            self.tear_tails()
        self.node.variables = {"ODRADEK_FAILPOINTS": f"{point}:{count}"}
        self.node.start_without_waiting()
        deadline = campaign.Deadline(PATIENCE_AT_FIRST_S if count == 1 else PATIENCE_AT_POINT_S)
        while self.node.running() and not deadline.is_over():
            if point.startswith("stop.") and self.node.answers():
                break
            time.sleep(0.01)
        if self.node.running():
            self.node.process.send_signal(signal.SIGTERM)
        was_reached = self.node.process.wait(campaign.PATIENCE_S) == -signal.SIGKILL
        self.kills += was_reached
        self.restart_and_verify()
        if self.violations():
            self.history.violation(f"after a kill at {point}:{count}\n{self.node.last_words()}")
        return was_reached


def random_moments(options, directory, rng):
    deadline = campaign.Deadline(options.seconds)
    kills = acknowledged = number = 0
    violations = []
    while not violations and not deadline.is_over():
        number += 1
        with Run(options.server, directory / f"random-{number}", rng) as run:
            try:
                while not run.is_enough() and not deadline.is_over():
                    run.kill_at_random()
            except campaign.ServerFailed as error:
                run.failed(error)
        violations = run.violations()
        kills += run.kills
        acknowledged += run.load.acknowledged()
    print(f"random moments: {kills} kills, {acknowledged} records acknowledged", flush=True)
    return violations


def named_points(options, directory, rng):
    """Every point at least once; then on, at counts that are drawn, until the time is over."""
    deadline = campaign.Deadline(options.seconds)
    points = [options.point] if options.point else points_of(options.server)
    rng.shuffle(points)
    kills = acknowledged = number = 0
    plan = [(point, 1) for point in points]
    violations = []
    while plan and not violations:
        number += 1
        with Run(options.server, directory / f"points-{number}", rng) as run:
            try:
                while plan and not run.is_enough():
                    point, count = plan.pop()
                    if not run.kill_at(point, count) and count == 1:
                        run.failed(f"never came to the fail point {point}")
                    if not plan and not deadline.is_over():
                        plan = [(rng.choice(points), 1 + int(rng.expovariate(0.1)))]
            except campaign.ServerFailed as error:
                run.failed(f"{error} (after {point}:{count})")
        violations = run.violations()
        kills += run.kills
        acknowledged += run.load.acknowledged()
    print(f"{len(points)} named points: {kills} kills, {acknowledged} records acknowledged",
          flush=True)
    return violations


def main():
    options = campaign.arguments(__doc__, point="")
    options.server = options.server.resolve()
    results = campaign.Results()
    rng = random.Random(options.seed)
    with campaign.workplace("kills", options.keep, results) as directory:
        if not options.point:
            violations = random_moments(options, directory, rng)
            campaign.judge(results, "killed at random moments", violations)
        campaign.judge(results, "killed at named points", named_points(options, directory, rng))
    return campaign.finish(results)


if __name__ == "__main__":
    sys.exit(main())
