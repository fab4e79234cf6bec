# SPDX-License-Identifier: Apache-2.0
"""What the command-line tools cost: time from start to end, and resident memory."""

import json
import statistics
import subprocess

from brokers import PEER, ROOT, ApacheKafka, Odradek

BUILD = ROOT / "build/release"
TOPICS, GROUPS = 20, 10
KIB_ALLOWED = 15 * 1024
# What each tool is asked here, after --bootstrap-server; all others are asked for their help.
QUESTIONS = {
    "kafka-topics": "--list",
    "kafka-consumer-groups": "--describe --all-groups",
    "kafka-configs": "--describe --entity-type brokers --entity-name 1",
    "kafka-get-offsets": "",
    "kafka-console-consumer": "--topic topic-1 --from-beginning --max-messages 1",
    "kafka-console-producer": "--topic topic-1",
    "kafka-log-dirs": "--describe",
    "kafka-broker-api-versions": "",
    "kafka-cluster": "",
    "kafka-groups": "--list",
    "kafka-transactions": "",
}
BESIDE_KAFKAS = {
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
}
SUBCOMMANDS = {"kafka-cluster": "cluster-id", "kafka-transactions": "list"}


def costs(times, command):
    """The runs of a command: (wall ms, CPU ms, resident KiB) each."""
    words = [str(BUILD / "process_cost"), str(times), *map(str, command)]
    done = subprocess.run(words, text=True, capture_output=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed: {done.stderr}")
    return [tuple(map(float, line.split())) for line in done.stdout.splitlines()]


def fill(server):
    """Topics, and groups that have read of them."""
    odradek = BUILD / "odradek"
    for number in range(TOPICS):
        subprocess.run([odradek, "topics", "create", f"topic-{number}", "--partitions", "3", "-b",
                        server], check=True, capture_output=True)
    subprocess.run([odradek, "produce", "topic-1", "-b", server], check=True, input="x\n" * 100,
                   text=True, capture_output=True)
    for number in range(GROUPS):
        subprocess.run([odradek, "groups", "reset-offsets", f"group-{number}", "--topic",
                        "topic-1", "--to-earliest", "--execute", "-b", server], check=True,
                       capture_output=True)


def words(script, server):
    if script not in QUESTIONS:
        return None
    before = [SUBCOMMANDS[script]] if script in SUBCOMMANDS else []
    return [*before, "--bootstrap-server", server, *QUESTIONS[script].split()]


def told(runs):
    wall = [run[0] for run in runs]
    cpu = [run[1] for run in runs]
    return (f"{statistics.median(wall):.1f} ms ({min(wall):.1f} to {max(wall):.1f}; "
            f"CPU {statistics.median(cpu):.1f}), {max(run[2] for run in runs) / 1024:.1f} MiB")


def measure(options, figure):
    """The figures, each made by `figure`. Ours are asked about a server of ours, Kafka's about
    Kafka."""
    listed = subprocess.run([BUILD / "odradek", "help", "--output", "json"], text=True,
                            capture_output=True, check=True)
    commands = json.loads(listed.stdout)
    with options.broker(Odradek) as ours, options.broker(ApacheKafka) as kafka:
        fill(ours.bootstrap)
        fill(kafka.bootstrap)
        times = options.options.tool_runs
        most = {}
        for command in commands:
            script = command["script"]
            asked = words(script, ours.bootstrap)
            if asked is None:  # by its own name, where asking for help is no error
                line = [BUILD / "odradek", *command["command"].split(), "--help"]
                runs = costs(times, line)
                most[command["command"]] = max(run[2] for run in runs)
                continue
            runs = costs(times, [BUILD / "bin" / script, *asked])
            most[script] = max(run[2] for run in runs)
            kafkas = "–"
            if script in BESIDE_KAFKAS:
                beside = [PEER, "tool", BESIDE_KAFKAS[script], *words(script, kafka.bootstrap)]
                kafkas = told(costs(max(2, times // 4), beside))
            median = statistics.median(run[0] for run in runs)
            bounded = script in BESIDE_KAFKAS
            yield figure(f"{script} {QUESTIONS[script]}".strip(), told(runs), kafkas,
                         "at most 20 ms" if bounded else "", median <= 20 if bounded else None)
        name, kib = max(most.items(), key=lambda item: item[1])
        yield figure(f"the most that any of {len(most)} tools has resident",
                     f"{kib / 1024:.1f} MiB ({name})", "–", "15 MiB", kib <= KIB_ALLOWED)
