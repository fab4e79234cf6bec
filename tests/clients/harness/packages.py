# SPDX-License-Identifier: Apache-2.0
"""Real input: the machine's package database goes in through one client and out through all the
others.
"""

import hashlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

from harness.gaps import GAPS
from harness.programmes import COMMANDS, Programme

TOPIC = "packages"
PARTITIONS = 4
WRITER = "go"
READERS = tuple(client for client in COMMANDS if "packages" not in GAPS.get(client, ()))


def digest(paragraphs):
    """SHA-256 over key length, key, value length, value (lengths: 4 bytes, big-endian), keys in
    byte order, and the values of one key in the order in which they stand in the database.
    """
    total = hashlib.sha256()
    for key, value in sorted(((name(p), p) for p in paragraphs), key=lambda pair: pair[0]):
        for part in (key, value):
            total.update(len(part).to_bytes(4, "big") + part)
    return total.hexdigest()


def name(paragraph):
    return paragraph.split(b"\n", 1)[0].removeprefix(b"Package: ")


def run(results, logs, bootstrap, readers=READERS):
    database = subprocess.run(["apt-cache", "dumpavail"], stdout=subprocess.PIPE, check=True).stdout
    paragraphs = database.strip(b"\n").split(b"\n\n")
    if len(paragraphs) < 1000:
        results.add(
            "packages", f"only {len(paragraphs)} records in apt-cache dumpavail (apt-get update?)"
        )
        return
    file = logs / "packages.txt"
    file.write_bytes(database)
    failures = len(results.failed)
    Programme(
        results,
        logs,
        WRITER,
        bootstrap,
        "packages-writer",
        "package-write",
        TOPIC,
        PARTITIONS,
        file,
    ).finish()
    if len(results.failed) > failures:
        return
    wanted = digest(paragraphs)

    def read(reader):
        arguments = (f"packages-{reader}", "package-read", TOPIC, len(paragraphs))
        found = Programme(results, logs, reader, bootstrap, *arguments).finish().digest
        failure = None if found == wanted else f"out came {found}, in went {wanted}"
        results.add(f"packages through {reader}: SHA-256 of {len(paragraphs)} records", failure)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(read, readers))
