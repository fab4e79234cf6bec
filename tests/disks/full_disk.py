#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The disk becomes full under load, at random moments, and has room again.

Within five seconds of room appearing every producer gets on; nothing acknowledged is lost, nothing
of an idempotent producer is doubled or reordered. The server starts with no byte free, serves what
is there, refuses what is new with an error that names the directory and the setting, and gets on
when a topic is deleted.
"""

import random
import sys
import time

from place import RECOVERY_S, STORAGE_ERROR, Client, Filler, MemoryDisk, file_disk, until

import campaign
from history import History, Values
from load import Load, check_offsets_and_topics, read_everything

SIZE_MIB = 320
RECORDS_A_DISK = 60_000


class Run:
    """One disk and the server on it, from its making until it has had its records."""

    def __init__(self, options, directory, rng, is_in_memory):
        self.rng = rng
        self.disk = (MemoryDisk if is_in_memory else file_disk)(directory, SIZE_MIB)
        settings = {"log.flush.offset.checkpoint.interval.ms": "200",
                    "replica.high.watermark.checkpoint.interval.ms": "200"}
        self.node = campaign.Node(directory / "node", self.disk.mount_point / "data",
                                  options.server, {**campaign.Node.settings, **settings})
        self.history = History(Values(rng.random()))
        self.times = []

    def play(self, deadline):
        """Returns the violations."""
        self.disk.mount()
        self.filler = Filler(self.disk.mount_point)
        load = None
        try:
            self.node.start()
            load = Load(self.history, self.node.bootstrap)
            while not self.is_enough(load, deadline):
                self.cycle(load)
            load.stop()
            if not self.history.violations:
                self.verify(load)
                self.start_without_a_byte(load)
        except (campaign.ServerFailed, AssertionError, OSError) as error:
            self.history.violation(f"{error!r}\n{self.node.last_words()}")
        finally:
            self.filler.remove()
            if load is not None:
                load.stop()
            if self.node.running():
                self.node.kill()
            self.disk.discard()
        return self.history.violations

    def is_enough(self, load, deadline):
        if self.history.violations or load.acknowledged() > RECORDS_A_DISK:
            return True
        return bool(self.times) and deadline.is_over()

    def cycle(self, load):
        load.wait_for_progress(100)
        time.sleep(self.rng.uniform(0, 0.3))
        self.filler.fill(self.rng.choice((0, 0, 1 << 16, 1 << 20, 8 << 20)))
        time.sleep(self.rng.uniform(0.1, 1.0))
        if self.rng.random() < 0.3:
            self.verify(load)  # reads go on
        if self.rng.random() < 0.3:
            self.node.kill()
            self.node.start()
        self.filler.remove()
        started = time.monotonic()
        load.wait_for_progress(1)
        took = time.monotonic() - started
        self.times.append(took)
        if took > RECOVERY_S + 1:  # the clients' own time to try again
            self.history.violation(f"{took:.1f} s from room to records of every producer")
        if not self.node.running():
            self.history.violation("the server ended by itself")

    def verify(self, load):
        where = (self.node.bootstrap, load.topic, load.partitions)
        promises = self.history.promises()
        self.history.check(promises, read_everything(self.history, *where))
        if not self.filler.path.exists():
            check_offsets_and_topics(self.history, *where)

    def start_without_a_byte(self, load):
        client = Client(self.node)
        assert client.create("spare", 4) == 0
        assert client.create("probe", 1) == 0
        for partition in range(4):
            for _ in range(8):
                assert client.produce("spare", partition, bytes(900_000))["ErrorCode"] == 0
        self.start_when_full(load)
        client = Client(self.node)
        refused = client.produce("spare")
        assert refused["ErrorCode"] == STORAGE_ERROR, refused
        assert str(self.node.data) in refused["ErrorMessage"], refused
        assert "log.dir.reserve.bytes" in refused["ErrorMessage"], refused
        assert client.delete("spare") == 0
        self.times.append(until(
            lambda: client.produce("probe")["ErrorCode"] == 0,
            RECOVERY_S, "records after a topic was deleted"))
        # The second time nothing is left of what the first start could give up.
        self.start_when_full(load)
        self.start_when_full(load)
        self.filler.remove()
        self.times.append(until(
            lambda: Client(self.node).produce("probe")["ErrorCode"] == 0,
            RECOVERY_S, "records after a start without a byte"))
        status = self.node.stop()
        assert status == 0, f"stopped with status {status}"

    def start_when_full(self, load):
        self.node.stop() if self.rng.random() < 0.5 else self.node.kill()
        self.filler.fill()
        self.node.start()
        self.verify(load)


def main():
    options = campaign.arguments(__doc__)
    results = campaign.Results()
    with campaign.workplace("full-disk", options.keep, results) as directory:
        why = campaign.own_mounts()
        if why is None:
            try:
                MemoryDisk(directory / "probe", 16).mount().discard()
            except OSError as error:
                why = f"tmpfs cannot be mounted here (root): {error}"
        if why is not None:
            return campaign.finish(results, [f"full disks: {why}"])
        rng = random.Random(options.seed)
        deadline = campaign.Deadline(options.seconds)
        times, violations, disks = [], [], 0
        while not violations and (disks < 2 or not deadline.is_over()):
            part = campaign.Deadline(options.seconds / 2)
            run = Run(options, directory / f"disk-{disks}", rng, disks % 2 == 0)
            violations = run.play(part)
            times += run.times
            disks += 1
        print(f"{disks} disks, full {len(times)} times; records again after at most "
              f"{max(times, default=0):.2f} s", flush=True)
        campaign.judge(results, "full disks", violations)
    return campaign.finish(results)


if __name__ == "__main__":
    sys.exit(main())
