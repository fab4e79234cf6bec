#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Power is cut under load, again and again, and everything is read after each restart.

With the durable default nothing acknowledged or shown is lost, nothing of an idempotent producer is
doubled or reordered, committed offsets and topics are kept. With write.caching=true records are
lost, which proves that the cut cuts; what is left is whole and in order.
"""

import random
import sys
import time

import campaign
import loop_disk
from history import History, Values
from load import PRODUCERS, Load, check_offsets_and_topics, read_everything

RECORDS_A_DISK = 120_000  # so many acknowledged records, and a new disk comes
PLAIN_PRODUCERS = tuple((name, False, codec, 400) for name, _, codec, _ in PRODUCERS)


class Counts:
    def __init__(self):
        self.cuts = 0
        self.disks = 0
        self.acknowledged = 0
        self.shown = 0
        self.lost = 0

    def __str__(self):
        return (
            f"{self.cuts} power cuts on {self.disks} disks, {self.acknowledged} records"
            f" acknowledged, {self.shown} shown, {self.lost} acknowledged ones lost"
        )


class Run:
    """One disk and the server on it, from its making until it has had its records."""

    def __init__(self, options, directory, rng, is_caching):
        self.rng = rng
        self.is_caching = is_caching
        self.disk = loop_disk.LoopDisk(directory)
        self.node = campaign.Node(directory, self.disk.mount_point / "data", options.server)
        self.history = History(Values(rng.random()), is_durable=not is_caching)

    def play(self, deadline, counts):
        """Returns the violations; counts what was done."""
        counts.disks += 1
        self.disk.mount()
        load = None
        try:
            self.node.start()
            load = Load(
                self.history,
                self.node.bootstrap,
                {"write.caching": str(self.is_caching).lower()},
                PLAIN_PRODUCERS if self.is_caching else PRODUCERS,
            )
            while not self.is_enough(load, deadline):
                self.cycle(load, counts)
            load.stop()
            if not self.history.violations:
                self.verify(load, self.history.promises())
                self.check_clean_stop()
        except campaign.ServerFailed as error:
            self.history.violation(f"the server {error}\n{self.node.last_words()}")
        finally:
            if load is not None:
                load.stop()
                counts.acknowledged += load.acknowledged()
            if not self.is_caching:
                counts.shown += self.history.counts()[1]
            if self.node.running():
                self.node.kill()
            self.disk.discard()
        return self.history.violations

    def is_enough(self, load, deadline):
        if self.history.violations or load.acknowledged() > RECORDS_A_DISK:
            return True
        return deadline.is_over()

    def cycle(self, load, counts):
        load.wait_for_progress(100)
        time.sleep(self.rng.uniform(0, 0.8))  # the cut comes at any moment of the load
        if not self.node.running():
            self.history.violation(f"the server ended by itself:\n{self.node.last_words()}")
            return
        self.disk.cut_power_of(self.node.process)
        self.node.kill()
        self.disk.unmount()
        self.disk.mount()
        counts.cuts += 1
        promises = self.history.promises()
        if self.is_caching:
            self.history.forget_promises()
        self.node.start()
        counts.lost += self.verify(load, promises)

    def verify(self, load, promises):
        where = (self.node.bootstrap, load.topic, load.partitions)
        contents = read_everything(self.history, *where)
        if self.is_caching:
            self.history.check_contents(contents)
            return self.history.lost(promises, contents)
        self.history.check(promises, contents)
        check_offsets_and_topics(self.history, *where)
        return self.history.lost(promises, contents)

    def check_clean_stop(self):
        status = self.node.stop()
        if status != self.node.clean_stop_status:
            self.history.violation(f"stopped with status {status}:\n{self.node.last_words()}")


def run(options, directory, rng, is_caching, seconds):
    """Disks and cuts until the time is over. Returns the counts and the first violations."""
    deadline = campaign.Deadline(seconds)
    counts = Counts()
    violations = []
    while not violations and (counts.cuts == 0 or not deadline.is_over()):
        place = directory / f"disk-{is_caching}-{counts.disks}"
        violations = Run(options, place, rng, is_caching).play(deadline, counts)
    print(f"{'write.caching=true' if is_caching else 'durable default'}: {counts}", flush=True)
    return counts, violations


def main():
    options = campaign.arguments(__doc__)
    results = campaign.Results()
    with campaign.workplace("power-cuts", options.keep, results) as directory:
        why = campaign.own_mounts() or loop_disk.why_not(directory / "probe")
        if why is not None:
            return campaign.finish(results, [f"power cuts: {why}"])
        rng = random.Random(options.seed)
        _, violations = run(options, directory, rng, False, options.seconds)
        campaign.judge(results, "power cuts with the durable default", violations)
        counts, violations = run(options, directory, rng, True, options.seconds / 3)
        campaign.judge(results, "power cuts with write.caching=true", violations)
        nothing = [] if counts.lost else ["the injector cuts nothing: no record was lost"]
        campaign.judge(results, "power cuts take what was not flushed", nothing)
    return campaign.finish(results)


if __name__ == "__main__":
    sys.exit(main())
