#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two brokers of a cluster: what the controller answers is answered by both, and envelopes are
opened on the inter-broker listener alone. forwarding_test.py --server build/release/odradek"""

import argparse
import struct
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/answers"), str(ROOT / "tests/clients")]
from asking import ask, until  # noqa: E402
from chroot import Chroot  # noqa: E402

NONE, CLUSTER_AUTHORIZATION_FAILED, UNSUPPORTED_VERSION, NOT_CONTROLLER = 0, 31, 35, 41
TOPIC_ALREADY_EXISTS, INVALID_REQUEST, PRINCIPAL_DESERIALIZATION_FAILURE = 36, 42, 97
ALICE = b"\0\0\x05User\x06alice\0\0"
HOST = b"\x7f\0\0\1"


def request(key, version, body=b""):
    """A request as it lies in an envelope, of a flexible version."""
    return struct.pack(">hhih", key, version, 77, 1) + b"c\0" + body


REASSIGNMENTS = request(46, 0, struct.pack(">i", 1000) + b"\0\0")


class Forwarding(unittest.TestCase):
    server = None

    @classmethod
    def setUpClass(cls):
        place = Chroot(cls.server, "forwarding", cls.addClassCleanup)
        cls.brokers = [place.two_listeners(number).start() for number in (1, 2)]
        seen = until(cls.metadata, lambda found: len(found["Brokers"]) == 2)
        cls.controller = cls.brokers[seen["ControllerId"] - 1]
        cls.other = cls.brokers[2 - seen["ControllerId"]]

    @classmethod
    def metadata(cls):
        return ask(cls.brokers[1].port, "Metadata", 9, {"Topics": []})

    def envelope(self, port, data, principal=ALICE, host=HOST):
        answer = ask(port, "Envelope", 0, {
            "RequestData": data, "RequestPrincipal": principal, "ClientHostAddress": host})
        return answer["ErrorCode"], answer["ResponseData"]

    def code(self, *arguments, **more):
        code, data = self.envelope(self.controller.inner, *arguments, **more)
        self.assertIsNone(data)
        return code

    def test_a_topic_is_made_through_each_broker(self):
        for broker in (self.other, self.controller):
            wanted = {"Name": f"by-{broker.port}", "NumPartitions": 1, "ReplicationFactor": 2}
            for expected in (NONE, TOPIC_ALREADY_EXISTS):
                answer = ask(broker.port, "CreateTopics", 7,
                             {"Topics": [wanted], "timeoutMs": 10000})
                self.assertEqual(answer["Topics"][0]["ErrorCode"], expected)

    def test_a_broker_takes_its_own_configuration_and_no_other_s(self):
        number = self.brokers.index(self.other) + 1
        for name, expected in ((str(number), NONE), (str(3 - number), INVALID_REQUEST)):
            answer = ask(self.other.port, "IncrementalAlterConfigs", 1, {
                "Resources": [{"ResourceType": 4, "ResourceName": name, "Configs": [
                    {"Name": "message.max.bytes", "ConfigOperation": 0, "Value": "2000000"}]}]})
            self.assertEqual(answer["Responses"][0]["ErrorCode"], expected)

    def test_an_envelope_s_answer_is_the_client_s(self):
        code, data = self.envelope(self.controller.inner, REASSIGNMENTS)
        self.assertEqual((code, data[:4]), (NONE, struct.pack(">i", 77)))

    def test_an_envelope_is_for_the_controller_on_the_inner_listener(self):
        self.assertEqual(self.envelope(self.controller.port, REASSIGNMENTS),
                         (CLUSTER_AUTHORIZATION_FAILED, None))
        self.assertEqual(self.envelope(self.other.inner, REASSIGNMENTS), (NOT_CONTROLLER, None))

    def test_what_is_in_an_envelope_is_looked_at(self):
        self.assertEqual(self.code(request(58, 0, b"\1\0\0\0")), INVALID_REQUEST, "nested")
        self.assertEqual(self.code(request(3, 12, bytes(5))), INVALID_REQUEST, "Metadata")
        self.assertEqual(self.code(request(46, 0, b"\xff")), UNSUPPORTED_VERSION)
        self.assertEqual(self.code(request(46, 9)), UNSUPPORTED_VERSION)
        self.assertEqual(self.code(REASSIGNMENTS, principal=b"\0\x09"),
                         PRINCIPAL_DESERIALIZATION_FAILURE)
        self.assertEqual(self.code(REASSIGNMENTS, host=b"abc"), INVALID_REQUEST)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    options, rest = parser.parse_known_args()
    Forwarding.server = options.server
    unittest.main(argv=[sys.argv[0], *rest])
