#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records in recorded.json what Apache Kafka's own tools say: one empty Kafka, every case in order.

usage: record.py [--port PORT]
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from cases import CASES, FILES, outcome

HERE = Path(__file__).parent
PEER = HERE.parent / "peer" / "apache-kafka"
CLASSES = {
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=29092)
    port = parser.parse_args().port
    with tempfile.TemporaryDirectory() as directory:
        for name, content in FILES.items():
            (Path(directory) / name).write_text(content)
        kafka = f"{directory}/kafka"
        subprocess.run([PEER, "format", kafka, str(port), str(port + 1),
                        "group.initial.rebalance.delay.ms=0"], check=True)
        subprocess.run([PEER, "start", kafka], check=True)
        jars = subprocess.run([PEER, "classpath"], text=True, capture_output=True, check=True)
        java = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", jars.stdout.strip()]
        recorded = {}
        try:
            for number, case in enumerate(CASES):
                words = case.words(f"127.0.0.1:{port}", directory)
                done = subprocess.run([*java, CLASSES[case.tool], *words], text=True,
                                      input=case.stdin, capture_output=True)
                recorded[f"{number} {case.name}"] = outcome(case, done.returncode, done.stdout,
                                                            done.stderr)
                print(number, case.name, done.returncode, flush=True)
        finally:
            subprocess.run([PEER, "stop", kafka], check=False)
    (HERE / "recorded.json").write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main()
