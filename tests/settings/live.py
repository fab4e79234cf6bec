# SPDX-License-Identifier: Apache-2.0
"""What the cases of dynamic_cases_*.py are made of: settings that are changed while a server runs.

    @of_topics("max.message.bytes", "200", before=0, after=MESSAGE_TOO_LARGE)
    def code_of_a_large_record(node, topic): …

A topic's key is observed three times: set for the topic, for the broker by the broker's key of the
same meaning, and for all brokers. Each time what the function returns must be `before` before the
change and `after` after it, of the same topic, without a restart; and `before` again, of a second
topic, when the change is taken back.

    @of_brokers("max.connections")
    def … (node, change):

A broker's key has a case that changes it itself, by change(value) or change(None).
"""

import dataclasses

TOPIC, BROKER, LOGGER = 2, 4, 8
SET, DELETE = 0, 1

CASES = []
# With eligible leader replicas (KIP-966) the cluster has always a number.
TAKEN_BACK = {(BROKER, "min.insync.replicas"): "1"}


@dataclasses.dataclass(frozen=True)
class TopicCase:
    key: str
    value: str
    before: object
    after: object
    observe: object
    configs: dict  # of the topic
    settings: dict  # of the file

    def run(self, node, scope):
        kind, resource, key = scope
        topics = [node.topic(name, **self.configs) for name in ("changed", "unchanged")]
        found = self.observe(node, topics[0])
        assert found == self.before, f"before: {found!r}, not {self.before!r}"
        change(node, kind, resource, key, self.value)
        found = self.observe(node, topics[0])
        assert found == self.after, f"after: {found!r}, not {self.after!r}"
        change(node, kind, resource, key, TAKEN_BACK.get((kind, key)))
        found = self.observe(node, topics[1])
        assert found == self.before, f"taken back: {found!r}, not {self.before!r}"


@dataclasses.dataclass(frozen=True)
class BrokerCase:
    key: str
    observe: object
    settings: dict  # of the file

    def run(self, node, scope):
        kind, resource, key = scope
        self.observe(node, lambda value: change(node, kind, resource, key, value))


def of_topics(key, value, before, after, settings=None, **configs):
    def keep(observe):
        CASES.append(TopicCase(key, value, before, after, observe, configs, settings or {}))
        return observe
    return keep


def of_brokers(key, **settings):
    """`settings` have underscores for dots."""
    def keep(observe):
        CASES.append(BrokerCase(key, observe, {name.replace("_", "."): value
                                               for name, value in settings.items()}))
        return observe
    return keep


def alter(node, kind, resource, key, value):
    """The answer's error code; no value: the key is deleted."""
    answer = node.call("IncrementalAlterConfigs", 1, {"Resources": [
        {"ResourceType": kind, "ResourceName": resource, "Configs": [
            {"Name": key, "ConfigOperation": DELETE if value is None else SET, "Value": value}]}]})
    return answer["Responses"][0]["ErrorCode"]


def change(node, kind, resource, key, value):
    code = alter(node, kind, resource, key, value)
    assert code == 0, f"{key}={value}: error {code}"
