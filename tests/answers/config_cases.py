# SPDX-License-Identifier: Apache-2.0
"""Questions about configurations that are changed while the server runs: what is right, what is
wrong and what lies on the edge, for each type of resource.
"""

import time

from case import case, create
from transcript import MARKER, PATIENCE_S

TOPIC, BROKER, LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3


def resource(kind, name, *ops):
    """What IncrementalAlterConfigs takes; an operation is (key, number, value)."""
    return {"ResourceType": kind, "ResourceName": name,
            "Configs": [{"Name": key, "ConfigOperation": operation, "Value": value}
                        for key, operation, value in ops]}


def whole(kind, name, *entries):
    """What AlterConfigs takes."""
    return {"ResourceType": kind, "ResourceName": name,
            "Configs": [{"Name": key, "Value": value} for key, value in entries]}


class Asker:
    """Changes, and asks what has come of them."""

    def __init__(self, talk, kind, name, keys):
        self.talk, self.kind, self.name, self.keys = talk, kind, name, keys
        # As Kafka's format has it; ours leaves the file's value in force.
        talk.connection_call("IncrementalAlterConfigs", 1, {"Resources": [
            resource(BROKER, "", ("min.insync.replicas", SET, "1"))]})

    def settle(self):
        """Kafka answers when a change is stored, and its broker follows later, in order: this waits
        until a change made now is there.
        """
        Asker.settled += 1
        wanted = str(Asker.settled)
        marker = {"ResourceType": BROKER, "ResourceName": "", "ConfigurationKeys": [MARKER]}
        for name in ("1", ""):
            self.talk.connection_call("IncrementalAlterConfigs", 1, {"Resources": [
                resource(BROKER, name, (MARKER, SET, wanted))]})
        deadline = time.monotonic() + PATIENCE_S
        while True:
            result = self.talk.connection_call("DescribeConfigs", 4, {
                "Resources": [marker], "IncludeSynonyms": True})["Results"][0]
            if [entry["Value"] for entry in result["Configs"]] == [wanted]:
                return
            assert time.monotonic() < deadline, result

    settled = 0

    def change(self, label, *ops, version=1, validate=False):
        self.send(label, resource(self.kind, self.name, *ops), version=version, validate=validate)
        self.settle()
        self.describe(f"after {label}")

    def replace(self, label, *entries, version=2, validate=False):
        self.talk.ask(label, "AlterConfigs", version,
                      {"Resources": [whole(self.kind, self.name, *entries)],
                       "ValidateOnly": validate})
        self.settle()
        self.describe(f"after {label}")

    def send(self, label, *resources, version=1, validate=False):
        self.talk.ask(label, "IncrementalAlterConfigs", version,
                      {"Resources": list(resources), "ValidateOnly": validate})

    def describe(self, label, keys=None, **how):
        self.talk.ask(label, "DescribeConfigs", 4, {"Resources": [
            {"ResourceType": self.kind, "ResourceName": self.name,
             "ConfigurationKeys": keys or self.keys}], "IncludeSynonyms": True, **how})


@case
def alter_topic_configs(talk):
    create(talk, "altered", retention_ms="1000")
    topic = Asker(talk, TOPIC, "altered", [
        "retention.ms", "cleanup.policy", "segment.bytes", "max.message.bytes", "flush.messages",
        "leader.replication.throttled.replicas", "min.insync.replicas", "preallocate",
        "min.compaction.lag.ms", "max.compaction.lag.ms"])
    topic.change("set", ("retention.ms", SET, "2000"))
    topic.change("set v0", ("retention.ms", SET, "3000"), version=0)
    topic.change("set two, delete one", ("retention.ms", DELETE, None),
                 ("segment.bytes", SET, " 2097152 "), ("preallocate", SET, "TRUE"))
    topic.change("delete what is not set", ("retention.ms", DELETE, None))
    topic.change("delete with a value", ("segment.bytes", DELETE, "x"))
    topic.change("append", ("cleanup.policy", APPEND, "compact"))
    topic.change("append again", ("cleanup.policy", APPEND, "compact"))
    topic.change("subtract", ("cleanup.policy", SUBTRACT, "delete"))
    topic.change("subtract what is not there", ("cleanup.policy", SUBTRACT, "delete"))
    topic.change("subtract the last", ("cleanup.policy", SUBTRACT, "compact"))
    topic.change("append several", ("cleanup.policy", APPEND, "delete,compact"))
    topic.change("append with spaces", ("cleanup.policy", APPEND, " delete"))
    topic.change("append nothing", ("cleanup.policy", APPEND, ""))
    topic.change("append nonsense", ("cleanup.policy", APPEND, "burn"))
    topic.change("set a list", ("cleanup.policy", SET, "compact , delete"))
    topic.change("set a list with doubles", ("cleanup.policy", SET, "compact,compact"))
    topic.change("set an empty list", ("cleanup.policy", SET, ""))
    topic.change("delete the list", ("cleanup.policy", DELETE, None))
    topic.change("append throttled", ("leader.replication.throttled.replicas", APPEND, "0:1,1:1"))
    topic.change("subtract throttled", ("leader.replication.throttled.replicas", SUBTRACT, "0:1"))
    topic.change("throttled nonsense", ("leader.replication.throttled.replicas", SET, "x"))
    topic.change("throttle all", ("leader.replication.throttled.replicas", SET, "*"))
    topic.change("append to a number", ("retention.ms", APPEND, "1"))
    topic.change("subtract from a number", ("retention.ms", SUBTRACT, "1"))
    topic.change("append to nobody's key", ("no.such.key", APPEND, "1"))
    topic.change("set nobody's key", ("no.such.key", SET, "1"))
    topic.change("delete nobody's key", ("no.such.key", DELETE, None))
    topic.change("a key twice", ("retention.ms", SET, "1"), ("retention.ms", DELETE, None))
    topic.change("no value", ("retention.ms", SET, None))
    topic.change("append no value", ("cleanup.policy", APPEND, None))
    topic.change("an empty key", ("", SET, "1"))
    topic.change("a good and a bad one", ("retention.ms", SET, "9"), ("segment.bytes", SET, "x"))
    topic.change("validate only", ("retention.ms", SET, "8"), validate=True)
    topic.change("validate nonsense", ("retention.ms", SET, "x"), validate=True)
    topic.change("no change")
    topic.change("compaction lags that conflict", ("min.compaction.lag.ms", SET, "10"),
                 ("max.compaction.lag.ms", SET, "9"))
    topic.change("a broker's key", ("log.retention.ms", SET, "1"))
    topic.change("min.insync.replicas", ("min.insync.replicas", SET, "2"))
    topic.change("without min.insync.replicas", ("min.insync.replicas", DELETE, None))
    topic.change("a long value", ("leader.replication.throttled.replicas", SET, "1:1," * 10000))
    for key, value in (("segment.bytes", "13"), ("segment.bytes", "3000000000"),
                       ("max.message.bytes", "-1"), ("flush.messages", "0"),
                       ("preallocate", "maybe"), ("min.insync.replicas", "0"),
                       ("retention.ms", "-2"), ("retention.ms", "1.5"), ("retention.ms", ""),
                       ("retention.ms", "9223372036854775808"),
                       ("message.timestamp.type", "createtime"),
                       ("remote.storage.enable", "true"), ("min.cleanable.dirty.ratio", "1.1"),
                       ("min.cleanable.dirty.ratio", "1e-1"),
                       ("segment.bytes", "1_048_576")):
        topic.send(f"{key}={value}", resource(TOPIC, "altered", (key, SET, value)), validate=True)


@case
def alter_configs_of_many(talk):
    create(talk, "many-a")
    create(talk, "many-b")
    asker = Asker(talk, TOPIC, "many-a", ["retention.ms"])
    good = ("retention.ms", SET, "5000")
    asker.send("good and bad resources", resource(TOPIC, "many-a", good),
               resource(TOPIC, "many-no", good), resource(TOPIC, "many-b", ("x", SET, "1")),
               resource(TOPIC, "a/b", good), resource(TOPIC, "", good),
               resource(BROKER, "7", ("num.io.threads", SET, "9")),
               resource(BROKER, "x", ("num.io.threads", SET, "9")))
    asker.describe("after good and bad resources")
    asker.send("a resource twice", resource(TOPIC, "many-a", good), resource(TOPIC, "many-a", good),
               resource(TOPIC, "many-b", good))
    for kind in (0, 1, 3, 5, 64, 127, -1):
        asker.send(f"type {kind}", resource(kind, "many-a", good))
        talk.ask(f"type {kind} whole", "AlterConfigs", 2,
                 {"Resources": [whole(kind, "many-a", ("retention.ms", "1"))]})
    asker.send("an unknown topic with a bad value", resource(TOPIC, "many-no", ("x", SET, "1")))
    asker.send("nothing")
    talk.ask("nothing whole", "AlterConfigs", 2, {"Resources": []})
    asker.send("an internal topic", resource(TOPIC, "__consumer_offsets", good), validate=True)


@case
def replace_topic_configs(talk):
    create(talk, "replaced", retention_ms="1000", segment_bytes="2097152")
    topic = Asker(talk, TOPIC, "replaced", ["retention.ms", "segment.bytes", "cleanup.policy"])
    for version in (0, 1, 2):
        topic.replace(f"v{version}", ("retention.ms", str(1 + version)), version=version)
    topic.replace("another", ("cleanup.policy", "compact"))
    topic.replace("a bad value", ("cleanup.policy", "burn"))
    topic.replace("an unknown key", ("no.such.key", "1"))
    topic.replace("no value", ("cleanup.policy", None))
    topic.replace("a key twice", ("retention.ms", "1"), ("retention.ms", "2"))
    topic.replace("validate only", ("retention.ms", "7"), validate=True)
    topic.replace("nothing")
    talk.ask("an unknown topic", "AlterConfigs", 2,
             {"Resources": [whole(TOPIC, "replaced-no", ("retention.ms", "1"))]})
    talk.ask("loggers", "AlterConfigs", 2,
             {"Resources": [whole(LOGGER, "1", ("root", "INFO"))]})


BROKER_KEYS = [
    "num.io.threads", "log.retention.ms", "log.retention.hours", "log.retention.minutes",
    "log.segment.bytes", "max.connections", "message.max.bytes", "log.cleanup.policy",
    "no.such.key", "listener.name.plaintext.max.connections", "log.roll.hours", "log.roll.ms",
    "background.threads", "log.flush.interval.messages"]


@case
def alter_broker_configs(talk):
    broker = Asker(talk, BROKER, "1", BROKER_KEYS)
    broker.describe("before")
    broker.change("set", ("log.segment.bytes", SET, "2097152"))
    broker.change("set again", ("log.segment.bytes", SET, "2097152"))
    broker.change("delete", ("log.segment.bytes", DELETE, None))
    broker.change("delete what is not set", ("log.segment.bytes", DELETE, None))
    broker.change("append", ("log.cleanup.policy", APPEND, "compact"))
    broker.change("subtract", ("log.cleanup.policy", SUBTRACT, "delete"))
    broker.change("append to a number", ("num.io.threads", APPEND, "1"))
    broker.change("append to nobody's key", ("no.such.key", APPEND, "1"))
    broker.change("set nobody's key", ("no.such.key", SET, "1"))
    broker.change("delete nobody's key", ("no.such.key", DELETE, None))
    broker.change("a read-only key", ("node.id", SET, "2"))
    broker.change("a read-only and a good one", ("log.dirs", SET, "/x"),
                  ("max.connections", SET, "1000"))
    broker.change("delete a read-only key", ("log.dirs", DELETE, None))
    broker.change("a bad value", ("max.connections", SET, "x"))
    broker.change("a value out of range", ("log.segment.bytes", SET, "1"))
    broker.change("a topic's key", ("retention.ms", SET, "1"))
    broker.change("delete a topic's key", ("retention.ms", DELETE, None))
    broker.change("log.retention.ms", ("log.retention.ms", SET, "5000"))
    broker.change("log.retention.hours", ("log.retention.hours", SET, "1"))
    broker.change("without log.retention.ms", ("log.retention.ms", DELETE, None))
    broker.change("log.roll.ms", ("log.roll.ms", SET, "600000"))
    broker.change("without log.roll.ms", ("log.roll.ms", DELETE, None))
    broker.change("a listener's", ("listener.name.plaintext.max.connections", SET, "500"))
    broker.change("a listener's bad value", ("listener.name.plaintext.max.connections", SET, "x"))
    broker.change("a listener's zero", ("listener.name.plaintext.max.connections", SET, "0"))
    broker.change("a listener's that is read-only",
                  ("listener.name.plaintext.connections.max.idle.ms", SET, "1"))
    broker.change("without what is read-only",
                  ("listener.name.plaintext.connections.max.idle.ms", DELETE, None))
    broker.change("without a listener's", ("listener.name.plaintext.max.connections", DELETE, None))
    broker.change("a key store", ("ssl.keystore.location", SET, "/x"))
    broker.change("twice", ("max.connections", SET, "1"), ("max.connections", SET, "2"))
    broker.change("no value", ("max.connections", SET, None))
    broker.change("no known operation", ("max.connections", 7, "1"))
    broker.change("validate only", ("max.connections", SET, "99"), validate=True)
    broker.change("doubled", ("background.threads", SET, "20"))
    broker.change("more than doubled", ("background.threads", SET, "41"))
    broker.change("halved", ("background.threads", SET, "10"))
    broker.change("less than halved", ("background.threads", SET, "4"))
    broker.change("no threads", ("background.threads", SET, "0"))
    broker.change("min.insync.replicas", ("min.insync.replicas", SET, "1"))
    broker.change("a listener", ("listeners", SET, "PLAINTEXT://127.0.0.1:1"), validate=True)
    broker.replace("replaced", ("max.connections", "777"), ("log.retention.ms", "5000"))
    broker.replace("replaced by nonsense", ("max.connections", "x"))
    broker.replace("replaced with a read-only key", ("log.dirs", "x"))
    broker.replace("cleared")
    for key, value in (("message.max.bytes", "-1"), ("max.connections.per.ip", "-1"),
                       ("max.connections.per.ip.overrides", "127.0.0.1:5"),
                       ("max.connections.per.ip.overrides", "x"),
                       ("max.connection.creation.rate", "0"), ("max.connections", "0"),
                       ("log.message.timestamp.type", "x"), ("log.cleaner.threads", "9"),
                       ("log.cleaner.io.buffer.load.factor", "x"), ("log.preallocate", "yes"),
                       ("log.retention.ms", "0"), ("log.retention.bytes", ""),
                       ("unclean.leader.election.enable", "true"),
                       ("compression.type", "brotli"), ("compression.zstd.level", "99"),
                       ("producer.id.expiration.ms", "0"), ("num.network.threads", "9"),
                       ("num.replica.fetchers", "3"), ("principal.builder.class", "x"),
                       ("follower.replication.throttled.rate", "-1"),
                       ("follower.replication.throttled.rate", "1000"),
                       ("log.cleaner.min.compaction.lag.ms", "9223372036854775807"),
                       ("log.local.retention.ms", "-1"), ("cordoned.log.dirs", "/x"),
                       ("group.consumer.assignment.interval.ms", "99999999"),
                       ("metric.reporters", "x"), ("config.providers", "x"),
                       ("transaction.partition.verification.enable", "false")):
        broker.send(f"{key}={value}", resource(BROKER, "1", (key, SET, value)), validate=True)


@case
def names_of_the_id(talk):
    """Both have what the file says under one of them."""
    Asker(talk, BROKER, "1", ["broker.id", "node.id"]).describe("the node's id")


@case
def alter_cluster_default(talk):
    every = Asker(talk, BROKER, "", None)
    one = Asker(talk, BROKER, "1", BROKER_KEYS)
    create(talk, "defaulted")
    topic = Asker(talk, TOPIC, "defaulted", ["segment.bytes", "retention.ms", "max.message.bytes"])
    every.change("set", ("log.segment.bytes", SET, "2097152"), ("message.max.bytes", SET, "5000"))
    one.describe("the broker after set")
    topic.describe("a topic after set")
    one.change("the broker's own", ("log.segment.bytes", SET, "3145728"))
    every.describe("all brokers after the broker's own")
    topic.describe("a topic after the broker's own")
    topic.change("the topic's own", ("segment.bytes", SET, "4194304"))
    one.change("without the broker's own", ("log.segment.bytes", DELETE, None))
    topic.describe("a topic without the broker's own")
    every.change("a read-only key", ("broker.id", SET, "2"))
    every.change("one broker's key", ("listeners", SET, "PLAINTEXT://127.0.0.1:1"))
    every.change("one broker's listener",
                 ("listener.name.plaintext.ssl.keystore.location", SET, "/x"))
    every.change("a limit of a listener", ("listener.name.plaintext.max.connections", SET, "900"))
    one.describe("the broker after a limit of a listener")
    every.change("a bad value", ("max.connections", SET, "x"))
    every.change("nobody's key", ("no.such.key", SET, "1"))
    one.describe("the broker after nobody's key")
    every.change("threads", ("num.io.threads", SET, "10"))
    every.change("too many threads", ("num.io.threads", SET, "21"))
    every.change("no min.insync.replicas", ("min.insync.replicas", DELETE, None))
    every.replace("cleared", ("min.insync.replicas", "1"))
    one.describe("the broker after all")
    topic.describe("a topic after all")


@case
def list_config_resources(talk):
    create(talk, "listed-a")
    create(talk, "listed-b")
    talk.connection_call("IncrementalAlterConfigs", 1, {"Resources": [
        resource(CLIENT_METRICS, "subscription", ("interval.ms", SET, "1000")),
        resource(GROUP, "listed-group", ("consumer.session.timeout.ms", SET, "50000"))]})
    Asker(talk, TOPIC, "listed-a", None).settle()

    def ask(label, types, version=1):
        answer = talk.connection_call("ListConfigResources", version,
                                      {"ResourceTypes": types} if version else {})
        answer["ConfigResources"] = sorted(
            (entry.get("ResourceType"), entry["ResourceName"])
            for entry in answer["ConfigResources"]
            if entry.get("ResourceType") != TOPIC or entry["ResourceName"].startswith("listed"))
        talk.note(label, answer)

    ask("v0", None, version=0)
    ask("all", [])
    for kind in (TOPIC, BROKER, LOGGER, CLIENT_METRICS, GROUP, 0, 1, 3, 64):
        ask(f"type {kind}", [kind])
    ask("two types", [CLIENT_METRICS, BROKER])
    ask("a type twice", [BROKER, BROKER])
    ask("a known and an unknown type", [BROKER, 3])
