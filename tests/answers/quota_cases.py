# SPDX-License-Identifier: Apache-2.0
"""Questions about quotas and SCRAM credentials, which the controller keeps and describes back."""

import time

from case import case
from transcript import PATIENCE_S

EXACT, DEFAULT, ANY = 0, 1, 2


def entity(**parts):
    return [{"EntityType": kind.replace("_", "-"), "EntityName": name}
            for kind, name in parts.items()]


MARKER = entity(user="marker")


def settle(talk, mark):
    """Kafka's brokers hear of a change later than its controller; what is changed last is heard of
    last. Needs a number that is new each time."""
    talk.connection_call("AlterClientQuotas", 1, {"Entries": [
        {"Entity": MARKER, "Ops": [{"Key": "producer_byte_rate", "Value": mark}]}]})
    wanted = {"Components": [{"EntityType": "user", "MatchType": EXACT, "Match": "marker"}]}
    deadline = time.monotonic() + PATIENCE_S
    while not any(value["Value"] == mark for entry in talk.connection_call(
            "DescribeClientQuotas", 1, wanted)["Entries"] for value in entry["Values"]):
        assert time.monotonic() < deadline, mark
        time.sleep(0.01)


def by_entity(entries):
    """Entries and the parts of their entities are sets."""
    for entry in entries or []:
        entry["Entity"].sort(key=lambda part: part["EntityType"])
        entry.get("Values", []).sort(key=lambda value: value["Key"])
    return sorted(entries or [], key=str)


class Quotas:
    def __init__(self, talk):
        self.talk = talk
        self.changes = 0

    def alter(self, label, *entries, version=1, validate=False):
        """Entries are (entity, {key: value, or None to remove it})."""
        answer = self.talk.connection_call("AlterClientQuotas", version, {
            "ValidateOnly": validate, "Entries": [{"Entity": parts, "Ops": [
                {"Key": key, "Value": value or 0, "Remove": value is None}
                for key, value in (ops.items() if isinstance(ops, dict) else ops)]}
                for parts, ops in entries]})
        answer["Entries"] = by_entity(answer["Entries"])
        self.talk.note(label, answer)
        self.changes += 1
        settle(self.talk, self.changes)

    def describe(self, label, *components, strict=False, version=1):
        answer = self.talk.connection_call("DescribeClientQuotas", version, {
            "Strict": strict, "Components": [
                {"EntityType": kind, "MatchType": match, "Match": name}
                for kind, match, name in components]})
        if answer["Entries"] is not None:
            answer["Entries"] = by_entity(
                [entry for entry in answer["Entries"] if entry["Entity"] != MARKER])
        self.talk.note(label, answer)


@case
def client_quotas(talk):
    quotas = Quotas(talk)
    quotas.describe("none there")
    for version in (0, 1):
        quotas.alter(f"a user v{version}", (entity(user=f"u{version}"), {
            "producer_byte_rate": 1000, "consumer_byte_rate": 2000.0}), version=version)
        quotas.describe(f"a user described v{version}", ("user", EXACT, f"u{version}"),
                        version=version)
    quotas.alter("several",
                 (entity(user="u0", client_id="c"), {"request_percentage": 12.5}),
                 (entity(user=None), {"controller_mutation_rate": 0.5}),
                 (entity(client_id="c"), {"producer_byte_rate": 1}),
                 (entity(client_id=None, user=None), {"consumer_byte_rate": 7}),
                 (entity(ip="10.0.0.1"), {"connection_creation_rate": 3}),
                 (entity(ip="::1"), {"connection_creation_rate": 4}),
                 (entity(ip=None), {"connection_creation_rate": 5}))
    quotas.describe("all")
    for strict in (False, True):
        how = "strict" if strict else "open"
        quotas.describe(f"nothing, {how}", strict=strict)
        for kind in ("user", "client-id", "ip"):
            quotas.describe(f"any {kind}, {how}", (kind, ANY, None), strict=strict)
            quotas.describe(f"the default {kind}, {how}", (kind, DEFAULT, None), strict=strict)
        quotas.describe(f"a client, {how}", ("client-id", EXACT, "c"), strict=strict)
        quotas.describe(f"a user and a client, {how}", ("user", EXACT, "u0"),
                        ("client-id", EXACT, "c"), strict=strict)
        quotas.describe(f"a user and any client, {how}", ("user", EXACT, "u0"),
                        ("client-id", ANY, None), strict=strict)
        quotas.describe(f"a stranger, {how}", ("user", EXACT, "nobody"), strict=strict)
    quotas.alter("changed and removed", (entity(user="u0"), {
        "producer_byte_rate": 1500, "consumer_byte_rate": None}))
    quotas.alter("removed again", (entity(user="u0"), {"consumer_byte_rate": None}))
    quotas.alter("the same again", (entity(user="u0"), {"producer_byte_rate": 1500}))
    quotas.alter("only validated", (entity(user="u0"), {"producer_byte_rate": 1}), validate=True)
    quotas.describe("what is left of it", ("user", EXACT, "u0"), strict=True)
    quotas.alter("the last one removed", (entity(user="u1"), {
        "producer_byte_rate": None, "consumer_byte_rate": None}))
    quotas.describe("an entity without quotas", ("user", EXACT, "u1"))
    quotas.alter("nothing")
    quotas.alter("no operations", (entity(user="u9"), {}))
    quotas.describe("no operations described", ("user", EXACT, "u9"))


@case
def wrong_client_quotas(talk):
    quotas = Quotas(talk)
    rate = {"producer_byte_rate": 1}
    quotas.alter("no entity", ([], rate))
    quotas.alter("an unknown type", (entity(group="g"), rate))
    quotas.alter("an empty user", (entity(user=""), rate))
    quotas.alter("an empty client", (entity(client_id=""), rate))
    quotas.alter("an empty address", (entity(ip=""), {"connection_creation_rate": 1}))
    quotas.alter("an address and a user", (entity(ip="1.2.3.4", user="u"), rate))
    quotas.alter("no address", (entity(ip="1.2.3.999"), {"connection_creation_rate": 1}))
    quotas.alter("a user twice", (entity(user="v"), rate), (entity(user="v"), rate))
    quotas.describe("a user twice described", ("user", EXACT, "v"))
    quotas.alter("a part twice", (entity(user="a") + entity(user="b"), rate))
    quotas.describe("a part twice described", ("user", EXACT, "b"))
    quotas.alter("a key twice", (entity(user="w"), [("producer_byte_rate", 1),
                                                    ("producer_byte_rate", 2)]))
    quotas.describe("a key twice described", ("user", EXACT, "w"))
    for kind, key, value in (
            ("user", "no_such_rate", 1), ("user", "", 1), ("user", "connection_creation_rate", 1),
            ("ip", "producer_byte_rate", 1), ("user", "producer_byte_rate", 0),
            ("user", "producer_byte_rate", -1), ("user", "producer_byte_rate", 1.5),
            ("user", "producer_byte_rate", 1.0000001), ("user", "producer_byte_rate", 1e30),
            ("user", "request_percentage", 0.001), ("user", "request_percentage", -0.5),
            ("user", "controller_mutation_rate", 1e300), ("user", "SCRAM-SHA-256", 1),
            ("ip", "connection_creation_rate", 2147483647),
            ("ip", "connection_creation_rate", 2147483648),
            ("ip", "connection_creation_rate", 0.5)):
        name = "1.1.1.1" if kind == "ip" else "x"
        quotas.alter(f"{kind} {key}={value}", (entity(**{kind: name}), {key: value}))
    quotas.alter("an unknown key removed", (entity(user="x"), {"no_such_rate": None}))
    quotas.alter("a right and a wrong key", (entity(user="y"), {
        "producer_byte_rate": 1, "consumer_byte_rate": -1}))
    quotas.describe("a right and a wrong key described", ("user", EXACT, "y"))
    quotas.alter("a right and a wrong user", (entity(user="z"), rate), (entity(user=""), rate))
    quotas.describe("a right and a wrong user described", ("user", EXACT, "z"))

    quotas.describe("no type", ("", EXACT, "u"))
    quotas.describe("an unsupported type", ("group", EXACT, "u"))
    quotas.describe("a type twice", ("user", EXACT, "u"), ("user", ANY, None))
    quotas.describe("exactly nothing", ("user", EXACT, None))
    quotas.describe("a default with a name", ("user", DEFAULT, "u"))
    quotas.describe("any with a name", ("user", ANY, "u"))
    quotas.describe("an unknown match", ("user", 3, None))
    quotas.describe("a negative match", ("user", -1, None))
    quotas.describe("an address and a client", ("ip", ANY, None), ("client-id", ANY, None))
    quotas.describe("an unsupported type v0", ("group", EXACT, "u"), version=0)


@case
def scram_credentials(talk):
    def by_user(answer):
        answer["Results"].sort(key=lambda result: result["User"])
        for result in answer["Results"]:
            result.get("CredentialInfos", []).sort(key=lambda info: info["Mechanism"])
        return answer

    marks = iter(range(1000, 2000))

    def alter(label, upsertions=(), deletions=()):
        talk.note(label, by_user(talk.connection_call("AlterUserScramCredentials", 0, {
            "Deletions": [{"Name": name, "Mechanism": mechanism}
                          for name, mechanism in deletions],
            "Upsertions": [{"Name": name, "Mechanism": mechanism, "Iterations": iterations,
                            "Salt": b"salt", "SaltedPassword": password}
                           for name, mechanism, iterations, password in upsertions]})))
        settle(talk, next(marks))

    def describe(label, users):
        talk.note(label, by_user(talk.connection_call("DescribeUserScramCredentials", 0, {
            "Users": None if users is None else [{"Name": name} for name in users]})))

    describe("none there", None)
    alter("two", [("josef", 1, 4096, b"p" * 32), ("frieda", 2, 16384, b"p" * 64)])
    alter("another mechanism", [("josef", 2, 8192, b"q" * 64)])
    describe("all", None)
    describe("all, by an empty list", [])
    describe("one", ["josef"])
    describe("a stranger", ["klamm", "josef"])
    describe("described twice", ["josef", "josef", "frieda"])
    describe("nameless", [""])
    alter("changed", [("josef", 1, 5000, b"r" * 32)])
    alter("too few iterations", [("leni", 1, 4095, b"p"), ("olga", 2, 4095, b"p"),
                                 ("pepi", 1, 0, b"p"), ("amalia", 1, -1, b"p")])
    alter("too many iterations", [("leni", 1, 16385, b"p"), ("olga", 2, 2147483647, b"p")])
    alter("no user", [("", 1, 4096, b"p")], [("", 1)])
    alter("unknown mechanisms", [("leni", 0, 4096, b"p"), ("olga", 3, 4096, b"p"),
                                 ("pepi", -1, 4096, b"p")])
    alter("deleted unknown mechanism", deletions=[("josef", 3)])
    alter("deleted stranger", deletions=[("klamm", 1)])
    alter("deleted other mechanism", deletions=[("frieda", 1)])
    alter("twice", [("leni", 1, 4096, b"p"), ("leni", 1, 4096, b"p")])
    alter("two mechanisms at once", [("leni", 1, 4096, b"p"), ("leni", 2, 4096, b"p")])
    alter("three times", [("leni", 1, 4096, b"p")] * 3)
    alter("set and deleted", [("josef", 1, 4096, b"p")], [("josef", 2)])
    alter("deleted twice", deletions=[("josef", 1), ("josef", 2)])
    alter("wrong, then right", [("leni", 1, 1, b"p"), ("leni", 1, 4096, b"p")])
    alter("right, then wrong", [("leni", 1, 4096, b"p"), ("leni", 1, 1, b"p")])
    alter("one right, one wrong", [("olga", 1, 4096, b"p"), ("pepi", 1, 1, b"p")])
    describe("what is there", None)
    alter("deleted", deletions=[("josef", 2), ("frieda", 2)])
    describe("what is left", None)
    alter("nothing")
    alter("no password", [("leni", 1, 4096, b"")])
