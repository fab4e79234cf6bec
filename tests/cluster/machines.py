# SPDX-License-Identifier: Apache-2.0
"""Machines on one machine: each has a network namespace, with an address on a bridge that only this
process sees, and whatever is started on it. Cut apart, they hear nothing of each other and nobody
tells them. Everything is gone when this process ends, however it ends.

Where network namespaces are not to be had all machines are the loopback, and nothing can be cut.
"""

import ctypes
import os
import shutil
import signal
import subprocess

CLONE_NEWNET = 0x40000000
NETWORK = "10.77.0"
HERE = 1  # the address of this process, where the clients are
NOBODY = "02:00:00:00:00:ff"  # what is sent to this Ethernet address nobody takes
PATIENCE_S = 20
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


def run(*words):
    subprocess.run(words, check=True, capture_output=True, text=True, timeout=PATIENCE_S)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    """`number` is the last part of its address."""

    def __init__(self, network, name, number):
        self.network = network
        self.name = name
        self.number = number
        self.holder = None
        self.silenced = set()  # addresses that nothing is sent to

    @property
    def address(self):
        return f"{NETWORK}.{self.number}" if self.network.is_real else "127.0.0.1"

    @property
    def prefix(self):
        """The words that a command begins with, to run here."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"] if self.holder else []

    def join(self):
        self.holder = subprocess.Popen(["sleep", "infinity"], preexec_fn=self.leave_network)
        here = f"veth{self.number}"
        run("ip", "link", "add", here, "type", "veth", "peer", "name", "eth0", "netns",
            str(self.holder.pid))
        run("ip", "link", "set", here, "master", "br0", "up")
        for words in ("link set lo up", f"addr add {self.address}/24 dev eth0",
                      "link set eth0 up"):
            run(*self.prefix, "ip", *words.split())

    @staticmethod
    def leave_network():
        die_with_parent()
        if libc.unshare(CLONE_NEWNET) != 0:
            os._exit(1)

    def deafen(self, address):
        """From here on nothing that is sent from here arrives at the address."""
        self.silenced.add(address)
        run(*self.prefix, "ip", "neigh", "replace", address, "lladdr", NOBODY, "dev",
            "eth0" if self.holder else "br0", "nud", "permanent")

    def hear(self, address):
        self.silenced.discard(address)
        run(*self.prefix, "ip", "neigh", "del", address, "dev", "eth0" if self.holder else "br0")

    def end(self):
        if self.holder is not None:
            run("ip", "link", "del", f"veth{self.number}")  # else it goes a moment later
            self.holder.kill()
            self.holder.wait()


class Network:
    """The machines of one run. Makes this process's network its own: it is to be made before there
    are threads. `why` says why it is not real, else it is None."""

    def __init__(self):
        self.why = self.separate()
        self.machines = []
        self.here = Machine(self, "clients", HERE)

    @property
    def is_real(self):
        return self.why is None

    @staticmethod
    def separate():
        for tool in ("ip", "nsenter"):
            if shutil.which(tool) is None:
                return f"network namespaces need {tool}"
        if libc.unshare(CLONE_NEWNET) != 0:
            return f"network namespaces are not to be had: {os.strerror(ctypes.get_errno())}"
        try:
            for words in ("link set lo up", "link add br0 type bridge",
                          f"addr add {NETWORK}.{HERE}/24 dev br0", "link set br0 up"):
                run("ip", *words.split())
        except subprocess.SubprocessError as error:
            raise SystemExit(f"a network of one's own, but no bridge in it: {error}") from error
        return None

    def add(self, name, number):
        machine = Machine(self, name, number)
        if self.is_real:
            machine.join()
        self.machines.append(machine)
        return machine

    @staticmethod
    def cut(one, other, is_one_way=False):
        """Nothing from `one` arrives at `other`, nor, unless one way, the other way round."""
        one.deafen(other.address)
        if not is_one_way:
            other.deafen(one.address)

    def cut_off(self, machine):
        """From everybody."""
        for other in (*self.machines, self.here):
            if other is not machine:
                self.cut(machine, other)

    def heal(self):
        for machine in (*self.machines, self.here):
            for address in list(machine.silenced):
                machine.hear(address)

    def clear(self):
        """Without machines, for the next cluster."""
        self.heal()
        for machine in self.machines:
            machine.end()
        self.machines.clear()
