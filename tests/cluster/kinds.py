# SPDX-License-Identifier: Apache-2.0
"""What a fault of faults.py and a case of plain.py are, and what several of them do."""

from clients import TOPIC

FAULTS = {}
MOST_S = 8  # a fault lasts no longer: more than two sessions


class Fault:
    """`begin(place, rng)` does it and returns what undoes it. `goes_on`: clients are served
    meanwhile; one that is attached to a leader that nobody else hears may wait for its request's
    time-out, as with Kafka. `whole`: every replica has to be in sync before. `brokers`: how many it
    takes at least."""

    def __init__(self, name, begin, goes_on=True, is_of_network=False, is_of_power=False,
                 whole=False, brokers=3):
        self.name = name
        self.begin = begin
        self.goes_on = goes_on
        self.is_of_network = is_of_network
        self.is_of_power = is_of_power
        self.whole = whole
        self.brokers = brokers


def fault(**more):
    def add(function):
        FAULTS[function.__name__] = Fault(function.__name__, function, **more)
        return function
    return add


def any_broker(cluster, rng):
    """One that runs: often the controller or a leader."""
    running = cluster.running()
    special = [broker for broker in (cluster.controller(), cluster.leader(TOPIC))
               if broker in running]
    return rng.choice(special if special and rng.random() < 0.5 else running)


CASES = {}


def case(is_durable=True, needs_network=False, needs_zookeeper=False, needs_power=False,
         zookeepers=1, settings=None, brokers=3, **config):
    """A case takes the cluster, its crowd at work, and the choices of the seed; it returns words
    about what it measured. `config` is the topic's. Not durable: records may be lost. `zookeepers`:
    servers of the ensemble; `settings`: of the brokers, {number} their number; `brokers`: how many
    there are."""
    def add(function):
        function.is_durable, function.config = is_durable, config
        function.zookeepers, function.settings = zookeepers, settings or {}
        function.needs_power = needs_power
        function.brokers = brokers
        function.needs_network, function.needs_zookeeper = needs_network, needs_zookeeper
        CASES[function.__name__] = function
        return function
    return add


def lose(cluster, crowd, broker, how):
    """Something happens to the broker; how long until the next record of every producer, in every
    partition that it led, is acknowledged."""
    how(broker)
    took = crowd.wait_for_progress(200)
    return f"{took:.2f} s until the next acknowledged writes"


def bring_back(cluster, broker, waits=True):
    broker.start()
    cluster.until(lambda: broker.number in cluster.live(), f"{broker.name} is back")
    if waits:
        cluster.until(lambda: cluster.is_in_sync(TOPIC), "every replica is in sync again")
