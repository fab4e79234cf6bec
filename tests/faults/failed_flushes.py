#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The disk takes what is written and fails when it is flushed: ext4 in a sparse file on a memory
disk that is too small for it.

The server's only directory goes offline, nothing is acknowledged from there on that is not on the
disk, and after a new start on a disk with room, whose cache is gone, everything acknowledged or
shown is there.
"""

import random
import sys
import time

import campaign
import loop_disk
from history import History, Values
from load import PRODUCERS, Load, check_offsets_and_topics, read_everything

DISK_MIB = 512
# What is lost with write.caching=true would look doubled or out of order to an idempotent producer.
PLAIN_PRODUCERS = tuple((name, False, codec, 400) for name, _, codec, _ in PRODUCERS)
PATIENCE_S = 60


class SmallMemory:
    """What holds the disk's file: less than the disk promises."""

    def __init__(self, directory, size_mib):
        directory.mkdir(parents=True)
        self.place = directory
        loop_disk.run("mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", directory)

    def grow(self, size_mib):
        loop_disk.run("mount", "-o", f"remount,size={size_mib}m", self.place)

    def discard(self):
        loop_disk.run("umount", "--lazy", self.place)


def run(options, directory, rng, is_caching):
    """One disk that fails. Returns the violations."""
    memory = SmallMemory(directory / "memory", rng.randrange(60, 120))
    disk = loop_disk.LoopDisk(memory.place / "disk", DISK_MIB)
    history = History(Values(rng.random()), is_durable=not is_caching)
    node = campaign.Node(directory / "node", disk.mount_point / "data", options.server)
    load = None
    try:
        disk.mount()
        loop_disk.write_page_by_page(disk)
        node.start()
        load = Load(
            history,
            node.bootstrap,
            {"write.caching": str(is_caching).lower()},
            PLAIN_PRODUCERS if is_caching else PRODUCERS,
        )
        wait_until_it_fails(node, history)
        node.kill()
        disk.unmount()
        memory.grow(2 * DISK_MIB)
        loop_disk.check(disk)
        disk.mount()
        promises = history.promises()
        if is_caching:
            history.forget_promises()
        node.start()
        where = (node.bootstrap, load.topic, load.partitions)
        contents = read_everything(history, *where)
        if is_caching:
            history.check_contents(contents)
        else:
            history.check(promises, contents)
            check_offsets_and_topics(history, *where)
        print(f"  {load.acknowledged()} records acknowledged", flush=True)
    except campaign.ServerFailed as error:
        history.violation(f"the server {error}\n{node.last_words()}")
    finally:
        if load is not None:
            load.stop()
        if node.running():
            node.kill()
        disk.discard()
        memory.discard()
    return history.violations


def wait_until_it_fails(node, history):
    """The log names the directory, and what failed; a server without a directory ends."""
    until = time.monotonic() + PATIENCE_S
    while "is offline" not in node.last_words() and node.running():
        if time.monotonic() > until:
            history.violation(f"no flush failed within {PATIENCE_S} s:\n{node.last_words()}")
            return
        time.sleep(0.02)


def main():
    options = campaign.arguments(__doc__)
    results = campaign.Results()
    with campaign.workplace("failed-flushes", options.keep, results) as directory:
        why = campaign.own_mounts() or loop_disk.why_not(directory / "probe")
        if why is not None:
            return campaign.finish(results, [f"failed flushes: {why}"])
        rng = random.Random(options.seed)
        for is_caching, mode in ((False, "the durable default"), (True, "write.caching=true")):
            deadline = campaign.Deadline(options.seconds)
            violations, number = [], 0
            while not violations and (number == 0 or not deadline.is_over()):
                place = directory / f"{number}-{is_caching}"
                violations = run(options, place, rng, is_caching)
                number += 1
            campaign.judge(results, f"{number} disks that fail flushes, {mode}", violations)
    return campaign.finish(results)


if __name__ == "__main__":
    sys.exit(main())
