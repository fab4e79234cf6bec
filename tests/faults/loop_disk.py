# SPDX-License-Identifier: Apache-2.0
"""A disk whose power can be cut: ext4 in a file, mounted by a loop device, and the ioctl that shuts
ext4 down without writing its journal. What was flushed is there after the next mount; what was not,
is not.
"""

import fcntl
import os
import signal
import struct
import subprocess
import time
from pathlib import Path

EXT4_IOC_SHUTDOWN = 0x8004587D
NOLOGFLUSH = struct.pack("I", 2)


class LoopDisk:
    def __init__(self, directory, size_mib=1024, options="data=ordered"):
        directory.mkdir(parents=True)
        self.image = directory / "disk.img"
        self.mount_point = directory / "mnt"
        self.options = f"loop,{options}"
        self.mount_point.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(size_mib << 20)
        run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,nodiscard", self.image)

    def mount(self):
        run("mount", "-o", self.options, self.image, self.mount_point)
        return self

    def cut_power_of(self, process):
        """The machine of a process loses its power: it does nothing any more, and what it did not
        flush is gone. It is to be killed, then `unmount`.

        It is stopped first, for the kernel can let a flush that is under way succeed while ext4
        shuts down, though its bytes are lost (a bare loop of writes and flushes was told so 16
        times in 150 cuts, and never when it was stopped before): whoever lives on believes it."""
        stop(process)
        wait_until_halted(process)
        self.cut_power()

    def cut_power(self):
        """From now on every write and flush fails, but for a flush that is under way now."""
        descriptor = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, NOLOGFLUSH)
        finally:
            os.close(descriptor)

    def unmount(self):
        run("umount", self.mount_point)

    def discard(self):
        if os.path.ismount(self.mount_point):
            run("umount", "--lazy", self.mount_point)
        self.image.unlink(missing_ok=True)


def write_page_by_page(disk):
    """Of a mounted disk. The loop device takes a write that went half well for one that went well;
    where its file's disk may be full, no write is to be larger than what fits or does not."""
    listed = run("losetup", "-j", disk.image, "-O", "NAME", "-n")
    queue = Path("/sys/block") / Path(listed.strip()).name / "queue"
    (queue / "max_sectors_kb").write_text("4")


def check(disk):
    """Mends the file system of a disk that is not mounted, as the start of a machine does."""
    done = subprocess.run(["e2fsck", "-f", "-y", disk.image], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode not in (0, 1):
        raise OSError(f"e2fsck: {done.stdout.strip()}")


def stop(process):
    process.send_signal(signal.SIGSTOP)


def wait_until_halted(process):
    """Of one that is being stopped: until it does nothing any more."""
    tasks = Path(f"/proc/{process.pid}/task")
    while not all(is_halted(task) for task in tasks.iterdir()):
        time.sleep(0.0005)


def is_halted(task):
    """Whether a thread is stopped, or waits for the disk and stops when it comes back."""
    try:
        return (task / "stat").read_text().rpartition(") ")[2][0] in "TDZX"
    except FileNotFoundError:
        return True


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise OSError(f"{command[0]}: {done.stdout.strip()}")
    return done.stdout


def why_not(directory):
    """Why there can be no such disk here, or None."""
    try:
        disk = LoopDisk(directory, 16).mount()
    except OSError as error:
        return f"ext4 on a loop device cannot be mounted here (root, /dev/loop*): {error}"
    disk.unmount()
    disk.discard()
    return None
