# SPDX-License-Identifier: Apache-2.0
"""Three brokers or more, each a process on a machine of its own, and the ZooKeeper that makes them
one cluster; what is asked of them from outside.
"""

import contextlib
import json
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import confluent_kafka
import confluent_kafka.admin

from ensemble import Client, Ensemble, NoNode

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/clients"))
from harness.servers import ServerFailed, free_port  # noqa: E402

PATIENCE_S = 60
CHROOT = "/cluster"
FIRST_BROKER, FIRST_ZOOKEEPER = 11, 101  # the last parts of their addresses
SESSION_MS = 3000

SETTINGS = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "num.partitions": "3",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "3",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "100",
    "zookeeper.session.timeout.ms": str(SESSION_MS),
    # At a start only; by default it is the session's, which a busy machine may need for the start.
    "zookeeper.connection.timeout.ms": str(PATIENCE_S * 1000),
    "broker.session.timeout.ms": str(SESSION_MS),
    "broker.heartbeat.interval.ms": "500",
    "replica.lag.time.max.ms": "3000",
    "log.segment.bytes": str(1 << 20),
}

# What an administrator asks again after; the library does so only for some.
PASSING = {confluent_kafka.KafkaError.NOT_CONTROLLER, confluent_kafka.KafkaError._TIMED_OUT,
           confluent_kafka.KafkaError._TRANSPORT, confluent_kafka.KafkaError.REQUEST_TIMED_OUT}


def answers(host, port):
    """Whether ApiVersions (key 18, version 0) is answered without an error."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.settimeout(2)
            connection.sendall(struct.pack(">i", len(request)) + request)
            reply = connection.recv(10, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(reply) == 10 and struct.unpack(">iih", reply)[1:] == (1, 0)


def find_coordinator(host, port, group):
    """FindCoordinator (key 10, version 1): the broker's number, or None. Not by a library: the
    admin client of librdkafka keeps a coordinator that is gone, and waits for it for good."""
    key = group.encode()
    request = struct.pack(f">hhihh{len(key)}sb", 10, 1, 1, -1, len(key), key, 0)
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.settimeout(2)
            connection.sendall(struct.pack(">i", len(request)) + request)
            size = struct.unpack(">i", connection.recv(4, socket.MSG_WAITALL))[0]
            reply = connection.recv(size, socket.MSG_WAITALL)
            error, words = struct.unpack_from(">hh", reply, 8)
            number = struct.unpack_from(">i", reply, 12 + max(words, 0))[0]
    except (OSError, struct.error):
        return None
    return number if error == 0 else None


class Broker:
    """One broker's process, data directory and log."""

    def __init__(self, machine, number, directory, binary, settings):
        self.machine = machine
        self.number = number
        self.name = f"broker {number}"
        self.binary = binary
        self.directory = directory / f"broker-{number}"
        self.directory.mkdir(parents=True)
        self.data = self.directory / "data"
        self.disk = None  # that its data is on, where power is cut (power.py)
        self.log = self.directory / "server.log"
        self.settings = settings
        self.port = free_port()
        self.process = None
        self.is_paused = False

    @property
    def address(self):
        return f"{self.machine.address}:{self.port}"

    def command(self):
        settings = {"node.id": self.number, "listeners": f"PLAINTEXT://{self.address}",
                    "log.dirs": self.data, **self.settings}
        pairs = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        return [*self.machine.prefix, "setpriv", "--pdeathsig", "KILL", str(self.binary), "server",
                *pairs]

    def start_without_waiting(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.directory)

    def wait(self):
        deadline = time.monotonic() + PATIENCE_S
        while not answers(self.machine.address, self.port):
            if not self.is_running():
                raise ServerFailed(f"{self.name} ended with status {self.process.returncode} while "
                                   f"starting\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.name} does not answer\n{self.last_words()}")
            time.sleep(0.02)

    def start(self):
        self.start_without_waiting()
        self.wait()

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.is_running():
            self.process.kill()
            self.process.wait()
        self.is_paused = False

    def stop(self):
        """As an operator does; how long it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFailed(f"{self.name} did not stop\n{self.last_words()}") from None
        if status != 0:
            raise ServerFailed(f"{self.name} stopped with status {status}\n{self.last_words()}")
        return time.monotonic() - started

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        self.is_paused = True

    def resume(self):
        if self.is_running():
            self.process.send_signal(signal.SIGCONT)
        self.is_paused = False

    def lose_disk(self):
        shutil.rmtree(self.data)

    def move(self):
        """To another port, from the next start on."""
        self.port = free_port()

    def last_words(self):
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-15:])


class Brokers:
    """What brokers that are one cluster are asked; `brokers` have the numbers from 1 on."""

    brokers = ()
    admin = None
    crowd = None  # the clients at work (clients.py)
    directory = None
    is_ours = True

    def begin(self):
        """They have been started: waits until each knows all."""
        for broker in self.brokers:
            broker.wait()
        self.admin = confluent_kafka.admin.AdminClient(self.client_settings())
        self.until(lambda: len(self.live()) == len(self.brokers), "all brokers are there")

    def start_again(self, rng):
        """All, at once and in any order; returns when they answer."""
        for broker in rng.sample(self.brokers, len(self.brokers)):
            broker.start_without_waiting()
        for broker in self.brokers:
            broker.wait()

    @property
    def bootstrap(self):
        return ",".join(broker.address for broker in self.brokers)

    def client_settings(self):
        return {"bootstrap.servers": self.bootstrap, "socket.timeout.ms": 3000, "log_level": 0,
                "reconnect.backoff.max.ms": 200}

    def broker(self, number):
        return self.brokers[number - 1]

    def running(self):
        return [broker for broker in self.brokers if broker.is_running() and not broker.is_paused]

    def until(self, condition, what, patience_s=PATIENCE_S):
        """How long it took; TimeoutError says what was waited for."""
        started = time.monotonic()
        while not condition():
            if time.monotonic() > started + patience_s:
                raise TimeoutError(f"not within {patience_s} s: {what}\n{self.situation()}")
            time.sleep(0.02)
        return time.monotonic() - started

    def tool(self, name, *words):
        """One of Kafka's commands, by its name; what it prints. A status but 0 is an error."""
        done = subprocess.run([*self.tool_command(name), "--bootstrap-server", self.bootstrap,
                               *words], capture_output=True, text=True, timeout=2 * PATIENCE_S)
        if done.returncode != 0:
            raise ServerFailed(f"{name} {words} ended with status {done.returncode}: "
                               f"{done.stdout}{done.stderr}")
        return done.stdout

    # What the brokers say.

    def metadata(self, topic=None):
        """None where nobody answers."""
        try:
            return self.admin.list_topics(topic, timeout=5)
        except confluent_kafka.KafkaException:
            return None

    def live(self):
        found = self.metadata()
        return set(found.brokers) if found else set()

    def partitions(self, topic):
        """partition → what is known of it; empty where nobody answers or there is none."""
        found = self.metadata(topic)
        return found.topics[topic].partitions if found else {}

    def leader(self, topic, partition=0):
        """Its broker, or None."""
        found = self.partitions(topic).get(partition)
        return self.broker(found.leader) if found and found.leader > 0 else None

    def coordinator(self, group):
        """The broker that coordinates the group, or None."""
        for broker in self.running():
            number = find_coordinator(broker.machine.address, broker.port, group)
            if number is not None:
                return self.broker(number)
        return None

    def is_in_sync(self, topic, replicas=None):
        found = self.partitions(topic)
        return bool(found) and all(
            partition.leader > 0 and len(partition.isrs) == (replicas or len(partition.replicas))
            for partition in found.values())

    def make_topic(self, name, partitions=1, replicas=3, led_by=None, **config):
        """`led_by`: a broker that is to lead each partition."""
        config = {key.replace("_", "."): str(value) for key, value in config.items()}
        placed = ({"replica_assignment": self.placement(led_by, partitions, replicas)}
                  if led_by else {"replication_factor": replicas})
        topic = confluent_kafka.admin.NewTopic(name, partitions, config=config, **placed)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.admin.create_topics([topic], operation_timeout=30)[name].result(PATIENCE_S)
                break
            except confluent_kafka.KafkaException as error:
                # The answer to one that was done may have been lost.
                if error.args[0].code() == confluent_kafka.KafkaError.TOPIC_ALREADY_EXISTS:
                    break
                is_passing = error.args[0].code() in PASSING or error.args[0].retriable()
                if not is_passing or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.until(lambda: self.is_in_sync(name), f"{name} has its replicas in sync")

    def elect_preferred(self, topic, partition):
        place = confluent_kafka.TopicPartition(topic, partition)
        self.admin.elect_leaders(confluent_kafka.ElectionType.PREFERRED, [place]).result(PATIENCE_S)

    def placement(self, leader, partitions, replicas):
        others = [broker.number for broker in self.brokers if broker is not leader]
        return [[leader.number, *(others[(i + j) % len(others)] for j in range(replicas - 1))]
                for i in range(partitions)]

    def situation(self, topic="events"):
        """For people who ask why."""
        found = {number: (partition.leader, partition.isrs)
                 for number, partition in self.partitions(topic).items()}
        words = [f"live {sorted(self.live())}, {topic} (leader, in sync) {found}"]
        words += [f"{broker.name} ({'runs' if broker.is_running() else 'does not run'}, "
                  f"{'answers' if answers(broker.machine.address, broker.port) else 'is silent'})\n"
                  f"{broker.last_words()}" for broker in self.brokers]
        return "\n".join(words)


class Cluster(Brokers):
    """On machines that are new in the network (machines.py). `zookeepers`: how many servers the
    ensemble has."""

    def __init__(self, directory, binary, network, brokers=3, zookeepers=1, settings=None):
        self.directory = directory
        self.network = network
        places = []
        for number in range(zookeepers):
            machine = self.network.add(f"zookeeper {number + 1}", FIRST_ZOOKEEPER + number)
            places.append((machine.address, 2181 if self.network.is_real else free_port(),
                           machine.prefix))
        self.zookeepers = self.network.machines[-zookeepers:]
        self.ensemble = Ensemble(directory, places)
        settings = {**SETTINGS, "zookeeper.connect": self.ensemble.connect + CHROOT,
                    **(settings or {})}
        self.brokers = []
        for number in range(1, brokers + 1):
            machine = self.network.add(f"broker {number}", FIRST_BROKER + number - 1)
            self.brokers.append(Broker(machine, number, directory, binary.resolve(), settings))

    def __enter__(self):
        try:
            self.ensemble.start()
            for broker in self.brokers:
                broker.start_without_waiting()
            self.begin()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        for broker in self.brokers:
            broker.kill()
        self.ensemble.stop()
        self.network.clear()

    def tool_command(self, name):
        link = self.directory / name
        if not link.exists():
            link.symlink_to(self.brokers[0].binary)
        return [str(link)]

    # What ZooKeeper says.

    def zookeeper(self):
        for server in self.ensemble.servers:
            try:
                return Client(server.host, server.port)
            except OSError:
                continue
        raise TimeoutError("no server of ZooKeeper answers")

    def node(self, path):
        """Its text, or None."""
        with self.zookeeper() as client, contextlib.suppress(NoNode):
            return client.get(CHROOT + path)
        return None

    def wait_until_forgotten(self, broker):
        """Its session is over: with another directory it is another broker, which is refused as
        long as the one that was registered may live."""
        self.until(lambda: broker.number not in self.registered(), f"{broker.name} is forgotten")

    def registered(self):
        with self.zookeeper() as client:
            return set(map(int, client.children(CHROOT + "/brokers/ids")))

    def controller(self):
        """Its broker, or None. What brokers say to clients is whom to send requests to."""
        try:
            node = self.node("/controller")
        except OSError:
            return None
        return self.broker(json.loads(node)["brokerid"]) if node else None

    # What the brokers keep.

    def why(self, *words):
        """What `odradek why` finds in their files."""
        files = [word for broker in self.brokers for word in ("--directory", str(broker.data))]
        return subprocess.run([str(self.brokers[0].binary), "why", *words, *files], check=True,
                              capture_output=True, text=True, timeout=PATIENCE_S).stdout
