#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Of several log directories one fails, becomes read-only or slow: the others serve on.

Its partitions are reported offline (metadata, produce, DescribeLogDirs) and nothing of them is made
anew elsewhere, also by a start without it; new partitions go to the others. Once it is back they
are all there. The directory of the metadata log takes the server with it, with a sentence.
"""

import contextlib
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

from place import (LEADER_NOT_AVAILABLE, STORAGE_ERROR, Client, MemoryDisk, file_disk,
                   own_throttle, until)

import campaign
import loop_disk
from codec import Closed

PARTITIONS = 8


class Node(campaign.Node):
    """On three disks: the metadata log's, `good` and `bad`."""

    def __init__(self, options, directory, settings=None):
        self.disks = {"meta": MemoryDisk(directory / "meta", 64),
                      "good": MemoryDisk(directory / "good", 128),
                      "bad": file_disk(directory / "bad", 256)}
        self.at = {name: disk.mount_point / name for name, disk in self.disks.items()}
        super().__init__(directory / "node", f"{self.at['good']},{self.at['bad']}", options.server,
                         {**self.settings, "metadata.log.dir": str(self.at["meta"]),
                          **(settings or {})})
        for disk in self.disks.values():
            disk.mount()

    def begin(self):
        """Started, with a topic over both directories; the client, and each one's partitions."""
        self.start()
        client = Client(self)
        assert client.create("t", PARTITIONS) == 0
        for partition in range(PARTITIONS):
            assert client.produce("t", partition)["ErrorCode"] == 0
        placed = client.directories()
        parts = {name: {number for topic, number in placed[name][1] if topic == "t"}
                 for name in ("good", "bad")}
        assert parts["good"] and parts["bad"], parts
        return client, parts

    def discard(self):
        if self.running():
            self.kill()
        for disk in self.disks.values():
            disk.discard()


def break_it(node):
    node.disks["bad"].cut_power()


def make_it_read_only(node):
    """As ext4 does by itself when it finds an error."""
    device = subprocess.run(["findmnt", "-n", "-o", "SOURCE", node.disks["bad"].mount_point],
                            check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    Path(f"/sys/fs/ext4/{Path(device).name}/trigger_fs_error").write_text("x")


def check_offline(client, parts):
    """What a client is told of the partitions that are offline, and of the others."""
    shown = client.partitions("t")
    for number in parts["bad"]:
        assert shown[number]["ErrorCode"] == LEADER_NOT_AVAILABLE, shown[number]
        assert shown[number]["LeaderId"] == -1, shown[number]
        assert shown[number]["OfflineReplicas"] == shown[number]["ReplicaNodes"], shown[number]
        answer = client.produce("t", number)
        assert answer["ErrorCode"] == STORAGE_ERROR, answer
    for number in parts["good"]:
        assert shown[number]["ErrorCode"] == 0, shown[number]
        assert client.produce("t", number)["ErrorCode"] == 0
    code, content = client.directories()["bad"]
    assert code == STORAGE_ERROR and not content, (code, content)


def one_fails(options, directory, fail):
    node = Node(options, directory)
    try:
        client, parts = node.begin()
        fail(node)
        until(lambda: client.produce("t", min(parts["bad"]))["ErrorCode"] == STORAGE_ERROR, 10,
              "an error of the failed directory")
        until(lambda: client.partitions("t")[min(parts["bad"])]["LeaderId"] == -1, 10,
              "no leader in the metadata")
        check_offline(client, parts)
        assert client.create("later", 4) == 0
        for number in range(4):
            assert client.produce("later", number)["ErrorCode"] == 0
        node.kill()
        if fail is break_it:  # a start without it: its partitions are nowhere else
            node.start()
            client = Client(node)
            until(lambda: client.partitions("t")[min(parts["bad"])]["LeaderId"] == -1, 10,
                  "no leader after the start")
            check_offline(client, parts)
            node.kill()
        node.disks["bad"].unmount()
        subprocess.run(["fsck.ext4", "-p", node.disks["bad"].image], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        node.disks["bad"].mount()
        node.start()
        client = Client(node)
        for number in range(PARTITIONS):
            until(lambda: client.produce("t", number)["ErrorCode"] == 0, 20,  # noqa: B023
                  f"partition {number} after the disk came back")
        assert node.stop() == 0
    finally:
        if sys.exc_info()[0] is not None:
            print(node.last_words(), flush=True)
        node.discard()


def metadata_fails(options, directory):
    """The metadata log's directory is the disk that breaks."""
    disk = file_disk(directory / "only", 128)
    other = MemoryDisk(directory / "other", 64)
    disk.mount()
    other.mount()
    at = disk.mount_point / "data"
    node = campaign.Node(directory / "node", f"{at},{other.mount_point / 'more'}", options.server)
    try:
        node.start()
        client = Client(node)
        assert client.create("t", 2) == 0
        disk.cut_power()
        with contextlib.suppress(Closed):  # the server may be gone by then
            client.produce("t")
        status = node.process.wait(30)
        assert status != 0, "ended as if nothing had happened"
        assert "can't go on" in node.last_words(), node.last_words()
    finally:
        if node.running():
            node.kill()
        disk.discard()
        other.discard()


def one_is_slow(options, directory, seconds):
    """Returns why it could not be tried."""
    node = Node(options, directory)
    group = None
    try:
        client, parts = node.begin()
        device = subprocess.run(["findmnt", "-n", "-o", "SOURCE", node.disks["bad"].mount_point],
                                check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
        group, why = own_throttle(f"odradek-disks-{node.process.pid}", device, 1 << 20)
        if why is not None:
            return why
        (group / "cgroup.procs").write_text(str(node.process.pid))
        is_over = threading.Event()

        def load_the_slow_one(number):
            mine = Client(node)
            while not is_over.is_set():
                mine.produce("t", number, bytes(900_000))

        loads = [threading.Thread(target=load_the_slow_one, args=(number,))
                 for number in list(parts["bad"]) * 6]
        for load in loads:
            load.start()
        time.sleep(1)  # the load itself: every flush of the slow disk takes its time by now
        waits, descriptions = [], []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for number in parts["good"]:
                started = time.monotonic()
                assert client.produce("t", number)["ErrorCode"] == 0
                waits.append(time.monotonic() - started)
            started = time.monotonic()
            described = client.call("DescribeLogDirs", 4, {"Topics": None})["Results"]
            descriptions.append(time.monotonic() - started)
            assert all(one["ErrorCode"] == 0 for one in described), described
        started = time.monotonic()
        Client(node).produce("t", min(parts["bad"]))
        slow = time.monotonic() - started
        is_over.set()
        (group.parent / "cgroup.procs").write_text(str(node.process.pid))
        for load in loads:
            load.join()
        waits.sort()
        middle, late = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
        print(f"beside a slow directory ({slow:.2f} s a record): {len(waits)} records, half within "
              f"{middle * 1000:.1f} ms, 99 % within {late * 1000:.1f} ms", flush=True)
        assert slow > 4 * late, "the slow directory was not slow, or the other one was"
        assert late < 0.5, f"99 % within {late:.2f} s"
        assert max(descriptions) < slow / 2, f"described within {max(descriptions):.2f} s"
        return None
    finally:
        node.discard()
        if group is not None:
            until(lambda: not (group / "cgroup.procs").read_text(), 10, "the cgroup's end")
            group.rmdir()


def tried(results, name, work):
    try:
        why = work()
    except (campaign.ServerFailed, AssertionError, OSError, Closed) as error:
        campaign.judge(results, name, [repr(error)])
        return []
    if why is not None:
        return [f"{name}: {why}"]
    campaign.judge(results, name, [])
    return []


def main():
    options = campaign.arguments(__doc__)
    results = campaign.Results()
    skipped = []
    with campaign.workplace("directories", options.keep, results) as directory:
        why = campaign.own_mounts() or loop_disk.why_not(directory / "probe")
        if why is not None:
            return campaign.finish(results, [f"failing directories: {why}"])
        random.seed(options.seed)
        skipped += tried(results, "one directory fails",
                         lambda: one_fails(options, directory / "fails", break_it))
        skipped += tried(results, "one directory becomes read-only",
                         lambda: one_fails(options, directory / "ro", make_it_read_only))
        skipped += tried(results, "the metadata's directory fails",
                         lambda: metadata_fails(options, directory / "metadata"))
        skipped += tried(results, "one directory is slow",
                         lambda: one_is_slow(options, directory / "slow", options.seconds))
    return campaign.finish(results, skipped)


if __name__ == "__main__":
    sys.exit(main())
