#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""conformance_test.py SCHEMA GENERATOR JARS

Compares schema/ with the message definitions inside Apache Kafka's published jars, field by field
and version by version: 4.4.0's for the versions that it has, 3.9.1's for those below them. One test
case for each message.
"""

import pathlib
import sys
import unittest

import definitions

# Versions that a 3.9 still takes and this server does not: before record batches of format 2.
LOWEST = {"Produce": 3, "Fetch": 4}
# Definitions that are no business of schema/: a transaction index entry and a producer snapshot
# (which are the log's own formats).
NOT_OURS = {"AbortedTxn", "ProducerSnapshot"}
RECORD_JARS = {"metadata": "kafka-metadata", "group": "kafka-group-coordinator",
               "transaction": "kafka-transaction-coordinator", "share": "kafka-share-coordinator",
               "remote": "kafka-storage"}
KIND = {"metadata": "record", "coordinator-key": "key", "coordinator-value": "value"}


class MessageTest(unittest.TestCase):
    """Subclassed for each message, below."""

    maxDiff = None
    ours = None      # Message
    newest = None    # Definition of 4.4.0
    oldest = None    # Definition of 3.9.1, or None

    def check(self):
        self.check_heading()
        for version in range(self.ours.versions.low, self.ours.versions.high + 1):
            current = definitions.contains(self.newest.versions, version)
            theirs = self.newest if current else self.oldest
            with self.subTest(message=self.ours.name, version=version):
                self.assertEqual(definitions.describe_ours(self.ours, version),
                                 theirs.describe(version))
        self.check_attributes()

    def check_heading(self):
        ours, newest = self.ours, self.newest
        self.assertEqual(ours.number, newest.number)
        self.assertEqual(ours.versions.high, newest.versions[1])
        self.assertEqual(ours.versions.low, self.lowest())
        flexible = None if newest.flexible is None else newest.flexible[0]
        self.assertEqual(ours.flexible, flexible)
        if ours.kind == "request":
            self.assertEqual(list(ours.listeners), newest.listeners)
            self.assertEqual(ours.unstable, newest.versions[1] if newest.unstable else None)

    def lowest(self):
        low = self.newest.versions[0]
        if self.ours.kind in ("request", "response") and self.oldest is not None:
            if self.oldest_stable and self.oldest.versions[0] < low:
                low = self.oldest.versions[0]
            low = max(low, LOWEST.get(self.ours.name.removesuffix(self.ours.kind.capitalize()), 0))
        return low

    def check_attributes(self):
        theirs = self.newest.attributes()
        if self.oldest is not None:
            theirs = self.oldest.attributes() | theirs
        for path, attributes in definitions.our_attributes(self.ours).items():
            self.assertEqual(attributes, theirs[path], path)


class CoverageTest(unittest.TestCase):
    """Nothing is missing from schema/, and nothing is there that Kafka does not have."""

    ours = {}
    theirs = {}

    def test_every_message_is_there(self):
        self.assertEqual(sorted(self.ours), sorted(self.theirs))

    def test_number_of_apis(self):
        self.assertEqual(sum(message.kind == "request" for message in self.ours.values()), 91)


def read_schema(schema, directory):
    messages = {}
    for path in sorted(directory.glob("*/*.msg")):
        for message in schema.parse_file(path, path.stem).messages:
            messages[message.name] = message
    return messages


def read_jars(jars):
    """({name: Definition} of 4.4.0, the same of 3.9.1)"""
    newest = definitions.load(jars / "kafka-clients-4.4.0.jar")
    for jar in RECORD_JARS.values():
        newest |= definitions.load(jars / f"{jar}-4.4.0.jar")
    wanted = {name: definition for name, definition in newest.items()
              if definition.versions is not None and name not in NOT_OURS}
    return wanted, definitions.load(jars / "kafka-clients-3.9.1.jar")


def is_stable(oldest, name):
    """Whether 3.9.1 accepts any version of the API without being told to."""
    request = oldest.get(name.replace("Response", "Request"))
    return (request is not None and request.versions is not None
            and request.stable_high >= request.versions[0])


def make_tests(ours, newest, oldest):
    CoverageTest.ours, CoverageTest.theirs = ours, newest
    for name in sorted(set(ours) & set(newest)):
        test = type(f"{name}Test", (MessageTest,), {
            "ours": ours[name], "newest": newest[name], "oldest": oldest.get(name),
            "oldest_stable": is_stable(oldest, name), "test": MessageTest.check})
        globals()[test.__name__] = test


def main():
    schema_directory, generator, jars = map(pathlib.Path, sys.argv[1:4])
    sys.path.insert(0, str(generator))
    import schema
    make_tests(read_schema(schema, schema_directory), *read_jars(jars))
    unittest.main(argv=sys.argv[:1], verbosity=1)


if __name__ == "__main__":
    main()
