#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records in recorded/<tool>.json what Apache Kafka's own tools say to cases/<tool>.py.

usage: record.py [--port PORT] [--tools a,b]     (the port after PORT is Kafka's controller's)

Every tool gets an empty Kafka and one JVM, which runs all of its command lines (Tools.java).
"""

import argparse
import base64
import contextlib
import json
import os
import subprocess
import tempfile

from case import HERE, run_until, tools

PEER = HERE.parent / "peer" / "apache-kafka"
# What keeps state in static fields or is a tool itself: loaded anew for each command line.
TOOL_JARS = ("kafka-tools-", "kafka_2.13-", "kafka-server-4", "kafka-shell-", "argparse4j-")
CLASSES = {
    "kafka-acls": "org.apache.kafka.tools.AclCommand",
    "kafka-broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "kafka-client-metrics": "org.apache.kafka.tools.ClientMetricsCommand",
    "kafka-cluster": "org.apache.kafka.tools.ClusterTool",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-share-consumer": "org.apache.kafka.tools.consumer.ConsoleShareConsumer",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-consumer-perf-test": "org.apache.kafka.tools.ConsumerPerformance",
    "kafka-delegation-tokens": "org.apache.kafka.tools.DelegationTokenCommand",
    "kafka-delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "kafka-dump-log": "org.apache.kafka.tools.DumpLogSegments",
    "kafka-e2e-latency": "org.apache.kafka.tools.EndToEndLatency",
    "kafka-features": "org.apache.kafka.tools.FeatureCommand",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-groups": "org.apache.kafka.tools.GroupsCommand",
    "kafka-leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "kafka-log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "kafka-metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "kafka-metadata-shell": "org.apache.kafka.shell.MetadataShell",
    "kafka-producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
    "kafka-reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "kafka-replica-verification": "org.apache.kafka.tools.ReplicaVerificationTool",
    "kafka-share-consumer-perf-test": "org.apache.kafka.tools.ShareConsumerPerformance",
    "kafka-share-groups": "org.apache.kafka.tools.consumer.group.ShareGroupCommand",
    "kafka-storage": "kafka.tools.StorageTool",
    "kafka-streams-application-reset": "org.apache.kafka.tools.StreamsResetter",
    "kafka-streams-groups": "org.apache.kafka.tools.streams.StreamsGroupCommand",
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-transactions": "org.apache.kafka.tools.TransactionsCommand",
    "kafka-verifiable-consumer": "org.apache.kafka.tools.VerifiableConsumer",
    "kafka-verifiable-share-consumer": "org.apache.kafka.tools.VerifiableShareConsumer",
    "kafka-verifiable-producer": "org.apache.kafka.tools.VerifiableProducer",
}
FAST_JVM = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.timezone=UTC",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"]
# What speaks in a shutdown hook, after main() returned: a JVM for each command line.
OWN_JVM = {"kafka-verifiable-consumer", "kafka-verifiable-producer"}
ENDLESS_TIMEOUT_S = 60


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class JavaTools:
    """Kafka's tools in one JVM."""

    def __init__(self):
        jars = subprocess.run([PEER, "classpath"], text=True, capture_output=True, check=True)
        directory = os.path.dirname(jars.stdout.strip())
        every = sorted(f"{directory}/{name}" for name in os.listdir(directory)
                       if name.endswith(".jar"))
        self.every = ":".join(every)
        own = [jar for jar in every if os.path.basename(jar).startswith(TOOL_JARS)]
        shared = [jar for jar in every if jar not in own]
        self.process = subprocess.Popen(
            ["java", *FAST_JVM, "-Djava.security.manager=allow",
             "-Dtools.jars=" + ":".join(own), "-cp", ":".join(shared), str(HERE / "Tools.java")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, name, arguments, stdin, until=""):
        """The exit code, what it wrote to stdout and to stderr."""
        if until:
            return run_until(["java", *FAST_JVM, "-cp", self.every, name, *arguments], until,
                             ENDLESS_TIMEOUT_S)
        if name in [CLASSES[tool] for tool in OWN_JVM]:
            done = subprocess.run(["java", *FAST_JVM, "-cp", self.every, name, *arguments],
                                  input=stdin, text=True, capture_output=True)
            return done.returncode, done.stdout, done.stderr
        words = ",".join(encoded(argument) for argument in arguments)
        self.process.stdin.write(f"{name}\t{words}\t{encoded(stdin)}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().rstrip("\n").split("\t")
        if len(answer) != 3:
            raise SystemExit(f"{name} {arguments}: no answer within its time")
        return int(answer[0]), *(base64.b64decode(part).decode() for part in answer[1:])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


@contextlib.contextmanager
def running_kafka(directory, port, settings):
    kafka = f"{directory}/kafka"
    subprocess.run([PEER, "format", kafka, str(port), str(port + 1),
                    *(f"{key}={value}" for key, value in settings.items())], check=True)
    subprocess.run([PEER, "start", kafka], check=True)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        subprocess.run([PEER, "stop", kafka], check=False)


def record(tool, java, port):
    with tempfile.TemporaryDirectory() as directory:
        tool.write_files(directory)
        recorded = {}
        with running_kafka(directory, port, tool.settings) as server:
            for number, case in enumerate(tool.cases):
                words = case.words(server, directory)
                answer = java.run(CLASSES[case.tool], words, case.stdin, case.until)
                recorded[f"{number} {case.name}"] = tool.outcome(case, *answer)
                print(number, case.name, answer[0], flush=True)
    tool.recording.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=29092)
    parser.add_argument("--tools", help="only these, separated by commas")
    options = parser.parse_args()
    for tool in tools(options.tools):
        if tool.cases:
            # What a tool leaves running must not meet the next one's Kafka.
            with contextlib.closing(JavaTools()) as java:
                record(tool, java, options.port)


if __name__ == "__main__":
    main()
