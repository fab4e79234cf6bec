#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The wall clock jumps under load, and jumps back before the server has looked twice.

Retention by time pauses one interval and says so, so nothing is deleted that is young by the clock
that was right; clients go on. A clock that stays ahead is believed after that interval.
"""

import random
import sys
import time
from pathlib import Path

import campaign
from history import History, Values
from load import IMPATIENT, PAUSE_S, Load, verify

import confluent_kafka

LIBRARIES = "/usr/lib/*/faketime/libfaketimeMT.so.1"
INTERVAL_S = 3
RETENTION_MINUTES = 30
# Above the five minutes that the server takes for drift, below what it allows a record's time.
JUMPS_MINUTES = (-50, -35, -10, 10, 35, 50)
WORDS = "the wall clock moved by"
SETTINGS = {
    "log.retention.check.interval.ms": str(INTERVAL_S * 1000),
    "log.initial.task.delay.ms": "100",
    "log.segment.delete.delay.ms": "0",
}


class MovedClock:
    """A server's wall clock: what is written into the file counts from then on."""

    def __init__(self, directory, library):
        self.file = directory / "clock"
        self.move(0)
        self.variables = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def move(self, minutes):
        new = self.file.with_suffix(".new")
        new.write_text(f"{minutes * 60:+d}\n")
        new.rename(self.file)


class Run:
    def __init__(self, options, directory, rng, library):
        directory.mkdir()
        self.rng = rng
        self.clock = MovedClock(directory, library)
        self.node = campaign.Node(directory, directory / "data", options.server, SETTINGS,
                                  self.clock.variables)
        self.history = History(Values(rng.random()))
        self.jumps = 0
        self.times_said = 0

    def play(self, deadline):
        self.node.start()
        config = {"retention.ms": str(RETENTION_MINUTES * 60000)}
        load = Load(self.history, self.node.bootstrap, config)
        try:
            while not self.history.violations and (self.jumps < 2 or not deadline.is_over()):
                self.jump_and_back(load)
            if not self.history.violations:
                self.stay_ahead(load)
        finally:
            load.stop()
            self.node.kill()

    def jump_and_back(self, load):
        load.wait_for_progress(4000)  # some segments
        self.clock.move(self.rng.choice(JUMPS_MINUTES))
        self.wait_for_words("a jump")
        self.clock.move(0)
        self.wait_for_words("the jump back")
        self.jumps += 1
        load.wait_for_progress(100)
        time.sleep(2 * INTERVAL_S)  # the pause is over, and two checks were made in peace
        verify(self.history, self.node.bootstrap, load)

    def stay_ahead(self, load):
        """Retention is there: what is old by a clock that stays is deleted."""
        self.clock.move(RETENTION_MINUTES + 15)
        self.wait_for_words("the last jump")
        deadline = campaign.Deadline(campaign.PATIENCE_S)
        partition = confluent_kafka.TopicPartition(load.topic, 0)
        consumer = confluent_kafka.Consumer(
            {**IMPATIENT, "bootstrap.servers": self.node.bootstrap, "group.id": "watcher"}
        )
        while consumer.get_watermark_offsets(partition, campaign.PATIENCE_S)[0] == 0:
            if deadline.is_over():
                self.history.violation("nothing is deleted by a clock that stays ahead")
                break
            time.sleep(PAUSE_S)
        consumer.close()

    def wait_for_words(self, what):
        """Until the server has said once more that its clock moved."""
        deadline = campaign.Deadline(campaign.PATIENCE_S)
        while self.node.log.read_text(errors="replace").count(WORDS) <= self.times_said:
            if deadline.is_over() or not self.node.running():
                self.history.violation(f"{what} is not said:\n{self.node.last_words()}")
                return
            time.sleep(PAUSE_S)
        self.times_said += 1


def main():
    options = campaign.arguments(__doc__)
    options.server = options.server.resolve()
    results = campaign.Results()
    libraries = sorted(Path("/").glob(LIBRARIES[1:]))
    if not libraries:
        return campaign.finish(results, ["moved clock: no libfaketime (tools/packages-test.txt)"])
    deadline = campaign.Deadline(options.seconds)
    with campaign.workplace("moved-clock", options.keep, results) as directory:
        rng = random.Random(options.seed)
        run = Run(options, directory / "node", rng, str(libraries[0]))
        try:
            run.play(deadline)
        except campaign.ServerFailed as error:
            run.history.violation(f"the server {error}\n{run.node.last_words()}")
        acknowledged, shown = run.history.counts()
        print(f"{run.jumps} jumps and back, {acknowledged} records acknowledged, {shown} shown",
              flush=True)
        campaign.judge(results, "retention under a moved clock", run.history.violations)
    return campaign.finish(results)


if __name__ == "__main__":
    sys.exit(main())
