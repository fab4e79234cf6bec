# SPDX-License-Identifier: Apache-2.0
"""The machine's package database, out through a group of two; the harness compares the digest
printed.
"""

import hashlib

from checks import check, report, same, until


def read(driver, topic, group, count):
    check("packages.read", lambda: read_all(driver, topic, group, count))


def read_all(driver, topic, group, count):
    members = [driver.member(group, [topic]) for _ in range(2)]
    values = {}  # by key, then by offset: a place that comes twice overwrites itself

    def poll():
        for member in members:
            for record in member.poll():
                values.setdefault(record.key, {})[record.offset] = record.value

    until("both members have a share", lambda: all(m.assignment() for m in members), poll)
    until(f"{count} records came", lambda: sum(map(len, values.values())) >= count, poll)
    for member in members:
        member.leave()
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
