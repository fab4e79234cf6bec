# SPDX-License-Identifier: Apache-2.0
"""Questions about where partitions lie, who leads them, and who keeps the cluster's metadata, asked
of a node of its own.
"""

from case import case, create

METADATA = {"TopicName": "__cluster_metadata", "Partitions": [{"PartitionIndex": 0}]}


@case
def describe_log_dirs(talk):
    create(talk, "placed-a", 2)
    create(talk, "placed-b")

    def ask(label, topics, version):
        answer = talk.connection_call("DescribeLogDirs", version, {"Topics": topics})
        for directory in answer["Results"]:
            directory["LogDir"] = "absolute" if directory["LogDir"].startswith("/") else "relative"
            sizes = (directory.pop("UsableBytes", 0), directory.pop("TotalBytes", 1))
            directory["Space"] = "some" if 0 <= sizes[0] <= sizes[1] else sizes
            directory["Topics"] = [topic for topic in directory["Topics"]
                                   if topic["Name"].startswith("placed")]
            for topic in directory["Topics"]:
                topic["Partitions"].sort(key=lambda partition: partition["PartitionIndex"])
        talk.note(label, answer)

    for version in range(1, 6):
        ask(f"all v{version}", None, version)
        ask(f"some v{version}", [{"Topic": "placed-a", "Partitions": [1, 7, -1]},
                                 {"Topic": "placed-no", "Partitions": [0]}], version)
    ask("none", [], 5)
    ask("no partitions", [{"Topic": "placed-a", "Partitions": []}], 5)
    ask("twice", [{"Topic": "placed-a", "Partitions": [0, 0]},
                  {"Topic": "placed-b", "Partitions": [0]}], 5)


@case
def alter_replica_log_dirs(talk):
    create(talk, "moved", 2)
    here = talk.connection_call("DescribeLogDirs", 5, {"Topics": []})["Results"][0]["LogDir"]

    def ask(label, *dirs, version=2):
        talk.ask(label, "AlterReplicaLogDirs", version, {"Dirs": [
            {"Path": path, "Topics": [{"Name": topic, "Partitions": list(partitions)}]}
            for path, topic, partitions in dirs]})

    for version in (1, 2):
        ask(f"the same directory v{version}", (here, "moved", [0, 1]), version=version)
        ask(f"an unknown directory v{version}", ("/no/such", "moved", [0, 1]), version=version)
    ask("a relative directory", ("data", "moved", [0]))
    ask("no directory", ("", "moved", [0]))
    ask("a path of its own", (here + "/", "moved", [0]))
    ask("an unknown partition", (here, "moved", [0, 2, -1]))
    ask("an unknown topic", (here, "moved-no", [0]))
    ask("an unknown topic and directory", ("/no/such", "moved-no", [0]))
    ask("a name that is too long", (here, "m" * 249, [0]))
    ask("to two directories", ("/no/such", "moved", [0]), (here, "moved", [0]))
    ask("nothing")


@case
def elect_leaders(talk):
    create(talk, "elected", 2)

    def ask(label, topics, kind=0, version=2):
        talk.ask(label, "ElectLeaders", version, {
            "TopicPartitions": [{"Topic": topic, "Partitions": list(partitions)}
                                for topic, partitions in topics],
            "TimeoutMs": 30000, **({"ElectionType": kind} if version else {})})

    for version in (0, 1, 2):
        ask(f"led v{version}", [("elected", [0, 1])], version=version)
        ask(f"unknown v{version}", [("elected", [2, -1]), ("elected-no", [0])], version=version)
    ask("unclean", [("elected", [0, 1, 2])], kind=1)
    for kind in (2, -1):
        ask(f"election type {kind}", [("elected", [0]), ("elected-no", [0])], kind=kind)
    ask("none", [])
    ask("no known type of none", [], kind=7)
    ask("no partitions", [("elected", [])])
    ask("twice", [("elected", [0, 0])])
    for kind in (0, 1):
        answer = talk.connection_call("ElectLeaders", 2, {
            "ElectionType": kind, "TopicPartitions": None, "TimeoutMs": 30000})
        answer["ReplicaElectionResults"] = [
            topic for topic in answer["ReplicaElectionResults"] if topic["Topic"] == "elected"]
        talk.note(f"all of type {kind}", answer)


@case
def partition_reassignments(talk):
    create(talk, "assigned-anew", 2)

    def alter(label, topic, *partitions, version=1, **how):
        talk.ask(label, "AlterPartitionReassignments", version, {
            "TimeoutMs": 30000, **how, "Topics": [{"Name": topic, "Partitions": [
                {"PartitionIndex": index, "Replicas": replicas}
                for index, replicas in partitions]}]})

    def listed(label, topics):
        talk.ask(label, "ListPartitionReassignments", 0, {
            "TimeoutMs": 30000, "Topics": None if topics is None else [
                {"Name": name, "PartitionIndexes": partitions} for name, partitions in topics]})

    for version in (0, 1):
        alter(f"the same v{version}", "assigned-anew", (0, [1]), (1, [1]), version=version)
        alter(f"to a stranger v{version}", "assigned-anew", (0, [7]), version=version)
        alter(f"to itself and a stranger v{version}", "assigned-anew", (0, [1, 7]), version=version)
        alter(f"to nobody v{version}", "assigned-anew", (0, []), version=version)
        alter(f"to one twice v{version}", "assigned-anew", (0, [1, 1]), version=version)
        alter(f"to a negative broker v{version}", "assigned-anew", (0, [-1]), version=version)
        alter(f"taken back v{version}", "assigned-anew", (0, None), (1, None), version=version)
        alter(f"unknown partitions v{version}", "assigned-anew", (2, [1]), (-1, None),
              version=version)
        alter(f"an unknown topic v{version}", "assigned-no", (0, [1]), (1, None), version=version)
    alter("the same, its factor kept", "assigned-anew", (0, [1]),
          AllowReplicationFactorChange=False)
    alter("a partition twice", "assigned-anew", (0, [1]), (0, [7]))
    alter("no partitions", "assigned-anew")
    talk.ask("no topics", "AlterPartitionReassignments", 1, {
        "Topics": [], "AllowReplicationFactorChange": False})
    listed("all", None)
    listed("named", [("assigned-anew", [0, 1, 2])])
    listed("unknown", [("assigned-no", [0])])
    listed("none", [])


@case
def describe_quorum(talk):
    def ask(label, topics, version):
        answer = talk.connection_call("DescribeQuorum", version, {"Topics": topics})
        for topic in answer["Topics"]:
            for partition in topic["Partitions"]:
                if partition["ErrorCode"] == 0:
                    mark(partition)
        talk.note(label, {**answer, "Nodes": [node["NodeId"] for node in answer.get("Nodes", [])]})

    def mark(partition):
        end = partition.pop("HighWatermark")
        assert end > 0 and partition.pop("LeaderEpoch") > 0
        for voter in partition["CurrentVoters"]:
            voter["AtEnd"] = voter.pop("LogEndOffset") == end
            for field in ("LastFetchTimestamp", "LastCaughtUpTimestamp"):
                if field in voter:
                    voter[field] = "time" if voter[field] > 0 else voter[field]

    for version in (0, 1, 2):
        ask(f"v{version}", [METADATA], version)
        ask(f"another topic v{version}", [{"TopicName": "other", "Partitions": [
            {"PartitionIndex": 0}, {"PartitionIndex": 1}]}], version)
    ask("another partition", [{**METADATA, "Partitions": [{"PartitionIndex": 1}]}], 2)
    ask("two partitions", [{**METADATA, "Partitions": [{"PartitionIndex": 0},
                                                       {"PartitionIndex": 1}]}], 2)
    ask("twice", [METADATA, METADATA], 2)
    ask("no partition", [{**METADATA, "Partitions": []}], 2)
    ask("nothing", [], 2)


@case
def unregister_broker(talk):
    for broker in (7, -1, 2147483647):
        talk.ask(f"broker {broker}", "UnregisterBroker", 0, {"BrokerId": broker})
