# SPDX-License-Identifier: Apache-2.0
"""What an administrator asks a cluster for while clients are at work: more partitions, other
replicas, the preferred leaders; and whether what was asked for is so everywhere.
"""

import contextlib
import re
import sys

from brokers import ROOT, ServerFailed

sys.path.append(str(ROOT / "tests/answers"))
from codec import Closed, Connection  # noqa: E402

NONE, UNKNOWN_TOPIC_OR_PARTITION, REQUEST_TIMED_OUT, BROKER_NOT_AVAILABLE = 0, 3, 7, 8
NETWORK_EXCEPTION, INVALID_PARTITIONS, NOT_CONTROLLER = 13, 37, 41
PREFERRED_LEADER_NOT_AVAILABLE, ELECTION_NOT_NEEDED, NO_REASSIGNMENT_IN_PROGRESS = 80, 84, 85
# A broker that has lost the controller, or is about to hear of a topic, says so.
PASSING = {UNKNOWN_TOPIC_OR_PARTITION, REQUEST_TIMED_OUT, BROKER_NOT_AVAILABLE, NETWORK_EXCEPTION,
           NOT_CONTROLLER}
TIMEOUT_MS = 5000
PREFERRED = 0
REPLICAS = 3  # of every partition; while it moves it has more
MOST_PARTITIONS = 18  # a topic grows no further: each partition has files at three brokers
A_MOVE_S = 120  # every replica is to be copied while clients write on two busy cores
# A directory of a partition: topic, number, and what else its name ends with.
DIRECTORY = re.compile(r"(?P<topic>.+)-(?P<partition>\d+)(?P<rest>\.[0-9a-f]{32}-\w+)?")


class Refused(ServerFailed):
    """What was asked for is refused, and asking again would not help."""


def by_topic(plan):
    """(topic, partition) → value as topic → {partition: value}."""
    topics = {}
    for (topic, partition), value in plan.items():
        topics.setdefault(topic, {})[partition] = value
    return topics


class Administrator:
    """Asks any broker, and again where the answer is lost; what is asked for twice is done once."""

    def __init__(self, cluster):
        self.cluster = cluster

    def call(self, broker, api, version, values):
        """The broker's answer, or None."""
        with contextlib.suppress(OSError, Closed):
            connection = Connection(broker.port, broker.machine.address, TIMEOUT_MS / 1000 + 2)
            with contextlib.closing(connection):
                return connection.call(api, version, values)
        return None

    def ask(self, api, version, values, codes, fine=()):
        """Asks one broker after the other, until all `codes`(answer) are fine."""

        def is_done():
            for broker in self.cluster.running():
                answer = self.call(broker, api, version, values)
                if answer is None:
                    continue
                found = set(codes(answer)) - {NONE, *fine}
                if not found:
                    return True
                if found - PASSING:
                    raise Refused(f"{api} {values} is refused: {answer}")
            return False

        self.cluster.until(is_done, f"{api} {values} is answered", A_MOVE_S)

    # More partitions.

    def grow(self, topic, count):
        """Returns when every broker that runs names all of them with their leaders."""
        values = {"Topics": [{"Name": topic, "Count": count, "Assignments": None}],
                  "TimeoutMs": TIMEOUT_MS, "ValidateOnly": False}
        # It has so many already: the answer to one that was done was lost.
        self.ask("CreatePartitions", 3, values,
                 lambda answer: [result["ErrorCode"] for result in answer["Results"]],
                 fine=(INVALID_PARTITIONS,))
        self.cluster.until(
            lambda: all(self.led(broker, topic) == count for broker in self.cluster.running()),
            f"every broker knows {count} partitions of {topic}", A_MOVE_S)

    def led(self, broker, topic):
        """How many partitions with a leader the broker knows."""
        answer = self.call(broker, "Metadata", 12, {"Topics": [{"Name": topic}]})
        partitions = answer["Topics"][0]["Partitions"] if answer else []
        return sum(partition["LeaderId"] > 0 for partition in partitions)

    # Other replicas.

    def replicas(self):
        """(topic, partition) → its replicas, of every topic; empty where nobody answers."""
        found = self.cluster.metadata()
        return {(topic, number): list(partition.replicas)
                for topic, described in (found.topics if found else {}).items()
                for number, partition in described.partitions.items()}

    def draw(self, rng):
        """Other replicas for about half of all partitions, for one at least."""
        numbers = [broker.number for broker in self.cluster.brokers]
        held = self.replicas()
        chosen = {where for where in held if rng.random() < 0.5}
        chosen |= set(rng.sample(sorted(held), min(1, len(held))))
        return {where: rng.sample(numbers, REPLICAS) for where in sorted(chosen)}

    def move(self, plan):
        """`plan`: (topic, partition) → the replicas that it is to have; None takes back the move
        that is under way. Returns when it is accepted."""
        topics = [{"Name": topic, "Partitions": [
            {"PartitionIndex": number, "Replicas": replicas}
            for number, replicas in partitions.items()]}
            for topic, partitions in by_topic(plan).items()]
        self.ask("AlterPartitionReassignments", 0, {"TimeoutMs": TIMEOUT_MS, "Topics": topics},
                 lambda answer: [answer["ErrorCode"], *(
                     partition["ErrorCode"] for topic in answer["Responses"]
                     for partition in topic["Partitions"])],
                 fine=(NO_REASSIGNMENT_IN_PROGRESS,))

    def under_way(self):
        """(topic, partition) → (replicas, those added, those removed); None where nobody says."""
        for broker in self.cluster.running():
            answer = self.call(broker, "ListPartitionReassignments", 0,
                               {"TimeoutMs": TIMEOUT_MS, "Topics": None})
            if answer and answer["ErrorCode"] == NONE:
                return {(topic["Name"], partition["PartitionIndex"]):
                        (partition["Replicas"], partition["AddingReplicas"],
                         partition["RemovingReplicas"])
                        for topic in answer["Topics"] for partition in topic["Partitions"]}
        return None

    def wait_until_moved(self, plan, order=list):
        """Until the replicas are those asked for; how long it took. A move that is taken back
        leaves them in another order, as with Kafka: then `order` is sorted."""
        def is_moved():
            held = self.replicas()
            return all(order(held.get(where, ())) == order(replicas)
                       for where, replicas in plan.items())

        took = self.cluster.until(is_moved, f"the replicas are {plan}", A_MOVE_S)
        return took + self.wait_until_settled()

    def wait_until_settled(self):
        """Until nothing moves and every replica of every topic is in sync; how long it took."""
        return self.cluster.until(self.is_settled, "nothing moves, and all are in sync", A_MOVE_S)

    def is_settled(self):
        found = self.cluster.metadata()
        return found is not None and self.under_way() == {} and all(
            partition.leader > 0 and sorted(partition.isrs) == sorted(partition.replicas)
            for topic in found.topics.values() for partition in topic.partitions.values())

    def wait_until_tidy(self, except_for=("stray",)):
        """Until no broker has a directory of a partition that it is no replica of. What a broker
        finds at its start, and was taken from it while it was down, it sets aside as stray, as
        Kafka does."""
        try:
            self.cluster.until(lambda: not self.left_behind(except_for), "nothing is left behind")
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.left_behind(except_for)} are left") from None

    def left_behind(self, except_for):
        held = self.replicas()
        found = []
        for broker in self.cluster.brokers:
            for directory in broker.data.iterdir():
                name = DIRECTORY.fullmatch(directory.name)
                if not directory.is_dir() or name is None:
                    continue
                kind = (name["rest"] or "-whole").rpartition("-")[2]
                where = name["topic"], int(name["partition"])
                if kind not in except_for and (
                        kind != "whole" or broker.number not in held.get(where, ())):
                    found.append(f"{broker.name}: {directory.name}")
        return found

    # The preferred leaders.

    def elect_preferred(self):
        self.ask("ElectLeaders", 2, {"ElectionType": PREFERRED, "TopicPartitions": None,
                                     "TimeoutMs": TIMEOUT_MS},
                 lambda answer: [answer["ErrorCode"], *(
                     partition["ErrorCode"] for topic in answer["ReplicaElectionResults"]
                     for partition in topic["PartitionResult"])],
                 fine=(ELECTION_NOT_NEEDED, PREFERRED_LEADER_NOT_AVAILABLE))

    def led_by_others(self):
        """Partitions that are not led by their first replica."""
        found = self.cluster.metadata()
        return [(topic, number) for topic, described in (found.topics if found else {}).items()
                for number, partition in described.partitions.items()
                if partition.leader != partition.replicas[0]]
