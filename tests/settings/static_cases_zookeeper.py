# SPDX-License-Identifier: Apache-2.0
"""Settings of a broker whose metadata is in ZooKeeper. Each server has a chroot of its own."""

import json
import subprocess

from cluster import takes
from effect import DEFAULT, NO_START, effect
from harness.zookeeper import Session, digest_identity, shared
from node import until


def session(node):
    return Session(shared().address), node.server.places["chroot"]


@effect("zookeeper.connect", {
    DEFAULT: None, "{zookeeper}/{chroot}": "PLAINTEXT", "{zookeeper}/a//b": NO_START})
def listener_in_the_broker_s_node(node):
    if "chroot" not in node.server.places:
        return None
    looking, chroot = session(node)
    text = looking.get(f"/{chroot}/brokers/ids/1")
    return text and next(iter(json.loads(text)["listener_security_protocol_map"]))


@effect("zookeeper.session.timeout.ms", {"3000": False, "10000": True},
        zookeeper_connect="{zookeeper}/{chroot}", broker_session_timeout_ms="600000")
def whether_the_node_outlives_the_broker_long(node):
    """ZooKeeper removes it that time after it last heard of the broker: a third of it before the
    kill, or less."""
    looking, chroot = session(node)
    node.server.kill()
    return takes(6, lambda: until(lambda: looking.get(f"/{chroot}/brokers/ids/1"),
                                  lambda text: text is None))


@effect("zookeeper.set.acl", {"false": ["world:anyone"], "true": [digest_identity("kafka:secret")]},
        zookeeper_connect="{zookeeper}/{chroot}", zookeeper_digest_credentials="kafka:secret")
def who_may_read_the_changes(node):
    looking, chroot = session(node)
    looking.authenticate("kafka:secret")
    first = looking.children(f"/{chroot}/odradek/changes")[0]
    return looking.schemes(f"/{chroot}/odradek/changes/{first}")


@effect("zookeeper.digest.credentials",
        {"kafka:secret": digest_identity("kafka:secret"), "a:b": digest_identity("a:b")},
        zookeeper_connect="{zookeeper}/{chroot}", zookeeper_set_acl="true")
def whose_the_nodes_are(node):
    looking, chroot = session(node)
    looking.authenticate(node.server.settings["zookeeper.digest.credentials"])
    return looking.schemes(f"/{chroot}/controller_epoch")[0]


@effect("zookeeper.connection.timeout.ms", {"1000": False, "5000": True})
def whether_a_start_waits_long_for_nobody(node):
    """Another server's, whose ensemble does not answer."""
    key = "zookeeper.connection.timeout.ms"
    settings = {"listeners": "PLAINTEXT://127.0.0.1:0", key: node.server.settings[key],
                "log.dirs": node.server.directory.parent / "another",
                "zookeeper.connect": "127.0.0.1:1"}
    command = [node.server.binary, "server"]
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]

    def fail():
        assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    return takes(4.5, fail)
