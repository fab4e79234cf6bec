# SPDX-License-Identifier: Apache-2.0
"""The machine's package database, out through a group of two; the harness compares the digest
printed.
"""

import hashlib

from checks import check, report, same, until
from cluster import consumer, records


def read(bootstrap, topic, group, count):
    check("packages.read", lambda: read_all(bootstrap, topic, group, count))


def read_all(bootstrap, topic, group, count):
    members = [consumer(bootstrap, group) for _ in range(2)]
    values = {}  # by key; re-read places overwrite themselves

    def poll():
        for member in members:
            for record in records(member):
                values.setdefault(record.key(), {})[record.offset()] = record.value()

    for member in members:
        member.subscribe([topic])
    until("both members have a share", lambda: all(member.assignment() for member in members), poll)
    until(f"{count} records came", lambda: sum(map(len, values.values())) >= count, poll)
    for member in members:
        member.close()
    same(count, sum(map(len, values.values())), "records received")
    report("DIGEST " + digest(values))


def digest(values):
    """SHA-256 over key length, key, value length, value (lengths: 4 bytes, big-endian), keys in
    byte order.
    """
    total = hashlib.sha256()
    for key in sorted(values):
        for offset in sorted(values[key]):
            for part in (key, values[key][offset]):
                total.update(len(part).to_bytes(4, "big") + part)
    return total.hexdigest()
