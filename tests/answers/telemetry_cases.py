# SPDX-License-Identifier: Apache-2.0
"""Questions that a client asks before it sends its metrics, and the sending."""

import time

from case import case
from transcript import PATIENCE_S, ZERO_ID

ONE_ID = "00000000-0000-0000-0000-000000000001"
CLIENT_METRICS, SET, DELETE = 16, 0, 1
KEYS = ("interval.ms", "match", "metrics")


def configure(talk, name, **config):
    """Only these keys, with these values."""
    ops = [{"Name": key, "ConfigOperation": SET if key in config else DELETE,
            "Value": config.get(key)} for key in KEYS]
    answer = talk.connection_call("IncrementalAlterConfigs", 1, {"Resources": [
        {"ResourceType": CLIENT_METRICS, "ResourceName": name, "Configs": ops}]})
    assert answer["Responses"][0]["ErrorCode"] == 0, answer


class Subscriptions:
    """Kafka's brokers hear of a change later than its controller: what is changed last, the marker,
    is heard of last."""

    def __init__(self, talk):
        self.talk, self.changes = talk, 0
        for resource in talk.connection_call("ListConfigResources", 1, {
                "ResourceTypes": [CLIENT_METRICS]})["ConfigResources"]:
            configure(talk, resource["ResourceName"])

    def set(self, **config):
        configure(self.talk, "subscription", **config)
        self.changes += 1
        marker = f"marker.{self.changes}"
        configure(self.talk, "marker", metrics=marker)
        self.wait(lambda metrics: marker in metrics or (metrics == ["*"] and "metrics" in config))

    def remove(self):
        self.set()
        configure(self.talk, "marker")
        self.wait(lambda metrics: metrics == [])

    def wait(self, holds):
        deadline = time.monotonic() + PATIENCE_S
        while not holds(seen := self.talk.connection_call("GetTelemetrySubscriptions", 0, {
                "ClientInstanceId": ZERO_ID})["RequestedMetrics"]):
            assert time.monotonic() < deadline, seen
            time.sleep(0.02)


@case
def telemetry(talk):
    def get(label, instance):
        answer = talk.connection_call("GetTelemetrySubscriptions", 0,
                                      {"ClientInstanceId": instance})
        given = answer["SubscriptionId"]
        answer["RequestedMetrics"].sort()
        talk.note(label, {**answer, "SubscriptionId": "some" if given else given})
        return answer

    def push(label, instance, subscription, **how):
        talk.ask(label, "PushTelemetry", 0, {"ClientInstanceId": instance, "Metrics": b"m",
                                             "SubscriptionId": subscription, **how})

    subscriptions = Subscriptions(talk)
    subscriptions.remove()
    first = get("a new client", ZERO_ID)
    instance, subscription = first["ClientInstanceId"], first["SubscriptionId"]
    get("too early", instance)
    push("the first push", instance, subscription)
    push("too early a push", instance, subscription)
    push("the last push", instance, subscription, Terminating=True)
    push("after the last", instance, subscription)
    for label, wrong in (("no id", ZERO_ID), ("a reserved id", ONE_ID)):
        push(label, wrong, subscription)
    for label, how in (("an unknown subscription", {"SubscriptionId": 1}),
                       ("an unknown compression", {"CompressionType": 5}),
                       ("a negative compression", {"CompressionType": -1}),
                       ("too much", {"Metrics": b"m" * 1048577}),
                       ("as much as may be", {"Metrics": b"m" * 1048576}),
                       ("nothing", {"Metrics": b""}),
                       ("compressed", {"CompressionType": 4})):
        client = get(f"before {label}", ZERO_ID)
        push(label, client["ClientInstanceId"], client["SubscriptionId"], **how)
        get(f"after {label}", client["ClientInstanceId"])
    push("a push of a stranger", "22222222-2222-3333-4444-555555555555", 5)

    for label, config in (
            ("some metrics", {"metrics": "a.b,c.d", "interval.ms": "500"}),
            ("all metrics", {"metrics": "*,a.b", "interval.ms": "600000"}),
            ("of this client", {"metrics": "e.f", "match": "client_id=ans.*"}),
            ("of this address", {"metrics": "g.h", "match": "client_source_address=127[.]0[.]0[.]1,"
                                 "client_id=answers"}),
            ("of another client", {"metrics": "e.f", "match": "client_id=ans"}),
            ("of software without a name", {"metrics": "e.f",
                                            "match": "client_software_name=unknown"})):
        subscriptions.set(**config)
        get(f"a subscription to {label}", ZERO_ID)
    subscriptions.set(metrics="h.i")
    client = get("before news", ZERO_ID)
    get("without news", client["ClientInstanceId"])
    subscriptions.set(metrics="i.j")
    get("with news", client["ClientInstanceId"])
    push("for what was before", client["ClientInstanceId"], client["SubscriptionId"])
    subscriptions.remove()
