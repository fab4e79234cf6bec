#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command that prints data prints JSON with --output json: runs a table of command lines
against a server and parses what each prints. A command that no line names fails the test.

usage: json_output_test.py --bin DIRECTORY
"""

import argparse
import json
import re
import subprocess
import tempfile
from pathlib import Path

from commands_test import ENVIRONMENT, TIMEOUT_S, running_server

# The words after `odradek`, run in this order; {directory} holds FILES and the server's data. After
# a ! what was asked for cannot be done, and JSON says why.
LINES = """
topics create a --partitions 2
topics list
topics describe a
topics describe a --under-replicated-partitions
topics alter a --partitions 3
topics create gone
topics delete gone
produce a
consume a --from-beginning --max-messages 2 --group g
perf produce a --num-records 100 --record-size 10 --print-metrics
perf produce a --num-records 100 --record-size 10 --warmup-records 10
perf consume a --num-records 100 --print-metrics
perf latency a --num-records 10 --producer-acks all --record-size 10
groups list
groups list --state
groups describe g
groups describe g --members --verbose
groups describe g --state
groups describe --all-groups
groups reset-offsets g --topic a --to-earliest --dry-run
groups reset-offsets g --topic a --to-earliest --execute --export
groups delete-offsets g --topic a
groups delete g
! groups delete g
all-groups list
share-groups list
share-groups describe --all-groups
streams-groups list
streams-groups describe --all-groups
offsets a
log-dirs describe --topic-list a
delete-records --offset-json-file {directory}/offsets.json
check-config {directory}/server.properties
storage random-uuid
storage info --config {directory}/server.properties
storage version-mapping
storage feature-dependencies --feature group.version=1
cluster cluster-id
cluster list-endpoints
cluster api-versions
api-versions
features describe
features version-mapping
features feature-dependencies --feature group.version=1
features upgrade --feature group.version=1 --dry-run
metadata-quorum describe --status
metadata-quorum describe --replication
client-metrics alter --name m --interval 1000
client-metrics list
client-metrics describe --name m
client-metrics delete --name m
configs alter --entity-type topics --entity-name a --add-config retention.ms=1000
configs describe --entity-type topics --entity-name a
configs describe --entity-type topics
configs describe --entity-type brokers --entity-name 1 --all
configs describe --entity-type brokers
configs describe --entity-type groups
configs describe --entity-type client-metrics
configs describe --entity-type broker-loggers --entity-name 1
configs describe --entity-type users
quotas set --user u --producer-byte-rate 1000
quotas list
quotas delete --user u --producer-byte-rate
elect --election-type preferred --all-topic-partitions
elect-preferred
transactions list
transactions describe-producers --topic a --partition 0
transactions find-hanging --topic a
reassign list
reassign generate --topics-to-move-json-file {directory}/topics.json --broker-list 1
reassign execute --reassignment-json-file {directory}/plan.json
reassign verify --reassignment-json-file {directory}/plan.json
reassign cancel --reassignment-json-file {directory}/plan.json
streams-reset app --input-topics a --dry-run
! streams-reset app --input-topics a,missing
dump-log {directory}/data/a-0/00000000000000000000.log --print-data-log
dump-log {directory}/data/a-0/00000000000000000000.log --deep-iteration --skip-record-metadata
dump-log {directory}/data/__cluster_metadata-0/00000000000000000000.log --cluster-metadata-decoder
log check {directory}/data
why topic a --config {directory}/server.properties
why broker 1 --directory {directory}/data
log check {directory}/data/a-0
metadata-shell {directory}/data/__cluster_metadata-0 --command 'ls image'
metadata-shell {directory}/data/__cluster_metadata-0 --command 'tree image/topics'
metadata-shell {directory}/data/__cluster_metadata-0 --command 'cat local/version'
metadata-shell {directory}/data/__cluster_metadata-0 --command 'find image/cluster'
help
""".strip().splitlines()
# They print JSON Lines: one object a line, as the records come.
STREAMS = {"consume", "dump-log"}
# They ask no server.
LOCAL = {"check-config", "storage", "dump-log", "log", "why", "metadata-shell", "help"}
# Servers, texts for shells and for people, what prints JSON anyway, what needs a server with an
# authorizer, with tokens or with share groups, what never ends (cases/replica_verification.py), and
# what runs another command.
WITHOUT = {"server", "start", "stop", "man", "completion", "verify produce", "verify consume",
           "verify share", "verify replicas", "run-class", "acls",
           "delegation-tokens", "share-consume", "perf share"}

FILES = {
    "offsets.json": '{"partitions":[{"topic":"a","partition":0,"offset":0}],"version":1}',
    "plan.json": '{"partitions":[{"topic":"a","partition":0,"replicas":[1]}],"version":1}',
    "topics.json": '{"topics":[{"topic":"a"}],"version":1}',
    "server.properties": "node.id=1\nlog.dirs={directory}/data\n",
}
STDIN = "one\ntwo\nthree \u4e16\u754c\n"


def named(line, names):
    """The command of a line: one or two words."""
    line = line.removeprefix("! ")
    return max((name for name in names if line == name or line.startswith(name + " ")), key=len)


def problem_of(program, line, command, server, directory):
    expected = 1 if line.startswith("! ") else 0
    line = line.removeprefix("! ")
    words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", line)]
    words = [word.replace("{directory}", directory) for word in words]
    if command.split()[0] not in LOCAL:
        words += ["--bootstrap-server", server]
    done = subprocess.run([program, *words, "--output", "json"], input=STDIN, text=True,
                          capture_output=True, timeout=TIMEOUT_S, env=ENVIRONMENT)
    if done.returncode != expected:
        return f"{line}: exit {done.returncode}: {done.stderr}{done.stdout}"
    texts = done.stdout.splitlines() if command in STREAMS else [done.stdout]
    try:
        values = [json.loads(text) for text in texts]
    except json.JSONDecodeError as error:
        return f"{line}: {error}: {done.stdout!r}"
    if not values or not all(isinstance(value, (dict, list)) for value in values):
        return f"{line}: neither object nor list: {done.stdout!r}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    options = parser.parse_args()
    program = f"{options.bin}/../odradek"
    listed = json.loads(subprocess.run([program, "help", "--output", "json"], text=True,
                                       capture_output=True, check=True).stdout)
    names = [command["command"] for command in listed]
    problems = []
    with tempfile.TemporaryDirectory() as directory:
        for name, content in FILES.items():
            Path(directory, name).write_text(content.replace("{directory}", directory))
        settings = {"group.initial.rebalance.delay.ms": "0"}
        with running_server(options.bin, directory, settings) as server:
            for line in LINES:
                problem = problem_of(program, line, named(line, names), server, directory)
                if problem:
                    problems.append(problem)
    covered = {named(line, names) for line in LINES}
    problems += [f"no line has {name}" for name in names if name not in covered | WITHOUT]
    if problems:
        raise SystemExit("\n".join(problems))
    print(f"{len(LINES)} command lines print JSON")


if __name__ == "__main__":
    main()
