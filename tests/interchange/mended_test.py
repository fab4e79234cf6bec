#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mended_test.py --server build/release/odradek

What Odradek changed after it was written: Apache Kafka 4.3.1 serves a directory that Odradek
compacted, every record and producer; and Apache's dump tool finds nothing wrong in
one that was damaged and that `odradek log repair` mended.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from common import AdoptingKafka, check, difference, new_producer, produce, wait_until_led
from batches import batch
from codec import Connection
from harness.servers import Odradek
from segments_test import (SETTINGS, WRONG, create_all, describe, dump, fill, topics, values,
                           wait_until_cleaned)


def write_idempotently(connection, chance):
    """To the log that is cleaned, too: it keeps what a producer wrote last."""
    producer = new_producer(connection)
    for sequence in range(0, 20, 2):
        for topic in ("transacted", "compacted"):
            produce(connection, topic, 0, batch(
                values(chance, 2, 12_000), keys=[b"key-1", b"key-2"],
                producer_id=producer["ProducerId"], producer_epoch=producer["ProducerEpoch"],
                base_sequence=sequence))


def compacted(binary, place):
    """Apache Kafka serves what Odradek cleaned and left by SIGKILL."""
    chance = random.Random(6)
    server = Odradek(place / "cleaning", SETTINGS, binary).start()
    connection = Connection(server.port)
    create_all(connection, topics())
    fill(connection, chance)
    write_idempotently(connection, chance)
    wait_until_cleaned(connection, server.data)
    connection.close()
    before = describe(server.port)
    server.kill()
    check("compacted 0" in (server.data / "cleaner-offset-checkpoint").read_text(),
          "there is no checkpoint of what was cleaned")
    kafka = AdoptingKafka(place / "adopting")
    shutil.rmtree(kafka.data, ignore_errors=True)
    shutil.move(server.data, kafka.data)
    kafka.start()
    wait_until_led(kafka.port)
    found = difference(before, describe(kafka.port))
    check(found is None, f"what Odradek cleaned: {found}")
    connection = Connection(kafka.port)
    produce(connection, "compacted", 0, batch(values(chance, 1, 100), keys=[b"key-0"]))
    connection.close()
    check(kafka.stop() == kafka.clean_stop_status, f"no clean stop: {kafka.log}")
    print("ok: Apache Kafka serves what Odradek cleaned")


def spoil(path, chance):
    """Some bytes in the middle are other ones."""
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content) // 4, len(content) // 2)
    content[place:place + 8] = bytes(byte ^ 0x55 for byte in content[place:place + 8])
    path.write_bytes(content)


def log_tool(binary, verb, directory):
    return subprocess.run([str(binary), "log", verb, str(directory)], text=True,
                          capture_output=True, timeout=120)


def repaired(binary, place):
    chance = random.Random(7)
    server = Odradek(place / "spoilt", SETTINGS, binary).start()
    connection = Connection(server.port)
    create_all(connection, topics())
    fill(connection, chance)
    write_idempotently(connection, chance)
    connection.close()
    check(server.stop() == server.clean_stop_status, f"no clean stop: {server.log}")
    for topic, suffix in (("gzip", "log"), ("lz4", "log"), ("zstd", "index"),
                          ("snappy", "timeindex"), ("transacted", "log")):
        spoil(min((server.data / f"{topic}-0").glob(f"*.{suffix}")), chance)
    check(log_tool(binary, "check", server.data).returncode != 0, "nothing was damaged")
    done = log_tool(binary, "repair", server.data)
    check(done.returncode == 0, f"repair: {done.stdout}{done.stderr}")
    for options in (("--deep-iteration",), ("--index-sanity-check",), ("--verify-index-only",)):
        said = dump(server.data, *options)
        found = [line for line in said.splitlines() if WRONG.fullmatch(line)]
        check(not found, f"what was repaired: {options}: {found[:3]}")
    print("ok: Apache's tool finds nothing wrong in what was repaired")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, type=Path)
    binary = parser.parse_args().server
    place = Path(tempfile.mkdtemp(prefix="odradek-mended-"))
    try:
        compacted(binary, place)
        repaired(binary, place)
    except BaseException:
        print(f"logs and data: {place}", file=sys.stderr)
        raise
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
