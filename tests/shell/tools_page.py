#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/tools.md from the table of commands and docs/differences.md.
Usage: tools_page.py <odradek>"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# Kafka 4.4's scripts that no command of ours stands for, and why.
NEEDS_JVM = {
    "connect-distributed": "Kafka Connect runs Java plug-ins: use Kafka's own, with this broker",
    "connect-mirror-maker": "runs in Kafka Connect: use Kafka's own, with this broker",
    "connect-plugin-path": "lists Java plug-ins",
    "connect-standalone": "Kafka Connect runs Java plug-ins: use Kafka's own, with this broker",
    "kafka-jmx": "asks a JVM, and there is none",
    "trogdor": "runs Java test agents: use Kafka's own, with this broker",
}
SCRIPTS = """
kafka-acls kafka-broker-api-versions kafka-client-metrics kafka-cluster kafka-configs
kafka-console-consumer kafka-console-producer kafka-console-share-consumer kafka-consumer-groups
kafka-consumer-perf-test kafka-delegation-tokens kafka-delete-records kafka-dump-log
kafka-e2e-latency kafka-features kafka-get-offsets kafka-groups kafka-leader-election
kafka-log-dirs kafka-metadata-quorum kafka-metadata-shell kafka-producer-perf-test
kafka-reassign-partitions kafka-replica-verification kafka-run-class kafka-server-start
kafka-server-stop
kafka-share-consumer-perf-test kafka-share-groups kafka-storage kafka-streams-application-reset
kafka-streams-groups kafka-topics kafka-transactions kafka-verifiable-consumer
kafka-verifiable-producer kafka-verifiable-share-consumer
""".split()

HEAD = """# Tools

<!-- Written by tests/shell/tools_page.py from the table of commands; a test holds it to that. -->

One program, `odradek`, is the server and every tool. A command has a name of its own, and most
have Kafka's too: `build/release/bin/` (or `make install`) has a link under each name below, with
and without `.sh`, and what is called by it takes Kafka's flags, prints Kafka's text and exits with
Kafka's codes. `odradek help <command>` has the flags and examples, `odradek man` all of it.

Under its own name a command

- takes words: what to do, then to what (`odradek topics describe orders`),
- talks to `127.0.0.1:9092` unless `--bootstrap-server` (`-b`) says otherwise,
- prints a table with colour on a terminal, plain text in a pipe, JSON with `--output json`,
- says errors in a sentence on standard error and exits with 1.

`source <(odradek completion bash)` completes commands, flags, and the server's topics and groups;
`odradek completion zsh` does so for zsh.
"""


def differences():
    """The rows of docs/differences.md as (what, Odradek's way)."""
    rows = []
    for line in (ROOT / "docs/differences.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split(" | ")]
        if line.startswith("| ") and len(cells) == 4:
            rows.append((cells[0].lstrip("| "), cells[2]))
    return rows


def departures(script, rows):
    """What differs for a script: the rows that name it first."""
    named = [(what, ours) for what, ours in rows
             if re.search(rf"`{script}[` ]", what)]
    return "; ".join(f"{what}: {ours}" for what, ours in named)


def page(commands):
    rows = differences()
    out = [HEAD]
    for section in dict.fromkeys(command["section"] for command in commands):
        out.append(f"\n## {section}\n\n| command | Kafka's name | what it does | departs |\n"
                   "|---|---|---|---|\n")
        for command in commands:
            if command["section"] != section:
                continue
            script = command["script"]
            name = f"`{script}`" if script else "–"
            departs = departures(script, rows) if script else ""
            out.append(f"| `odradek {command['command']}` | {name} | {command['summary']} "
                       f"| {departs} |\n")
    out.append("\n## What every tool does differently\n\n")
    out += [f"- {what}: {ours}\n" for what, ours in rows
            if re.match(r"a tool\b|a tool's|tables of|`--|error messages", what)]
    out.append("\n## Kafka's scripts that are not here\n\n| script | why |\n|---|---|\n")
    there = {command["script"] for command in commands}
    out += [f"| `{script}` | {why} |\n" for script, why in NEEDS_JVM.items()]
    out += [f"| `{script}` | not there yet |\n" for script in SCRIPTS if script not in there]
    return "".join(out)


def main():
    done = subprocess.run([sys.argv[1], "help", "--output", "json"], text=True,
                          capture_output=True, check=True)
    (ROOT / "docs/tools.md").write_text(page(json.loads(done.stdout)))


if __name__ == "__main__":
    main()
