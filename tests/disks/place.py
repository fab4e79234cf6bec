# SPDX-License-Identifier: Apache-2.0
"""Disks of a size, what fills them, and the requests that ask a server about them."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / part) for part in ("tests/faults", "tests/answers", "tests/clients")]
import loop_disk  # noqa: E402
from batches import batch  # noqa: E402
from codec import Connection  # noqa: E402

STORAGE_ERROR, LEADER_NOT_AVAILABLE = 56, 5
RECOVERY_S = 5.0  # from room appearing to the next record written


class MemoryDisk:
    """A tmpfs."""

    def __init__(self, directory, size_mib):
        self.mount_point = directory / "mnt"
        self.mount_point.mkdir(parents=True)
        self.size_mib = size_mib

    def mount(self):
        loop_disk.run("mount", "-t", "tmpfs", "-o", f"size={self.size_mib}m", "tmpfs",
                      self.mount_point)
        return self

    def discard(self):
        if os.path.ismount(self.mount_point):
            loop_disk.run("umount", "--lazy", self.mount_point)


def file_disk(directory, size_mib):
    """ext4 whose owner may use all of it: what is free for root is free for everybody."""
    disk = loop_disk.LoopDisk(directory, size_mib, "errors=remount-ro")
    loop_disk.run("tune2fs", "-m", "0", disk.image)
    return disk


class Filler:
    """Somebody else's file on a disk."""

    def __init__(self, mount_point):
        self.path = mount_point / "filler"

    def fill(self, free_bytes=0):
        """Until so much is free. The last bytes go one page after the other, as the file system
        gives them."""
        # Without a buffer: what found no room in one would be written again when it closes.
        with open(self.path, "ab", buffering=0) as filler:
            while True:
                space = os.fstatvfs(filler.fileno())
                wanted = space.f_bavail * space.f_frsize - free_bytes
                size = os.fstat(filler.fileno()).st_size
                if wanted < 4096:
                    return
                try:
                    os.posix_fallocate(filler.fileno(), size, wanted)
                except OSError:
                    if not self.write_pages(filler):
                        return

    @staticmethod
    def write_pages(filler):
        """Returns whether any could be written."""
        before = filler.tell()
        try:
            for _ in range(64):
                filler.write(bytes(4096))
        except OSError:
            pass
        return filler.tell() > before

    def remove(self):
        self.path.unlink(missing_ok=True)


class Client:
    """One connection with plain requests."""

    def __init__(self, node):
        self.connection = Connection(node.port)

    def call(self, api, version, values):
        return self.connection.call(api, version, values)

    def create(self, name, partitions):
        answer = self.connection.call("CreateTopics", 7, {"Topics": [
            {"Name": name, "NumPartitions": partitions, "ReplicationFactor": 1}],
            "timeoutMs": 30000})
        return answer["Topics"][0]["ErrorCode"]

    def delete(self, name):
        answer = self.connection.call("DeleteTopics", 5, {"TopicNames": [name],
                                                          "TimeoutMs": 30000})
        return answer["Responses"][0]["ErrorCode"]

    def produce(self, topic, partition=0, value=b"value"):
        """The partition's answer."""
        answer = self.connection.call("Produce", 9, {
            "Acks": -1, "TimeoutMs": 30000, "TopicData": [{"Name": topic, "PartitionData": [
                {"Index": partition, "Records": batch((value,))}]}]})
        return answer["Responses"][0]["PartitionResponses"][0]

    def partitions(self, topic):
        """The partitions of a topic as the metadata shows them, by number."""
        answer = self.connection.call("Metadata", 9, {
            "Topics": [{"Name": topic}], "AllowAutoTopicCreation": False,
            "IncludeClusterAuthorizedOperations": False,
            "IncludeTopicAuthorizedOperations": False})
        return {one["PartitionIndex"]: one for one in answer["Topics"][0]["Partitions"]}

    def directories(self):
        """Error code and partitions of each log directory, by its last name."""
        answer = self.connection.call("DescribeLogDirs", 2, {"Topics": None})
        return {Path(one["LogDir"]).name: (one["ErrorCode"], {
            (topic["Name"], partition["PartitionIndex"])
            for topic in one["Topics"] for partition in topic["Partitions"]})
            for one in answer["Results"]}


def until(holds, patience_s, what):
    """Seconds until `holds()`; AssertionError when it never does."""
    started = time.monotonic()
    while not holds():
        if time.monotonic() - started > patience_s:
            raise AssertionError(f"{what}: not within {patience_s} s")
        time.sleep(0.01)
    return time.monotonic() - started


def own_throttle(name, device, bytes_per_second):
    """A cgroup whose processes write no faster to the device; why not, where there is none."""
    root = Path("/sys/fs/cgroup/blkio")
    if not (root / "blkio.throttle.write_bps_device").exists():
        return None, "no blkio cgroup with throttling here"
    group = root / name
    group.mkdir(exist_ok=True)
    number = subprocess.run(["lsblk", "-n", "-o", "MAJ:MIN", device], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    (group / "blkio.throttle.write_bps_device").write_text(f"{number} {bytes_per_second}")
    return group, None
