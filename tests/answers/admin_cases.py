# SPDX-License-Identifier: Apache-2.0
"""Questions about the cluster, its topics and configurations: what is right, what is wrong and what
lies on the edge, in the oldest and the newest versions where they differ.
"""

import struct

from case import UNKNOWN_ID, case, create
from codec import APIS, encode_header
from transcript import ZERO_ID


def topic(name, partitions=1, factor=1, assignments=(), configs=()):
    return {"Name": name, "NumPartitions": partitions, "ReplicationFactor": factor,
            "Assignments": [{"PartitionIndex": index, "BrokerIds": list(brokers)}
                            for index, brokers in assignments],
            "Configs": [{"Name": key, "Value": value} for key, value in configs]}


@case
def api_versions(talk):
    names = {"ClientSoftwareName": "answers", "ClientSoftwareVersion": "1.0"}
    for version in (0, 1, 2, 3, 4):
        answer = talk.connection_call("ApiVersions", version, names if version >= 3 else {})
        talk.note(f"v{version}", {"ErrorCode": answer["ErrorCode"],
                                  "Fields": sorted(answer),
                                  "Produce": answer["ApiKeys"][0],
                                  "FinalizedFeatures": answer.get("FinalizedFeatures"),
                                  "SupportedFeatures": answer.get("SupportedFeatures")})
    talk.ask("no name", "ApiVersions", 4, {**names, "ClientSoftwareName": ""})
    talk.ask("a wrong name", "ApiVersions", 4, {**names, "ClientSoftwareName": "-a"})
    talk.ask("a wrong version", "ApiVersions", 4, {**names, "ClientSoftwareVersion": "1 0"})
    talk.send_frame("an unknown version", encode_header(APIS["ApiVersions"][0], 99, 1))


@case
def unknown_apis(talk):
    header = struct.pack(">hhih", 1000, 0, 1, -1)
    talk.send_frame("an unknown key", header)
    talk.send_frame("a negative key", struct.pack(">hhih", -1, 0, 1, -1))
    talk.send_frame("an unknown version of Metadata",
                    encode_header(APIS["Metadata"][0], 99, 1) + b"\0")
    talk.send_frame("an unknown version of Fetch", encode_header(APIS["Fetch"][0], 99, 1))
    talk.send_frame("a version below of Produce", encode_header(APIS["Produce"][0], 2, 1))
    talk.send_frame("a removed API", struct.pack(">hhih", 4, 0, 1, -1))
    talk.send_frame("half a header", b"\0\3")
    talk.send_frame("a body that ends early", encode_header(APIS["Metadata"][0], 1, 1) + b"\0")
    talk.send_frame("an array longer than the frame",
                    encode_header(APIS["Metadata"][0], 1, 1) + b"\x7f\xff\xff\xff")


@case
def metadata(talk):
    topic_id = create(talk, "metadata", 3)
    for version in (0, 1, 4, 5, 7, 8, 9, 10, 11, 12, 13):
        talk.ask(f"v{version}", "Metadata", version, {"Topics": [{"Name": "metadata"}]})
    for version in (1, 4, 10, 13):
        quiet = {"AllowAutoTopicCreation": False} if version >= 4 else {}
        talk.ask(f"none v{version}", "Metadata", version, {"Topics": [], **quiet})
        for name in ("b/d", "", ".", "..", "a" * 250):
            talk.ask(f"'{name[:5]}' v{version}", "Metadata", version,
                     {"Topics": [{"Name": name}], **quiet})
    for version in (4, 9, 13):
        talk.ask(f"unknown v{version}", "Metadata", version,
                 {"Topics": [{"Name": "metadata-no"}], "AllowAutoTopicCreation": False})
    talk.ask("operations", "Metadata", 8, {"Topics": [{"Name": "metadata"}],
                                           "IncludeClusterAuthorizedOperations": True,
                                           "IncludeTopicAuthorizedOperations": True})
    for version in (12, 13):
        talk.ask(f"by id v{version}", "Metadata", version,
                 {"Topics": [{"Name": None, "TopicId": topic_id}]})
        talk.ask(f"by an unknown id v{version}", "Metadata", version,
                 {"Topics": [{"Name": None, "TopicId": UNKNOWN_ID}]})
        talk.ask(f"neither v{version}", "Metadata", version,
                 {"Topics": [{"Name": None, "TopicId": ZERO_ID}]})
    talk.ask("id and name", "Metadata", 12, {"Topics": [{"Name": "metadata", "TopicId": topic_id}]})
    talk.ask("an id in v10", "Metadata", 10, {"Topics": [{"Name": "", "TopicId": topic_id}]})
    talk.ask("twice", "Metadata", 12, {"Topics": [{"Name": "metadata"}, {"Name": "metadata"}]})


@case
def create_topics(talk):
    def ask(label, *topics, version=7, validate=False):
        values = {"Topics": list(topics), "timeoutMs": 30000}
        if version >= 1:
            values["validateOnly"] = validate
        talk.ask(label, "CreateTopics", version, values)

    for version in (2, 4, 5, 7):
        ask(f"one v{version}", topic(f"created-{version}", 2), version=version)
        ask(f"again v{version}", topic(f"created-{version}", 2), version=version)
    ask("validate only", topic("validated", 4), validate=True)
    ask("validate what exists", topic("created-7", 4), validate=True)
    ask("validate nonsense", topic("validated", -3), validate=True)
    ask("defaults", topic("created-defaults", -1, -1))
    ask("defaults v2", topic("created-defaults-2", -1, -1), version=2)
    for count in (0, -2, -100):
        ask(f"{count} partitions", topic("count", count))
    for factor in (0, -2, 2, 32767):
        ask(f"factor {factor}", topic("factor", 1, factor))
    for name in ("", ".", "..", "a/b", "é", "a" * 249 + "b", "a b"):
        ask(f"name '{name[:6]}'", topic(name))
    ask("the longest name", topic("l" * 249))
    ask("a collision", topic("created_7"))
    ask("a dotted collision", topic("created.7"))
    ask("twice in one request", topic("twice"), topic("twice"), topic("not-twice"))
    ask("a collision within the request", topic("within.one"), topic("within_one"))
    ask("none")
    ask("assigned", topic("assigned", -1, -1, [(0, [1]), (1, [1])]))
    ask("assigned out of order", topic("assigned-order", -1, -1, [(1, [1]), (0, [1])]))
    ask("assigned and counted", topic("assigned-count", 2, -1, [(0, [1])]))
    ask("assigned with a factor", topic("assigned-factor", -1, 1, [(0, [1])]))
    ask("assigned to a stranger", topic("assigned-stranger", -1, -1, [(0, [7])]))
    ask("assigned to one twice", topic("assigned-twice", -1, -1, [(0, [1, 1])]))
    ask("assigned to nobody", topic("assigned-nobody", -1, -1, [(0, [])]))
    ask("assigned with a gap", topic("assigned-gap", -1, -1, [(0, [1]), (2, [1])]))
    ask("assigned from one on", topic("assigned-one", -1, -1, [(1, [1])]))
    ask("assigned a partition twice", topic("assigned-dup", -1, -1, [(0, [1]), (0, [1])]))
    ask("configured", topic("configured", configs=[("retention.ms", "1000"),
                                                   ("cleanup.policy", "compact,delete")]))
    for key, value in (("no.such.key", "1"), ("retention.ms", "x"), ("retention.ms", "-2"),
                       ("retention.ms", None), ("cleanup.policy", "burn"), ("cleanup.policy", ""),
                       ("segment.bytes", "13"), ("segment.bytes", "1048576000000"),
                       ("min.cleanable.dirty.ratio", "1.5"), ("max.message.bytes", "-1"),
                       ("message.timestamp.type", "createtime"), ("preallocate", "maybe"),
                       ("min.insync.replicas", "0"), ("compression.type", "brotli"),
                       ("remote.storage.enable", "true"), ("retention.bytes", ""),
                       ("segment.ms", "0"), ("preallocate", " TRUE "), ("flush.ms", " 5 "),
                       ("", "1")):
        ask(f"{key}={value}", topic("config", configs=[(key, value)]), validate=True)
    ask("a key twice", topic("config", configs=[("flush.ms", "1"), ("flush.ms", "2")]))
    ask("an internal topic", topic("__consumer_offsets"), validate=True)
    ask("the metadata topic", topic("__cluster_metadata"), validate=True)
    ask("time-out 0", topic("no-time"), version=7)


@case
def delete_topics(talk):
    ids = {name: create(talk, name) for name in ("gone-1", "gone-2", "gone-3", "gone-4", "gone-5")}

    def by_state(label, *states, version=6):
        talk.ask(label, "DeleteTopics", version, {"Topics": list(states), "TimeoutMs": 30000})

    for version in (1, 3, 4, 5):
        talk.ask(f"unknown v{version}", "DeleteTopics", version,
                 {"TopicNames": ["gone-no"], "TimeoutMs": 30000})
    talk.ask("by name v1", "DeleteTopics", 1, {"TopicNames": ["gone-1"], "TimeoutMs": 30000})
    talk.ask("by name v5", "DeleteTopics", 5, {"TopicNames": ["gone-2"], "TimeoutMs": 30000})
    talk.ask("twice v5", "DeleteTopics", 5, {"TopicNames": ["gone-3", "gone-3"],
                                             "TimeoutMs": 30000})
    by_state("by name", {"Name": "gone-4"})
    by_state("by id", {"Name": None, "TopicId": ids["gone-5"]})
    by_state("by an unknown id", {"Name": None, "TopicId": UNKNOWN_ID})
    by_state("by a name that is gone", {"Name": "gone-4"})
    by_state("by both", {"Name": "gone-3", "TopicId": ids["gone-3"]})
    by_state("by neither", {"Name": None})
    by_state("twice by name", {"Name": "gone-3"}, {"Name": "gone-3"})
    by_state("by name and by id", {"Name": "gone-3"}, {"Name": None, "TopicId": ids["gone-3"]})
    by_state("a wrong name", {"Name": "a/b"})
    by_state("none")


@case
def create_partitions(talk):
    create(talk, "grown", 2)

    def ask(label, *topics, version=3, validate=False):
        talk.ask(label, "CreatePartitions", version,
                 {"Topics": [{"Name": name, "Count": count, "Assignments": None
                              if brokers is None else [{"BrokerIds": list(ids)}
                                                       for ids in brokers]}
                             for name, count, brokers in topics],
                  "TimeoutMs": 30000, "ValidateOnly": validate})

    ask("validate only", ("grown", 5, None), validate=True)
    for version in (0, 1, 2, 3):
        ask(f"one more v{version}", ("grown", 3 + version, None), version=version)
    ask("as many", ("grown", 6, None))
    ask("fewer", ("grown", 3, None))
    ask("none", ("grown", 0, None))
    ask("a negative count", ("grown", -1, None))
    ask("an unknown topic", ("grown-no", 5, None))
    ask("a wrong name", ("a/b", 5, None))
    ask("twice", ("grown", 7, None), ("grown", 8, None))
    ask("assigned", ("grown", 8, [[1], [1]]))
    ask("too few assigned", ("grown", 10, [[1]]))
    ask("too many assigned", ("grown", 9, [[1], [1]]))
    ask("assigned to a stranger", ("grown", 9, [[7]]))
    ask("assigned to nobody", ("grown", 9, [[]]))
    ask("assigned to one twice", ("grown", 9, [[1, 1]]))
    ask("nobody assigned", ("grown", 9, []))


@case
def describe_cluster(talk):
    for kind in (0, 1, 2, 3):
        talk.ask(f"endpoint type {kind}", "DescribeCluster", 2, {"EndpointType": kind})
    talk.ask("v0", "DescribeCluster", 0, {})
    talk.ask("v1", "DescribeCluster", 1, {})
    talk.ask("operations", "DescribeCluster", 2, {"IncludeClusterAuthorizedOperations": True,
                                                  "IncludeFencedBrokers": True})


@case
def describe_topic_partitions(talk):
    create(talk, "paged-a", 3)
    create(talk, "paged-b", 2)
    names = [{"Name": name} for name in ("paged-b", "paged-a", "paged-no", "a/b", "paged-a")]

    def ask(label, topics=names, limit=2000, cursor=None):  # pylint: disable=W0102
        talk.ask(label, "DescribeTopicPartitions", 0, {
            "Topics": topics, "ResponsePartitionLimit": limit, "Cursor": None if cursor is None
            else {"TopicName": cursor[0], "PartitionIndex": cursor[1]}})

    ask("all")
    for limit in (-1, 0, 1, 3, 4, 5, 6):
        ask(f"limit {limit}", limit=limit)
    for cursor in (("paged-a", 1), ("paged-a", 3), ("paged-b", 0), ("paged-no", 0)):
        ask(f"from {cursor}", cursor=cursor, limit=2)
    ask("from what is not asked for", cursor=("paged-c", 0))
    ask("from a negative partition", cursor=("paged-a", -1))


@case
def describe_configs(talk):
    create(talk, "described", retention_ms="1000", cleanup_policy="compact,delete")

    def ask(label, kind, name, keys, version=4, **how):
        talk.ask(label, "DescribeConfigs", version, {"Resources": [
            {"ResourceType": kind, "ResourceName": name, "ConfigurationKeys": keys}], **how})

    keys = ["retention.ms", "cleanup.policy", "segment.bytes", "flush.ms", "no.such.key"]
    for version in (1, 2, 3, 4):
        ask(f"a topic v{version}", 2, "described", keys, version, IncludeSynonyms=True)
    ask("a topic without synonyms", 2, "described", keys)
    broker_keys = ["log.retention.ms", "log.retention.hours", "num.network.threads", "log.roll.ms",
                   "ssl.key.password", "compression.type", "no.such.key"]
    ask("a broker", 4, "1", broker_keys, IncludeSynonyms=True)
    for name in ("7", "x", " 1", "-1", "99999999999"):
        ask(f"broker '{name}'", 4, name, ["node.id"])
    ask("the loggers of nobody", 8, "", None)
    ask("the loggers of a stranger", 8, "7", None)
    ask("an unknown topic", 2, "described-no", None)
    ask("a wrong name", 2, "a/b", None)
    ask("no name", 2, "", None)
    ask("no known type", 1, "x", None)
