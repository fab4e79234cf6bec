# SPDX-License-Identifier: Apache-2.0
"""Faults of faults.py: what administrators do on a busy day. Topics grow, partitions move to other
brokers and back, moves are taken back, and somebody dies meanwhile. Every second time nobody waits
for the end: the next fault meets what is still under way.
"""

import time

from administrator import MOST_PARTITIONS
from clients import TOPIC
from kinds import fault

MOST_PAUSE_S = 0.5


def nothing():
    """It is not waited for."""


def then_wait(cluster, rng, plan, back=nothing, order=list):
    """What undoes a move: what is gone comes back, and every second time the move ends."""
    waits = rng.random() < 0.5

    def undo():
        back()
        if waits:
            cluster.crowd.administrator.wait_until_moved(plan, order)
            cluster.crowd.administrator.wait_until_tidy()

    return undo


@fault()
def topic_grows(cluster, rng):
    topics = {topic for topic, _ in cluster.crowd.administrator.replicas()
              if not topic.startswith("__")}
    topic = rng.choice(sorted(topics or {TOPIC}))
    now = len(cluster.partitions(topic))
    if now < MOST_PARTITIONS:
        cluster.crowd.grow(topic, min(MOST_PARTITIONS, now + rng.randrange(1, 4)))
    return nothing


@fault(brokers=4)
def partitions_move(cluster, rng):
    plan = cluster.crowd.administrator.draw(rng)
    cluster.crowd.administrator.move(plan)
    return then_wait(cluster, rng, plan)


@fault(brokers=4)
def moved_back(cluster, rng):
    """Another move is asked for while the one before is under way."""
    administrator = cluster.crowd.administrator
    administrator.wait_until_settled()
    before = administrator.replicas()
    plan = administrator.draw(rng)
    administrator.move(plan)
    time.sleep(rng.uniform(0, MOST_PAUSE_S))
    back = {where: before[where] for where in plan}
    administrator.move(back)
    return then_wait(cluster, rng, back)


@fault(brokers=4)
def killed_while_moving(cluster, rng):
    """One that gets replicas, that loses some, that leads, or that decides."""
    administrator = cluster.crowd.administrator
    before = administrator.replicas()
    plan = administrator.draw(rng)
    added = {number for where, replicas in plan.items()
             for number in set(replicas) - set(before[where])}
    removed = {number for where, replicas in plan.items()
               for number in set(before[where]) - set(replicas)}
    leaders = {broker.number for where in plan if (broker := cluster.leader(*where))}
    controller = {broker.number for broker in (cluster.controller(),) if broker}
    roles = [role for role in (added, removed, leaders, controller) if role]
    administrator.move(plan)
    time.sleep(rng.uniform(0, MOST_PAUSE_S))
    if not roles:
        return then_wait(cluster, rng, plan)
    broker = cluster.broker(rng.choice(sorted(rng.choice(roles))))
    broker.kill()
    return then_wait(cluster, rng, plan, broker.start)


@fault(brokers=4)
def move_taken_back(cluster, rng):
    """Who is to get the replicas is not there, and so the move is under way when it is taken
    back."""
    administrator = cluster.crowd.administrator
    administrator.wait_until_settled()
    before = administrator.replicas()
    gone = rng.choice(cluster.brokers)
    lacking = [where for where, replicas in sorted(before.items()) if gone.number not in replicas]
    plan = {}
    for where in lacking:
        plan[where] = list(before[where])
        plan[where][rng.randrange(len(plan[where]))] = gone.number
    back = gone.start
    if rng.random() < 0.5:
        gone.kill()
    else:
        gone.pause()
        back = gone.resume
    if plan:
        administrator.move(plan)
        time.sleep(rng.uniform(0, MOST_PAUSE_S))
        administrator.move(dict.fromkeys(plan))
    return then_wait(cluster, rng, {where: before[where] for where in plan}, back,
                     order=sorted)


@fault(brokers=4)
def leaders_handed_back(cluster, rng):
    cluster.crowd.administrator.elect_preferred()
    return nothing
