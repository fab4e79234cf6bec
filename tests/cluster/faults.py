#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults of all kinds happen to a cluster under load, one after the other and two at a time, as a
seed draws them. Every acknowledged record is read once, in order, and every replica has the same
bytes.

faults.py [--server build/release/odradek] [--seed N] [--seconds 60] [--brokers 3]
          [--zookeepers 1] [--programmes java,go] [--power] [--only FAULT,…] [--dump]

--power: power is cut, too, which needs disks of the brokers' own. With four brokers partitions
move, too. --dump: Apache's DumpLogSegments over every replica's files in the end (dumped.py).
"""

import collections
import random
import sys
import time
from pathlib import Path

import confluent_kafka

import power
from brokers import ROOT, Cluster, ServerFailed
from clients import TOPIC, Crowd
from dumped import Dump
from kinds import FAULTS, MOST_S, any_broker, fault
from machines import Network
from programmes import Programmes
import moving_faults  # noqa: F401 - the faults in it

sys.path.append(str(ROOT / "tests/faults"))
import campaign  # noqa: E402

TURN_S = 45  # of the programmes, which give up after 90



@fault()
def killed(cluster, rng):
    broker = any_broker(cluster, rng)
    broker.kill()
    return broker.start


@fault()
def killed_again_while_starting(cluster, rng):
    broker = any_broker(cluster, rng)
    broker.kill()

    def undo():
        for _ in range(rng.randrange(1, 4)):
            broker.start_without_waiting()
            time.sleep(rng.uniform(0, 0.5))
            broker.kill()
        broker.start()

    return undo


@fault()
def stopped(cluster, rng):
    broker = any_broker(cluster, rng)
    broker.stop()
    return broker.start


@fault()
def on_another_port(cluster, rng):
    broker = any_broker(cluster, rng)
    broker.kill()
    broker.move()
    return broker.start


@fault()
def paused(cluster, rng):
    broker = any_broker(cluster, rng)
    broker.pause()
    return broker.resume


@fault(whole=True)
def lost_its_disk(cluster, rng):
    broker = any_broker(cluster, rng)
    broker.kill()
    broker.lose_disk()

    def undo():
        cluster.wait_until_forgotten(broker)
        broker.start()

    return undo


@fault(goes_on=False)
def all_killed(cluster, rng):
    for broker in cluster.brokers:
        broker.kill()
    return lambda: cluster.start_again(rng)


@fault(is_of_power=True)
def loses_power(cluster, rng):
    """Its connections are closed, or nobody hears anything."""
    broker = any_broker(cluster, rng)
    power.lose([broker], is_unheard=cluster.network.is_real and rng.random() < 0.5)

    def undo():
        cluster.network.heal()
        broker.start()

    return undo


@fault(is_of_power=True)
def stopped_and_loses_power(cluster, rng):
    """Its clean stop is on the disk, and so is everything else."""
    broker = any_broker(cluster, rng)
    broker.stop()
    power.lose([broker])
    return broker.start


@fault(is_of_power=True)
def loses_power_again_while_starting(cluster, rng):
    broker = any_broker(cluster, rng)
    power.lose([broker])

    def undo():
        for _ in range(rng.randrange(1, 4)):
            broker.start_without_waiting()
            time.sleep(rng.uniform(0, 0.5))
            power.lose([broker])
        broker.start()

    return undo


@fault(is_of_power=True, goes_on=False)
def all_lose_power(cluster, rng):
    power.lose(cluster.brokers)
    return lambda: cluster.start_again(rng)


@fault(is_of_power=True, goes_on=False)
def power_is_lost_everywhere(cluster, rng):
    """ZooKeeper's servers are without power, too, and come back before or after the brokers."""
    power.lose(cluster.brokers)
    for server in cluster.ensemble.servers:
        server.kill()

    def undo():
        starts = [*(broker.start_without_waiting for broker in cluster.brokers),
                  *(server.start for server in cluster.ensemble.servers)]
        for start in rng.sample(starts, len(starts)):
            start()
            time.sleep(rng.uniform(0, 0.5))
        cluster.ensemble.wait()
        for broker in cluster.brokers:
            broker.wait()

    return undo


@fault(is_of_power=True, whole=True)
def lost_its_disk_and_then_power(cluster, rng):
    """While it is being filled, or before it has said who it is."""
    broker = any_broker(cluster, rng)
    broker.kill()
    broker.lose_disk()

    def undo():
        cluster.wait_until_forgotten(broker)
        broker.start_without_waiting()
        time.sleep(rng.uniform(0, 1))
        power.lose([broker])
        cluster.wait_until_forgotten(broker)
        broker.start()

    return undo


@fault(is_of_power=True, goes_on=False)
def all_lose_power_again_while_starting(cluster, rng):
    power.lose(cluster.brokers)

    def undo():
        for _ in range(rng.randrange(1, 3)):
            for broker in cluster.brokers:
                broker.start_without_waiting()
            time.sleep(rng.uniform(0, 2))
            power.lose(cluster.brokers)
        cluster.start_again(rng)

    return undo


@fault(is_of_power=True, goes_on=False)
def all_lose_power_in_turn(cluster, rng):
    """The next one while the one before may not have caught up."""
    for broker in rng.sample(cluster.brokers, len(cluster.brokers)):
        power.lose([broker])
        time.sleep(rng.uniform(0, 1))
        broker.start_without_waiting()
        time.sleep(rng.uniform(0, 1))

    def undo():
        for broker in cluster.brokers:
            broker.wait()

    return undo


@fault(is_of_power=True, goes_on=False)
def all_killed_and_then_lose_power(cluster, rng):
    """What the killed ones had not flushed is read by the next ones, and is not on the disk yet."""
    for broker in cluster.brokers:
        broker.kill()
    cluster.start_again(rng)
    time.sleep(rng.uniform(0, 1))
    power.lose(cluster.brokers)
    return lambda: cluster.start_again(rng)


@fault(is_of_network=True)
def cut_off(cluster, rng):
    cluster.network.cut_off(any_broker(cluster, rng).machine)
    return cluster.network.heal


@fault(is_of_network=True, goes_on=False)
def does_not_hear(cluster, rng):
    broker = any_broker(cluster, rng)
    for other in cluster.network.machines:
        if other is not broker.machine:
            cluster.network.cut(other, broker.machine, is_one_way=True)
    return cluster.network.heal


@fault(is_of_network=True, goes_on=False)
def is_not_heard(cluster, rng):
    broker = any_broker(cluster, rng)
    for other in cluster.network.machines:
        if other is not broker.machine:
            cluster.network.cut(broker.machine, other, is_one_way=True)
    return cluster.network.heal


@fault(is_of_network=True)
def cut_from_zookeeper(cluster, rng):
    broker = any_broker(cluster, rng)
    for machine in cluster.zookeepers:
        cluster.network.cut(broker.machine, machine)
    return cluster.network.heal


@fault(is_of_network=True, goes_on=False)
def cut_from_the_controller(cluster, rng):
    controller = cluster.controller()
    others = [broker for broker in cluster.running() if broker is not controller]
    if controller is not None and others:
        cluster.network.cut(rng.choice(others).machine, controller.machine)
    return cluster.network.heal


@fault(is_of_network=True, goes_on=False)
def cut_from_the_clients(cluster, rng):
    cluster.network.cut(any_broker(cluster, rng).machine, cluster.network.here)
    return cluster.network.heal


@fault()
def zookeeper_away(cluster, rng):
    """Nothing new is decided, and everybody goes on."""
    for server in cluster.ensemble.servers:
        server.kill()

    def undo():
        for server in cluster.ensemble.servers:
            server.start()
        cluster.ensemble.wait()

    return undo


@fault()
def zookeepers_leader_killed(cluster, rng):
    leader = cluster.ensemble.leader()
    if leader is None:
        return lambda: None
    leader.kill()

    def undo():
        leader.start()
        cluster.ensemble.wait()

    return undo


# The files of a replica that is taken away go soon.
SETTINGS = {"log.segment.delete.delay.ms": "1000"}


class Campaign:
    def __init__(self, options, cluster, crowd, programmes, rng, faults):
        self.options = options
        self.cluster = cluster
        self.crowd = crowd
        self.programmes = programmes
        self.rng = rng
        self.faults = faults
        self.done = collections.Counter()
        self.longest = 0.0  # without an acknowledged record of some producer

    def run(self):
        deadline = campaign.Deadline(self.options.seconds)
        names = []
        while not self.is_enough(deadline):
            self.programmes.start()
            turn = campaign.Deadline(TURN_S)
            while not turn.is_over() and not self.is_enough(deadline):
                if not names:  # each once, then again in another order
                    names = self.rng.sample(list(self.faults), len(self.faults))
                self.step(names.pop())
            self.programmes.finish()

    def is_enough(self, deadline):
        return deadline.is_over() or self.crowd.violations

    def step(self, name):
        fault = self.faults[name]
        cluster, crowd = self.cluster, self.crowd
        if fault.whole:
            crowd.administrator.wait_until_settled()
        elif self.rng.random() < 0.5:
            cluster.until(lambda: cluster.is_in_sync(TOPIC), "every replica is in sync")
        undo = fault.begin(cluster, self.rng)
        self.done[name] += 1
        length = self.rng.choice((0.1, 0.5, 1, MOST_S)) * self.rng.random()
        started = time.monotonic()
        if fault.goes_on and self.others_are_in_sync():
            self.longest = max(self.longest, crowd.wait_for_progress(50))
        time.sleep(max(0, length - (time.monotonic() - started)))
        undo()
        self.longest = max(self.longest, crowd.wait_for_progress(50))
        for broker in cluster.brokers:
            if not broker.is_running():
                crowd.history.violation(f"{broker.name} ended by itself with status "
                                        f"{broker.process.returncode}\n{broker.last_words()}")

    def others_are_in_sync(self):
        """Whether two of each partition's replicas may be in sync without the one that is gone:
        what was not whole before may have to wait for it."""
        return all(len(found.isrs) >= 2 for found in self.cluster.partitions(TOPIC).values())


def chosen(options, network, can_cut_power):
    """The faults that are asked for and can be here: name → fault."""
    if options.only:
        names = options.only.split(",")
    else:
        names = [name for name, fault in FAULTS.items()
                 if (options.power or not fault.is_of_power)
                 and fault.brokers <= options.brokers
                 and (options.zookeepers >= 3 or name != "zookeepers_leader_killed")]
    return {name: FAULTS[name] for name in names
            if (network.is_real or not FAULTS[name].is_of_network)
            and (can_cut_power or not FAULTS[name].is_of_power)}


def run(options, directory, network, faults):
    rng = random.Random(options.seed)
    made = Cluster(directory, options.server, network, options.brokers, options.zookeepers,
                   SETTINGS)
    needs_disks = any(fault.is_of_power for fault in faults.values())
    with power.disks(made.brokers if needs_disks else []), made as cluster:
        with Crowd(cluster, options.seed, keyed="topic_grows" in faults) as crowd:
            programmes = Programmes(crowd.history, directory, options.programmes, cluster)
            ran = Campaign(options, cluster, crowd, programmes, rng, faults)
            try:
                crowd.wait_for_progress(500)
                ran.run()
                crowd.administrator.wait_until_settled()
                crowd.administrator.wait_until_tidy()
                crowd.verify()
                if options.dump and not crowd.violations:
                    print(Dump(cluster, crowd, directory / "dump").check(), flush=True)
            except (ServerFailed, TimeoutError, confluent_kafka.KafkaException) as error:
                crowd.history.violation(str(error))
            finally:
                programmes.end()
            acknowledged, shown = crowd.history.counts()
            words = ", ".join(f"{name} {count}" for name, count in sorted(ran.done.items()))
            print(f"{sum(ran.done.values())} faults ({words})", flush=True)
            print(f"{acknowledged} records acknowledged, {shown} shown; the longest wait for all "
                  f"producers {ran.longest:.1f} s", flush=True)
            return crowd.violations


def main():
    options = campaign.arguments(__doc__, only="", brokers=3, zookeepers=1, programmes="",
                                 power=False, dump=False)
    results = campaign.Results()
    network = Network()
    skipped = [] if network.is_real else [f"faults of the network: {network.why}"]
    with campaign.workplace("cluster", options.keep, results) as directory:
        faults = chosen(options, network, can_cut_power=True)
        if any(fault.is_of_power for fault in faults.values()):
            why = power.why_not(Path(directory))
            if why is not None:
                skipped.append(f"power cuts: {why}")
                faults = chosen(options, network, can_cut_power=False)
        if faults:
            violations = run(options, Path(directory) / "cluster", network, faults)
            campaign.judge(results, "faults of a cluster", violations)
    return campaign.finish(results, skipped)


if __name__ == "__main__":
    sys.exit(main())
