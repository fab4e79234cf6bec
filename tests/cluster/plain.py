#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One thing after the other that happens to a cluster of three brokers, each under the load of real
clients, and what the clients were told is held against all replicas afterwards.

plain.py [--server build/release/odradek] [--seed N] [--only NAME,…] [--dump] [--peer]

--dump: Apache's DumpLogSegments over every replica's files, too (dumped.py).
--peer: nodes of Apache Kafka instead, on which the cases are proven.
"""

import json
import random
import re
import sys
import time
from pathlib import Path

import confluent_kafka

import power
from brokers import PATIENCE_S, ROOT, SETTINGS, Cluster, ServerFailed
from clients import GROUP, TOPIC, Crowd
from dumped import Dump
from kafkas import Kafkas
from kinds import CASES, bring_back, case, lose
from machines import Network
import moving_cases  # noqa: F401 - the cases in it

sys.path.append(str(ROOT / "tests/faults"))
import campaign  # noqa: E402
import load  # noqa: E402

AWAY_S = 12  # four times a session


@case()
def leader_killed(cluster, crowd, rng):
    broker = cluster.leader(TOPIC, rng.randrange(crowd.partitions))
    words = lose(cluster, crowd, broker, lambda it: it.kill())
    bring_back(cluster, broker)
    return words


@case()
def controller_killed(cluster, crowd, rng):
    broker = cluster.controller()
    words = lose(cluster, crowd, broker, lambda it: it.kill())
    bring_back(cluster, broker)
    return words


@case()
def coordinator_killed(cluster, crowd, rng):
    broker = cluster.coordinator(GROUP)
    broker.kill()
    took = cluster.until(lambda: cluster.coordinator(GROUP) not in (None, broker),
                         "the group has another coordinator")
    before = [member.commits for member in crowd.members]
    more = cluster.until(lambda: all(member.commits > count + 2
                                     for member, count in zip(crowd.members, before)),
                         "every member of the group commits again")
    bring_back(cluster, broker)
    return f"another coordinator after {took:.2f} s, the group commits {more:.2f} s later"


@case(needs_zookeeper=True)
def controller_and_coordinator_killed(cluster, crowd, rng):
    broker = cluster.controller()
    group = next(name for name in map("group {}".format, range(1000))
                 if cluster.coordinator(name) is broker)
    broker.kill()
    took = cluster.until(lambda: cluster.coordinator(group) not in (None, broker),
                         "the group has another coordinator")
    moved = f"moved from {broker.name} to {cluster.coordinator(group).name}, because {broker.name}"
    told = cluster.until(lambda: moved in cluster.why("group", group), "it is told why")
    bring_back(cluster, broker)
    return f"another coordinator after {took:.2f} s, told why {told:.2f} s later"


@case()
def rolling_restart(cluster, crowd, rng):
    stops = []
    for broker in cluster.brokers:
        stops.append(broker.stop())
        crowd.wait_for_progress(200)
        bring_back(cluster, broker)
        crowd.wait_for_progress(200)
    failed = sum(producer.failed for producer in crowd.producers)
    if failed:
        crowd.history.violation(f"{failed} records failed in a rolling restart")
    return f"the stops took {', '.join(f'{took:.2f}' for took in stops)} s"


@case()
def another_port(cluster, crowd, rng):
    broker = rng.choice(cluster.brokers)
    broker.stop()
    broker.move()
    bring_back(cluster, broker)
    held = {replica for found in cluster.partitions(TOPIC).values() for replica in found.replicas}
    if broker.number not in held:
        crowd.history.violation(f"{broker.name} lost its partitions with its address")
    # Clients find it: it leads again when it is the preferred one, or serves as a follower.
    crowd.wait_for_progress(200)
    return "kept its partitions"


@case()
def disk_lost(cluster, crowd, rng):
    broker = cluster.leader(TOPIC, rng.randrange(crowd.partitions))
    broker.kill()
    broker.lose_disk()
    crowd.wait_for_progress(200)
    cluster.wait_until_forgotten(broker)
    bring_back(cluster, broker)
    return "came back empty and was filled"


def flip(file, place):
    with open(file, "r+b") as log:
        log.seek(place)
        byte = log.read(1)
        log.seek(place)
        log.write(bytes([byte[0] ^ 4]))


def end_of(consumer, place):
    """None while a new leader does not know it yet."""
    try:
        return consumer.get_watermark_offsets(place, PATIENCE_S)[1]
    except confluent_kafka.KafkaException:
        return None


def read_from(cluster, partition):
    """Everything that is there now, as a consumer that begins at the first offset gets it."""
    consumer = confluent_kafka.Consumer({**cluster.client_settings(), "group.id": "reader"})
    place = confluent_kafka.TopicPartition(TOPIC, partition, 0)
    ends = []
    cluster.until(lambda: ends.append(end_of(consumer, place)) or ends[-1] is not None,
                  "the leader knows its end")
    consumer.assign([place])
    read = 0

    def is_read():
        nonlocal read
        for message in consumer.consume(500, 0.05):
            if message.error() is None:
                read = message.offset() + 1
            elif message.error().code() > 0:  # a broker's
                raise ServerFailed(f"a consumer is shown {message.error()}")
        return read >= ends[-1]

    cluster.until(is_read, f"{TOPIC}-{partition} is read up to offset {ends[-1]}")
    consumer.close()


@case(segment_ms=1000)
def damaged(cluster, crowd, rng):
    """A bit flips while the broker is stopped, in a closed segment, then in the active one. It
    leads again, and whoever reads there finds the damage."""
    partition = rng.randrange(crowd.partitions)
    broker = cluster.leader(TOPIC, partition)
    directory = broker.data / f"{TOPIC}-{partition}"
    told = f"{TOPIC}-{partition}: .*because {broker.name} found its replica damaged"
    took = []
    for turn, index in enumerate((0, -1), start=1):
        cluster.until(lambda: len(list(directory.glob("*.log"))) > 2, "there are closed segments")
        broker.stop()
        segment = [it for it in sorted(directory.glob("*.log")) if it.stat().st_size > 0][index]
        flip(segment, segment.stat().st_size // 2)
        bring_back(cluster, broker)
        cluster.elect_preferred(TOPIC, partition)
        cluster.until(lambda: cluster.leader(TOPIC, partition) is broker,
                      f"{broker.name} leads again")
        read_from(cluster, partition)
        took.append(cluster.until(
            lambda: len(re.findall(told, cluster.why("topic", TOPIC))) >= turn, "it is told why"))
        cluster.until(lambda: cluster.is_in_sync(TOPIC), "every replica is in sync again")
    return f"told why after {took[0]:.2f} and {took[1]:.2f} s, and copied again"


@case()
def paused(cluster, crowd, rng):
    broker = cluster.leader(TOPIC, rng.randrange(crowd.partitions))
    words = lose(cluster, crowd, broker, lambda it: it.pause())
    broker.resume()
    cluster.until(lambda: cluster.is_in_sync(TOPIC), "every replica is in sync again")
    return words


@case(needs_network=True)
def cut_off(cluster, crowd, rng):
    broker = cluster.leader(TOPIC, rng.randrange(crowd.partitions))
    words = lose(cluster, crowd, broker, lambda it: cluster.network.cut_off(it.machine))
    cluster.network.heal()
    cluster.until(lambda: cluster.is_in_sync(TOPIC), "every replica is in sync again")
    return words


@case()
def all_killed(cluster, crowd, rng):
    for broker in cluster.brokers:
        broker.kill()
    cluster.start_again(rng)
    took = crowd.wait_for_progress(200)
    return f"{took:.2f} s until the next acknowledged writes"


@case(needs_power=True)
def leader_loses_power(cluster, crowd, rng):
    broker = cluster.leader(TOPIC, rng.randrange(crowd.partitions))
    words = lose(cluster, crowd, broker, lambda it: power.lose([it]))
    bring_back(cluster, broker)
    return words


@case(needs_power=True)
def all_lose_power(cluster, crowd, rng):
    """Again before they are in sync, too."""
    waits = []
    for _ in range(3):
        time.sleep(rng.uniform(0, 1))
        power.lose(cluster.brokers)
        cluster.start_again(rng)
        waits.append(crowd.wait_for_progress(200))
    return f"at most {max(waits):.2f} s until the next acknowledged writes"


@case(needs_power=True, write_caching="true")
def one_at_a_time_loses_power(cluster, crowd, rng):
    """Records of the page cache survive it on the others (KIP-966): who comes back without them, be
    it at once or after a clean stop, leads nothing before it has them again."""
    waits = []
    for broker in rng.sample(cluster.brokers, 3):
        how = rng.choice(("at once", "later", "stopped"))
        if how == "stopped":
            broker.stop()
        power.lose([broker])
        if how == "later":
            waits.append(crowd.wait_for_progress(200))
        bring_back(cluster, broker)
        waits.append(crowd.wait_for_progress(200))
    return f"at most {max(waits):.2f} s until the next acknowledged writes"


@case(needs_power=True, is_durable=False, write_caching="true")
def all_lose_what_was_not_flushed(cluster, crowd, rng):
    """Which proves that the cut cuts; what is left is whole and in order."""
    lost = 0
    for _ in range(3):
        time.sleep(rng.uniform(0, 1))
        power.lose(cluster.brokers)
        promises = crowd.history.promises()
        crowd.history.forget_promises()
        cluster.start_again(rng)
        crowd.wait_for_progress(200)
        contents = load.read_everything(crowd.history, cluster.bootstrap, TOPIC, crowd.partitions)
        crowd.history.check_contents(contents)
        lost += crowd.history.lost(promises, contents)
    if lost == 0:
        crowd.history.violation("the injector cuts nothing: no record was lost")
    return f"{lost} acknowledged records lost in 3 cuts"


def lose_all_but(cluster, crowd, survivor):
    """The others are killed one after the other, while writes go on."""
    for broker in cluster.brokers:
        if broker is survivor:
            continue
        broker.kill()
        cluster.until(lambda gone=broker.number: all(
            gone not in found.isrs for found in cluster.partitions(TOPIC).values()),
            f"{broker.name} is in no set of replicas in sync")
        crowd.wait_for_progress(200)


@case(min_insync_replicas=1)
def the_third_serves_all(cluster, crowd, rng):
    survivor = rng.choice(cluster.brokers)
    lose_all_but(cluster, crowd, survivor)
    crowd.wait_for_progress(500)
    for broker in cluster.brokers:
        if broker is not survivor:
            bring_back(cluster, broker, waits=False)
    return f"{survivor.name} alone"


@case(min_insync_replicas=1)
def nobody_in_sync_is_left(cluster, crowd, rng):
    """Those that lack records never lead."""
    survivor = rng.choice(cluster.brokers)
    lose_all_but(cluster, crowd, survivor)
    survivor.kill()
    for broker in cluster.brokers:
        if broker is not survivor:
            broker.start()
    before = crowd.acknowledged()
    deadline = time.monotonic() + AWAY_S / 3
    while time.monotonic() < deadline:
        leaders = {found.leader for found in cluster.partitions(TOPIC).values()}
        if leaders - {-1, survivor.number}:
            crowd.history.violation(f"led without the only one in sync, by {leaders}")
            break
        time.sleep(0.05)
    if crowd.acknowledged() != before:
        crowd.history.violation("records were acknowledged without anybody in sync")
    survivor.start()
    took = crowd.wait_for_progress(200)
    return f"waited for {survivor.name}, and went on {took:.2f} s after it was there"


@case(is_durable=False, min_insync_replicas=1, unclean_leader_election_enable="true")
def anybody_is_taken(cluster, crowd, rng):
    survivor = rng.choice(cluster.brokers)
    lose_all_but(cluster, crowd, survivor)
    survivor.kill()
    others = [broker for broker in cluster.brokers if broker is not survivor]
    for broker in others:
        broker.start()
    took = cluster.until(
        lambda: {found.leader for found in cluster.partitions(TOPIC).values()}
        <= {broker.number for broker in others} and cluster.leader(TOPIC) is not None,
        "those without every record lead")
    survivor.start()
    return f"led again after {took:.2f} s"


@case(needs_zookeeper=True)
def zookeeper_away(cluster, crowd, rng):
    """Everybody goes on; what happens meanwhile is decided when it is back."""
    cluster.make_topic("others")
    for server in cluster.ensemble.servers:
        server.kill()
    longest = 0
    deadline = time.monotonic() + AWAY_S
    while time.monotonic() < deadline:
        longest = max(longest, crowd.wait_for_progress(50))
    # A new client, too, whichever broker it asks for its id.
    for broker in cluster.brokers:
        newcomer = confluent_kafka.Producer({**cluster.client_settings(),
                                             "bootstrap.servers": broker.address,
                                             "enable.idempotence": True})
        newcomer.produce("others", b"value")
        if newcomer.flush(AWAY_S):
            crowd.history.violation(f"a new producer at {broker.name} gets nothing written")
    broker = rng.choice(cluster.brokers)
    broker.kill()
    for server in cluster.ensemble.servers:
        server.start()
    cluster.ensemble.wait()
    took = crowd.wait_for_progress(200)
    bring_back(cluster, broker)
    return (f"at most {longest:.2f} s for all producers while it was away, {took:.2f} s after it "
            f"was back and {broker.name} gone")


def away(cluster, crowd, servers, how_long_s):
    """These servers of ZooKeeper are killed; the longest that any producer waited meanwhile."""
    for server in servers:
        server.kill()
    longest = 0
    deadline = time.monotonic() + how_long_s
    while time.monotonic() < deadline:
        longest = max(longest, crowd.wait_for_progress(50))
    for server in servers:
        server.start()
    cluster.ensemble.wait()
    return longest


@case(needs_zookeeper=True, zookeepers=3)
def zookeepers_leader_killed(cluster, crowd, rng):
    """The two others elect another one, and what is asked for is decided."""
    longest = 0
    for turn in range(2):
        killed = cluster.ensemble.leader()
        killed.kill()
        cluster.make_topic(f"made-meanwhile-{turn}")
        longest = max(longest, away(cluster, crowd, [killed], how_long_s=2))
    expired = [broker.name for broker in cluster.brokers
               if "registers anew" in broker.log.read_text(errors="replace")]
    if expired:
        crowd.history.violation(f"the sessions of {expired} ended though ZooKeeper went on")
    return f"at most {longest:.2f} s for all producers"


@case(needs_zookeeper=True, zookeepers=3)
def zookeeper_away_for_a_minute(cluster, crowd, rng):
    """Records flow on; afterwards everything that is to be decided is."""
    longest = away(cluster, crowd, cluster.ensemble.servers, how_long_s=60)
    cluster.make_topic("made-afterwards")
    broker = cluster.controller()
    words = lose(cluster, crowd, broker, lambda it: it.kill())
    bring_back(cluster, broker)
    return f"at most {longest:.2f} s for all producers while it was away, then {words}"


class Neighbour:
    """A consumer of librdkafka that names its rack, and from which brokers it was served."""

    def __init__(self, cluster, rack):
        self.read = 0
        self.sources = set()
        self.consumer = confluent_kafka.Consumer({
            **cluster.client_settings(), "group.id": rack, "auto.offset.reset": "earliest",
            "client.rack": rack, "statistics.interval.ms": 100, "stats_cb": self.look})
        self.consumer.assign([confluent_kafka.TopicPartition(TOPIC, 0, 0)])

    def look(self, text):
        """Statistics say for each broker which partitions are fetched from it."""
        for broker in json.loads(text)["brokers"].values():
            for partition in broker["toppars"].values():
                if (partition["topic"], partition["partition"]) == (TOPIC, 0):
                    self.sources.add(broker["nodeid"])

    def read_until(self, condition, what):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"a consumer that names its rack: {what}; {self.read} records "
                                   f"read, from {self.sources}")
            for message in self.consumer.consume(500, 0.05):
                if message.error() is None:
                    if message.offset() != self.read:
                        raise TimeoutError(f"offset {message.offset()} after {self.read - 1}")
                    self.read += 1


@case(settings={"broker.rack": "rack-{number}",
                "replica.selector.class":
                "org.apache.kafka.common.replica.RackAwareReplicaSelector"})
def read_from_the_nearest(cluster, crowd, rng):
    """From the follower in the consumer's rack; from the leader once that is gone."""
    leader = cluster.leader(TOPIC)
    nearest = rng.choice([broker for broker in cluster.brokers if broker is not leader])
    neighbour = Neighbour(cluster, f"rack-{nearest.number}")
    neighbour.read_until(lambda: nearest.number in neighbour.sources, "is sent to its rack")
    before = neighbour.read
    neighbour.sources.clear()
    neighbour.read_until(lambda: neighbour.read > before + 500 and neighbour.sources, "reads on")
    if neighbour.sources != {nearest.number}:
        crowd.history.violation(f"read from {neighbour.sources}, not from {nearest.name}")
    nearest.kill()
    before = neighbour.read
    neighbour.read_until(lambda: neighbour.read > before + 500, "reads on without its rack")
    bring_back(cluster, nearest)
    neighbour.consumer.close()
    return f"{neighbour.read} records read, the first from {nearest.name}, then from others"


KAFKAS_SETTINGS = {key: value for key, value in SETTINGS.items()
                   if not key.startswith("zookeeper.")}


def run(options, directory, network, name):
    rng = random.Random(f"{options.seed} {name}")
    case = CASES[name]
    made = (Kafkas(directory, network, KAFKAS_SETTINGS, brokers=case.brokers) if options.peer
            else Cluster(directory, options.server, network, brokers=case.brokers,
                         zookeepers=case.zookeepers))
    for broker in made.brokers:
        broker.settings = {**broker.settings, **{key: value.format(number=broker.number)
                                                 for key, value in case.settings.items()}}
    with power.disks(made.brokers if case.needs_power else []), made as cluster:
        with Crowd(cluster, options.seed, is_durable=case.is_durable, **case.config) as crowd:
            try:
                crowd.wait_for_progress(1000)
                print(f"{name}: {case(cluster, crowd, rng)}", flush=True)
                crowd.wait_for_progress(500)
                crowd.verify()
                if options.dump and not crowd.violations:
                    print(f"{name}: {Dump(cluster, crowd, directory / 'dump').check()}",
                          flush=True)
            except (ServerFailed, TimeoutError, confluent_kafka.KafkaException) as error:
                crowd.history.violation(str(error))
            acknowledged, shown = crowd.history.counts()
            print(f"{name}: {acknowledged} records acknowledged, {shown} shown", flush=True)
            return crowd.violations


def main():
    options = campaign.arguments(__doc__, only="", dump=False, peer=False)
    results = campaign.Results()
    skipped = []
    network = Network()
    names = options.only.split(",") if options.only else list(CASES)
    with campaign.workplace("cluster", options.keep, results) as directory:
        why_no_power = None
        if any(CASES[name].needs_power for name in names):
            why_no_power = power.why_not(Path(directory))
        for name in names:
            if options.peer and (CASES[name].needs_zookeeper or CASES[name].needs_power):
                continue
            if CASES[name].needs_network and not network.is_real:
                skipped.append(f"{name}: {network.why}")
                continue
            if CASES[name].needs_power and why_no_power is not None:
                skipped.append(f"{name}: {why_no_power}")
                continue
            started = time.monotonic()
            campaign.judge(results, name, run(options, Path(directory) / name, network, name))
            print(f"{name}: {time.monotonic() - started:.1f} s", flush=True)
    return campaign.finish(results, skipped)


if __name__ == "__main__":
    sys.exit(main())
