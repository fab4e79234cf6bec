#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether schema/settings says of every key what Apache Kafka's published jars say of it.
Usage: published_settings_test.py"""

import pathlib
import re
import sys
import tomllib
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tools" / "generate"))
import settings   # noqa: E402

# What Kafka does not know: schema/settings/own.toml.
OURS = set(tomllib.loads((ROOT / "schema/settings/own.toml").read_text())["settings"])
# Both quota scopes are one here, with the entities told apart.
SCOPES = {"broker": ("broker", "current", ()), "broker-dynamic": ("broker", "dynamic-only", ()),
          "topic": ("topic", "current", ()), "group": ("group", "current", ()),
          "client-metrics": ("client-metrics", "current", ()),
          "user-or-client": ("quota", "current", ("user", "client-id")),
          "ip": ("quota", "current", ("ip",))}
COUNTS = {"broker": 379, "broker-dynamic": 3, "topic": 38, "group": 27, "client-metrics": 3,
          "user-or-client": 4, "ip": 1}
# Their validators call themselves so, but take an empty list, which is their default.
MISNAMED = {"controller.quorum.voters", "controller.quorum.bootstrap.servers"}


def range_of(rule):
    """Kafka's words for what a key may be, in our notation."""
    if rule in ("null", "non-null string"):
        return ""
    words = []
    for word in ("distinct", "non-empty"):
        if rule.startswith(word):
            words.append(word)
            rule = rule.removeprefix(word).removeprefix(" ")
    rule = rule.removeprefix("string").removeprefix("list").strip()
    if rule.startswith("[partitionId]"):
        words.append("partition:broker")
    elif numbers := re.fullmatch(r"\[(-?[\d.]+),\.\.\.(?:,(-?[\d.]+))?\](?: or (-1))?", rule):
        low, high, other = numbers.groups()
        words.append(f"{low}..{high or ''}" + (f"|{other}" if other else ""))
    elif rule:
        any_case = "~" if rule.startswith("(case insensitive) ") else ""
        choices = rule.removeprefix("(case insensitive) ")[1:-1].split(", ")
        choices = [re.sub(r":P.*", ":", choice) for choice in choices]
        words.append(any_case + "|".join(choices))
    return " ".join(words)


def published():
    """{scope: {name: facts}}"""
    scopes = {}
    for line in (HERE / "published_settings.tsv").read_text(encoding="utf-8").splitlines():
        scope, name, kind, default, rule, importance, internal, live, synonyms = line.split("\t")
        default = None if default in ("<none>", "<null>") else default
        names = [] if synonyms in ("", name) and scope == "broker" else synonyms.split(",")
        scopes.setdefault(scope, {})[name] = {
            "type": kind.lower(), "default": default,
            "range": "" if name in MISNAMED else range_of(rule), "importance": importance.lower(),
            "internal": internal == "true", "live": live or "read-only",
            "synonyms": [name for name in names if name]}
    return scopes


class Published(unittest.TestCase):
    def test_every_fact_is_kafkas(self):
        ours = settings.all_settings(settings.read(ROOT / "schema" / "settings"))
        for scope, theirs in published().items():
            self.assertEqual(len(theirs), COUNTS[scope])
            scope_here, kind, entities = SCOPES[scope]
            here = {setting.name: setting for setting in ours
                    if (setting.scope, setting.kind) == (scope_here, kind)
                    and tuple(setting.entities) == entities and setting.name not in OURS}
            self.assertEqual(set(here), set(theirs), scope)
            for name, facts in theirs.items():
                for fact, value in facts.items():
                    with self.subTest(f"{scope} {name} {fact}"):
                        self.assertEqual(getattr(here[name], fact), value)

    def test_the_notation_says_what_kafka_says(self):
        for rule, expected in (("null", ""), ("[1,...]", "1.."), ("[0,...,0.5]", "0..0.5"),
                               ("[1,...,9] or -1", "1..9|-1"), ("[a, b]", "a|b"),
                               ("(case insensitive) [A, B]", "~A|B"),
                               ("distinct non-empty [a, b]", "distinct non-empty a|b"),
                               ("distinct ", "distinct"), ("non-empty string", "non-empty"),
                               ("[latest, by_duration:PnDT]", "latest|by_duration:")):
            self.assertEqual(range_of(rule), expected)


if __name__ == "__main__":
    unittest.main()
