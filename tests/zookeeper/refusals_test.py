#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starts that are refused, each by a real ZooKeeper or what is kept there, and those that are not
although they look like it. refusals_test.py --server build/release/odradek"""

import argparse
import socket
import struct
import subprocess
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/answers"), str(ROOT / "tests/clients")]
from chroot import Chroot  # noqa: E402
from harness import zookeeper  # noqa: E402
from harness.servers import answers, free_port  # noqa: E402

PATIENCE_S = 60


class HalfAnEnsemble:
    """One of three servers: it has no quorum, and answers reads only."""

    def __init__(self, directory):
        self.address = f"127.0.0.1:{free_port()}"
        directory.mkdir()
        servers = "".join(f"server.{number}=127.0.0.1:{free_port()}:{free_port()}\n"
                          for number in (1, 2, 3))
        (directory / "myid").write_text("1\n")
        (directory / "zoo.cfg").write_text(
            f"tickTime=500\ninitLimit=20\nsyncLimit=10\ndataDir={directory}\n"
            f"clientPort={self.address.split(':')[1]}\nadmin.enableServer=false\n"
            f"localSessionsEnabled=true\nlocalSessionsUpgradingEnabled=true\n{servers}")
        with open(directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["java", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                 "-Dreadonlymode.enabled=true", "-cp", zookeeper.CLASS_PATH,
                 "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(directory / "zoo.cfg")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_until_read_only()

    def wait_until_read_only(self):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                self.ask()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("no server that reads only")

    def ask(self):
        """For a session that may be one that reads only, as the last byte says."""
        host, port = self.address.split(":")
        request = struct.pack(">iqiqi", 0, 0, 6000, 0, 16) + bytes(16) + b"\1"
        with socket.create_connection((host, int(port)), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            if not connection.recv(4):
                raise OSError("closed")

    def stop(self):
        self.process.kill()
        self.process.wait()


def make(session, chroot, nodes):
    """The nodes below the chroot, and what they need above them."""
    made = set()
    for path, text in {"": "", **nodes}.items():
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            above = "/".join(parts[:length])
            if above not in made:
                made.add(above)
                session.create(chroot + above, text.encode() if above == path else b"")


class Refusals(unittest.TestCase):
    server = None

    def setUp(self):
        self.place = Chroot(self.server, self._testMethodName, self.addCleanup)

    def broker(self, name, number=1, **settings):
        given = {"auto_create_topics_enable": "false", "zookeeper_session_timeout_ms": "30000"}
        return self.place.broker(number, directory=name, **given | settings)

    def refused(self, broker, *words):
        """It ends by itself, and its log has the words."""
        broker.start_without_waiting()
        self.assertNotEqual(broker.process.wait(PATIENCE_S), 0)
        said = broker.log.read_text()
        for word in words:
            self.assertIn(word, said)
        return said

    def identity(self, broker):
        """The broker has been here: its id, its cluster's and its directories'."""
        return (broker.data / "meta.properties").read_text()

    def copy_of(self, broker, name):
        other = self.broker(name)
        other.data.mkdir()
        (other.data / "meta.properties").write_text(self.identity(broker))
        return other

    def test_a_second_broker_with_the_id(self):
        first = self.broker("first").start()
        self.refused(self.broker("second"), "broker.id: another broker has the id 1",
                     first.bootstrap)
        self.assertTrue(answers(first.port))

    def test_a_copy_of_a_broker_that_is_alive(self):
        first = self.broker("first").start()
        self.refused(self.copy_of(first, "copy"), "another broker has the id 1", first.bootstrap,
                     "it is alive: its address answers")
        self.assertTrue(answers(first.port))

    def test_one_that_was_killed_takes_its_registration_over(self):
        first = self.broker("first").start()
        first.kill()
        begun = time.monotonic()
        first.start()
        again = self.copy_of(first, "at-another-address")
        first.kill()
        again.start()
        self.assertLess(time.monotonic() - begun, 25, "no session of 30 s was waited for")
        for broker in (first, again):
            self.assertIn("takes over the registration of its last run", broker.log.read_text())
        looking = zookeeper.Session(zookeeper.shared().address)
        self.addCleanup(looking.close)
        self.assertIn(again.bootstrap.encode(), looking.get(f"{self.place.name}/brokers/ids/1"))

    def test_another_cluster_s_directories(self):
        self.broker("first").start()
        other = self.broker("other", 2)
        other.data.mkdir()
        (other.data / "meta.properties").write_text(
            "version=1\ncluster.id=AAAAAAAAAAAAAAAAAAAAAA\nnode.id=2\n"
            "directory.id=BBBBBBBBBBBBBBBBBBBBBB\n")
        cluster = self.identity(self.broker("first")).split("cluster.id=")[1].split()[0]
        self.refused(other, f"is cluster {cluster}",
                     "the log directories are of cluster AAAAAAAAAAAAAAAAAAAAAA")

    def test_a_chroot_that_is_none(self):
        self.refused(self.broker("one", zookeeper_connect=zookeeper.shared().address + "/a//b"),
                     "zookeeper.connect", "/a//b")

    def test_a_chroot_that_cannot_be_made(self):
        holder = zookeeper.Session(zookeeper.shared().address)
        self.addCleanup(holder.close)
        holder.create(self.place.name, b"", is_ephemeral=True)
        said = self.refused(self.broker("one", zookeeper_connect=self.place.connect + "/below"),
                            "zookeeper.connect")
        self.assertIn("ephemeral", said)
        self.assertIn("the chroot can't be made", said)

    def all_below(self, looking, path):
        return {path: looking.get(path)} | {
            below: text for name in looking.children(path)
            for below, text in self.all_below(looking, f"{path}/{name}").items()}

    def test_a_cluster_of_apache_kafka(self):
        signs = {
            "brokers": {"/brokers/ids/7": '{"listener_security_protocol_map":{"PLAINTEXT":'
                        '"PLAINTEXT"},"endpoints":["PLAINTEXT://kafka:9092"],"jmx_port":-1,'
                        '"features":{},"host":"kafka","timestamp":"1","port":9092,"version":5}',
                        "/cluster/id": '{"version":"1","id":"9o1my2NUTAa1OQ5_2RXcJg"}'},
            "topics": {"/brokers/ids": "", "/controller_epoch": "4",
                       "/brokers/topics/orders": '{"partitions":{"0":[7]},"topic_id":'
                       '"CLI_IPNtQDi1vHX1Dz-nJQ","adding_replicas":{},"removing_replicas":{},'
                       '"version":3}'},
            "stopped": {"/brokers/ids": "", "/brokers/topics": "", "/isr_change_notification": "",
                        "/feature": '{"features":{},"version":2,"status":1}'},
            "migrating": {"/brokers/ids": "", "/migration": '{"version":0,"kraft_controller_id":'
                          '3000,"kraft_controller_epoch":5,"kraft_metadata_offset":100}'},
        }
        above = self.place.name
        looking = zookeeper.Session(zookeeper.shared().address)
        self.addCleanup(looking.close)
        looking.create(above, b"")
        for name, nodes in signs.items():
            chroot = f"{above}/{name}"
            make(looking, chroot, nodes)
            before = self.all_below(looking, chroot)
            connect = zookeeper.shared().address + chroot
            self.refused(self.broker(name, zookeeper_connect=connect),
                         f"zookeeper.connect={connect}: this chroot holds a cluster of Apache "
                         "Kafka (/")
            self.assertEqual(self.all_below(looking, chroot), before)

    def test_nobody_there(self):
        self.refused(self.broker("one", zookeeper_connect="127.0.0.1:1/nobody",
                                 zookeeper_connection_timeout_ms="1000"),
                     "zookeeper.connect=127.0.0.1:1/nobody: nobody answered within "
                     "zookeeper.connection.timeout.ms")

    def test_an_ensemble_that_is_read_only(self):
        half = HalfAnEnsemble(self.place.directory / "half")
        self.addCleanup(half.stop)
        self.refused(self.broker("one", zookeeper_connect=half.address + "/half",
                                 zookeeper_connection_timeout_ms="4000"),
                     f"zookeeper.connect={half.address}/half: only servers without a quorum, which "
                     "are read-only, answered")

    def test_wrong_credentials(self):
        with_lists = {"zookeeper_set_acl": "true"}
        first = self.broker("first", zookeeper_digest_credentials="kafka:secret",
                            **with_lists).start()
        for number, credentials in ((2, "kafka:wrong"), (3, "")):
            self.refused(self.broker(f"broker-{number}", number,
                                     zookeeper_digest_credentials=credentials,
                                     **(with_lists if credentials else {})),
                         "zookeeper.digest.credentials")
        self.assertTrue(answers(first.port))
        self.broker("fourth", 4, zookeeper_digest_credentials="kafka:secret", **with_lists).start()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    options, rest = parser.parse_known_args()
    Refusals.server = str(Path(options.server).resolve())
    unittest.main(argv=[sys.argv[0], *rest])
