# SPDX-License-Identifier: Apache-2.0
"""Cases of plain.py: topics grow, and partitions move to other brokers, by the tools' command
lines."""

import json

from administrator import Administrator
from clients import GROUP, TOPIC
from kinds import bring_back, case

# The least time that the files of a replica that is gone may stay.
TIDY = {"log.segment.delete.delay.ms": "1000"}


@case(keyed=True)
def topic_grows(cluster, crowd, rng):
    """Twice, with kafka-topics; each time everybody writes to the new partitions and reads them."""
    took = []
    for count in (crowd.partitions + 2, crowd.partitions + 5):
        cluster.tool("kafka-topics", "--alter", "--topic", TOPIC, "--partitions", str(count))
        took.append(crowd.grow(TOPIC, count))
    lost = sum(producer.failed for producer in crowd.producers)
    if lost:
        crowd.history.violation(f"{lost} records failed while the topic grew")
    return f"all write and read {crowd.partitions} partitions, {took[0]:.2f} s and {took[1]:.2f} s"


def as_sets(held):
    """Taking a move back leaves the replicas in another order, as with Kafka."""
    return {where: sorted(replicas) for where, replicas in held.items()}


def plan_file(directory, plan):
    """What kafka-reassign-partitions reads."""
    path = directory / "plan.json"
    path.write_text(json.dumps({"version": 1, "partitions": [
        {"topic": topic, "partition": number, "replicas": replicas}
        for (topic, number), replicas in plan.items()]}))
    return str(path)


def elsewhere(administrator, rng):
    """Other replicas of every partition: the broker that has none of it instead of one of its
    three."""
    numbers = {broker.number for broker in administrator.cluster.brokers}
    plan = {}
    for where, replicas in sorted(administrator.replicas().items()):
        plan[where] = list(replicas)
        spare = sorted(numbers - set(replicas))
        plan[where][rng.randrange(len(replicas))] = rng.choice(spare)
        rng.shuffle(plan[where])
    return plan


def move(cluster, administrator, plan, is_tidy=True):
    """By the tool, from asking to its word that it is done; how long that took."""
    file = plan_file(cluster.directory, plan)
    cluster.tool("kafka-reassign-partitions", "--reassignment-json-file", file, "--execute")
    took = administrator.wait_until_moved(plan)
    if is_tidy:
        administrator.wait_until_tidy(except_for=())
    said = cluster.tool("kafka-reassign-partitions", "--reassignment-json-file", file, "--verify")
    for topic, number in plan:
        if f"Reassignment of partition {topic}-{number} is completed." not in said:
            raise TimeoutError(f"--verify does not call {topic}-{number} completed:\n{said}")
    return took


@case(brokers=4, settings=TIDY)
def partitions_move(cluster, crowd, rng):
    """Every partition, those of the group's offsets, too, away and back."""
    administrator = Administrator(cluster)
    before = administrator.replicas()
    away = move(cluster, administrator, elsewhere(administrator, rng))
    crowd.wait_for_progress(500)
    back = move(cluster, administrator, before)
    lost = sum(producer.failed for producer in crowd.producers)
    if lost:
        crowd.history.violation(f"{lost} records failed while partitions moved")
    return f"{len(before)} partitions moved in {away:.2f} s, and back in {back:.2f} s"


@case(brokers=4, settings=TIDY)
def moved_off_the_dead(cluster, crowd, rng):
    """A broker is gone for good, and what it had is given to the others."""
    administrator = Administrator(cluster)
    gone = rng.choice([broker for broker in cluster.brokers if broker is not cluster.controller()])
    gone.kill()
    crowd.wait_for_progress(200)
    plan = {}
    for where, replicas in administrator.replicas().items():
        if gone.number in replicas:
            spare = {broker.number for broker in cluster.brokers} - set(replicas)
            plan[where] = [spare.pop() if number == gone.number else number for number in replicas]
    took = move(cluster, administrator, plan, is_tidy=False)
    bring_back(cluster, gone)
    administrator.wait_until_tidy()
    return f"{len(plan)} partitions moved in {took:.2f} s"


@case(brokers=4, settings=TIDY)
def move_taken_back(cluster, crowd, rng):
    """Who is to get replicas stands still and dies, and the move is taken back while it waits."""
    administrator = Administrator(cluster)
    before = administrator.replicas()
    gone = next(broker for broker in rng.sample(cluster.brokers, 4)
                if broker is not cluster.controller()
                and any(broker.number not in replicas for replicas in before.values()))
    plan = {where: [gone.number, *replicas[1:]] for where, replicas in before.items()
            if gone.number not in replicas}
    gone.pause()
    file = plan_file(cluster.directory, plan)
    cluster.tool("kafka-reassign-partitions", "--reassignment-json-file", file, "--execute")
    gone.kill()
    crowd.wait_for_progress(200)
    waiting = administrator.under_way()
    if set(waiting) != set(plan):
        crowd.history.violation(f"{set(plan)} wait for {gone.name}, and {waiting} are under way")
    # Throttles of a broker that is gone cannot be cleared.
    cluster.tool("kafka-reassign-partitions", "--reassignment-json-file", file, "--cancel",
                 "--preserve-throttles")
    took = cluster.until(
        lambda: administrator.under_way() == {} and as_sets(administrator.replicas()) == as_sets(
            before), "every partition has the replicas that it had")
    bring_back(cluster, gone)
    administrator.wait_until_settled()
    administrator.wait_until_tidy(except_for=())
    return f"{len(plan)} moves taken back in {took:.2f} s"


@case(brokers=4, settings=TIDY)
def killed_while_moving(cluster, crowd, rng):
    """A new replica, a leader, the controller and one that loses its replicas, each in a move of
    its own."""
    administrator = Administrator(cluster)
    took = []
    for role in ("added", "leader", "controller", "removed"):
        before = administrator.replicas()
        plan = elsewhere(administrator, rng)
        where = TOPIC, rng.randrange(crowd.partitions)
        broker = {
            "added": lambda: cluster.broker(*(set(plan[where]) - set(before[where]))),
            "leader": lambda: cluster.leader(*where),
            "controller": cluster.controller,
            "removed": lambda: cluster.broker(*(set(before[where]) - set(plan[where]))),
        }[role]()
        administrator.move(plan)
        broker.kill()
        crowd.wait_for_progress(200)
        bring_back(cluster, broker, waits=False)
        took.append(f"{role} {administrator.wait_until_moved(plan):.2f} s")
        administrator.wait_until_tidy()
    return f"from the return of who was killed to the end of the move: {', '.join(took)}"


@case(settings={"auto.leader.rebalance.enable": "false"})
def leaders_handed_back(cluster, crowd, rng):
    """After restarts the leaders are gathered at some; they are handed back without an error."""
    administrator = Administrator(cluster)
    broker = cluster.leader(TOPIC, rng.randrange(crowd.partitions))
    broker.stop()
    crowd.wait_for_progress(200)
    bring_back(cluster, broker)
    administrator.wait_until_settled()
    moved = administrator.led_by_others()
    if not moved:
        crowd.history.violation(f"every partition is led as before {broker.name} was stopped")
    cluster.tool("kafka-leader-election", "--election-type", "PREFERRED", "--all-topic-partitions")
    took = cluster.until(lambda: not administrator.led_by_others(),
                         "every partition is led by its preferred leader")
    crowd.wait_for_progress(500)
    lost = sum(producer.failed for producer in crowd.producers)
    if lost:
        crowd.history.violation(f"{lost} records failed")
    cluster.until(lambda: cluster.coordinator(GROUP) is not None, "the group is coordinated")
    return f"{len(moved)} partitions handed back in {took:.2f} s"
