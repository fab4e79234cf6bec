# SPDX-License-Identifier: Apache-2.0
"""The power of brokers' machines. Each broker has its data on a disk of its own, ext4 on a loop
device (tests/faults/loop_disk.py), which forgets at a cut what was not flushed. Mounts and devices
are gone when this process ends, however it ends.
"""

import contextlib
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "faults"))
import campaign  # noqa: E402
import loop_disk  # noqa: E402

DISK_MIB = 4096  # takes what is written only


def why_not(directory):
    """Why no power can be cut here, or None: then mounts are this process's own from here on, so it
    is to be asked before there are threads."""
    return campaign.own_mounts() or loop_disk.why_not(directory / "probe")


@contextlib.contextmanager
def disks(brokers):
    """While it lasts the brokers, which have not been started before and are gone afterwards, have
    disks. What is on them stays in their images."""
    try:
        for broker in brokers:
            broker.disk = loop_disk.LoopDisk(broker.directory / "disk", DISK_MIB).mount()
            broker.data = broker.disk.mount_point / "data"
        yield
    finally:
        for broker in brokers:
            if broker.disk is not None and os.path.ismount(broker.disk.mount_point):
                broker.disk.unmount()


def lose(brokers, is_unheard=False):
    """The machines of all these brokers lose their power at one moment; they can be started again.
    Unheard: nobody hears that the connections are closed, until the network is healed."""
    processes = [broker.process for broker in brokers if broker.is_running()]
    for process in processes:
        loop_disk.stop(process)
    for process in processes:
        loop_disk.wait_until_halted(process)
    for broker in brokers:
        broker.disk.cut_power()
        if is_unheard:
            broker.machine.network.cut_off(broker.machine)
    for broker in brokers:
        broker.kill()
        broker.disk.unmount()
        broker.disk.mount()
