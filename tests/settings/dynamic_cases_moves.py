# SPDX-License-Identifier: Apache-2.0
"""Where partitions go and how fast they move between log directories, changed while the server
runs.
"""

import itertools
from pathlib import Path

from live import of_brokers
from node import until

DIRECTORIES = ("one", "two")
NUMBERS = itertools.count()


def paths(node):
    return [Path(node.server.directory).parent / name for name in DIRECTORIES]


def holder(node, topic):
    return [path for path in paths(node) if (path / f"{topic}-0").is_dir()]


def described(node):
    answer = node.call("DescribeLogDirs", 5, {"Topics": None})
    return {Path(found["LogDir"]): found for found in answer["Results"]}


@of_brokers("cordoned.log.dirs", log_dirs="{directory}/one,{directory}/two")
def new_partitions_stay_out_of_it(node, change_directories):
    one, two = paths(node)

    def places():
        return {holder(node, node.topic(f"topic-{next(NUMBERS)}"))[0] for _ in range(4)}

    assert places() == {one, two}
    change_directories(str(one))
    assert places() == {two}
    assert described(node)[one]["IsCordoned"] and not described(node)[two]["IsCordoned"]
    change_directories(None)
    assert one in places()


@of_brokers("replica.alter.log.dirs.io.max.bytes.per.second",
            log_dirs="{directory}/one,{directory}/two")
def a_move_waits_for_its_rate(node, change_rate):
    topic = node.topic(f"topic-{next(NUMBERS)}")
    for _ in range(40):
        node.produce(topic, (b"v" * 10000,))
    here = holder(node, topic)[0]
    there = next(path for path in paths(node) if path != here)

    def move(to):
        answer = node.call("AlterReplicaLogDirs", 2, {"Dirs": [
            {"Path": str(to), "Topics": [{"Name": topic, "Partitions": [0]}]}]})
        assert answer["Results"][0]["Partitions"][0]["ErrorCode"] == 0

    change_rate("0")
    move(there)
    futures = [row for found in described(node)[there]["Topics"] for row in found["Partitions"]
               if row["IsFutureKey"]]
    assert len(futures) == 1 and futures[0]["PartitionSize"] < 400_000
    assert holder(node, topic) == [here]
    change_rate(None)
    until(lambda: holder(node, topic), lambda found: found == [there])
