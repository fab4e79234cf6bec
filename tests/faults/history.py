# SPDX-License-Identifier: Apache-2.0
"""What the clients of a run were told, and what follows from it for what is on the disk.

A record is known by its key, `<producer>:<number>`: each producer counts its own records, and what
a record carries follows from its key, so that a wrong byte is seen. Violations are sentences; a run
without any kept its promises.
"""

import random
import threading
import zlib

MOST_VIOLATIONS = 20  # one fault breaks many records; the first of them tell which


class Values:
    """The value of every key: mostly some hundred bytes, now and then some ten thousand."""

    def __init__(self, seed):
        self.bytes = random.Random(seed).randbytes(1 << 17)

    def of(self, key):
        digest = zlib.crc32(key)
        size = digest % 40000 if digest % 61 == 0 else digest % 900
        start = (digest >> 8) % (len(self.bytes) - size)
        return key + b"=" + self.bytes[start : start + size]


class Partition:
    def __init__(self):
        self.sent = {}  # producer → how many of its records were sent here, whatever came of them
        self.acknowledged = {}  # offset → key
        self.somewhere = set()  # keys that were acknowledged without their offset
        self.shown = {}  # offset → key, to a consumer that follows the end


class Commits:
    """The offsets that a group tried to commit for a partition. -1: none yet."""

    def __init__(self):
        self.attempts = [-1]
        self.in_force = 0  # the index of the last one that was acknowledged


class History:
    """Safe to use from several threads. `values` says what each key carries. What is not durable
    may be lost, and its offset given to another record."""

    def __init__(self, values, is_durable=True):
        self.values = values
        self.is_durable = is_durable
        self.lock = threading.Lock()
        self.partitions = {}  # (topic, partition) → Partition
        self.idempotent = set()  # producers that may see nothing doubled
        self.commits = {}  # (group, topic, partition) → Commits
        self.topics = set()  # that are there
        self.deleted = set()  # that are gone; what is in neither may be either
        self.violations = []

    def violation(self, sentence):
        with self.lock:
            if len(self.violations) < MOST_VIOLATIONS:
                self.violations.append(sentence)

    def partition(self, where):
        return self.partitions.setdefault(where, Partition())

    def acknowledged(self, where, offset, key):
        """The broker acknowledged the record (acks=all): it is at this offset for ever. None: a
        client that hears of a later record takes those before it for acknowledged."""
        if offset is None:
            with self.lock:
                self.partition(where).somewhere.add(key)
            return
        with self.lock:
            known = self.partition(where).acknowledged.setdefault(offset, key)
        if known != key and self.is_durable:
            self.violation(f"{where}: offset {offset} was given to {known} and to {key}")

    def shown(self, where, offset, key, value):
        """A consumer was shown the record: nobody may ever find another one there."""
        if not self.is_whole(where, offset, key, value):
            return
        with self.lock:
            known = self.partition(where).shown.setdefault(offset, key)
        if known != key and self.is_durable:
            self.violation(f"{where}: offset {offset} was shown as {known} and as {key}")

    def is_whole(self, where, offset, key, value):
        whole = key is not None and value == self.values.of(key)
        if not whole:
            self.violation(f"{where}: offset {offset} has a key or value that nobody wrote: {key}")
        return whole

    def commit_sent(self, group, where, offset):
        with self.lock:
            self.commits.setdefault((group, *where), Commits()).attempts.append(offset)

    def commit_acknowledged(self, group, where):
        """The last one sent: a group's commits come one after the other."""
        with self.lock:
            commits = self.commits[(group, *where)]
            commits.in_force = len(commits.attempts) - 1

    def commits_in_force(self):
        """What holds at least when the committed offsets are asked for from now on."""
        with self.lock:
            return {where: commits.in_force for where, commits in self.commits.items()}

    def commit_found(self, group, where, offset, in_force):
        """What a group's committed offset is said to be, -1 where there is none. `in_force` was
        taken before asking; commits whose fate is unknown may count or not."""
        with self.lock:
            commits = self.commits.get((group, *where), Commits())
            possible = commits.attempts[in_force.get((group, *where), 0) :]
        if offset not in possible:
            self.violation(
                f"{where}: group {group} committed {possible[0]} and finds {offset}"
                f" (tried since: {possible[1:][-3:]})"
            )

    def topics_listed(self, listed, wanted, unwanted):
        """`wanted` and `unwanted`: what was there and gone before asking; the deletion of a topic
        may have been asked for since."""
        with self.lock:
            wanted = wanted & self.topics
        if wanted - listed:
            self.violation(f"topics are gone: {sorted(wanted - listed)}")
        if unwanted & listed:
            self.violation(f"deleted topics are back: {sorted(unwanted & listed)}")

    def topic_made(self, name):
        with self.lock:
            self.topics.add(name)

    def topic_deletion(self, name, is_done):
        """It is asked for, then done: in between the topic may be there or not."""
        with self.lock:
            self.topics.discard(name)
            if is_done:
                self.deleted.add(name)

    def known_topics(self):
        with self.lock:
            return set(self.topics), set(self.deleted)

    def counts(self):
        with self.lock:
            return (
                sum(len(known.acknowledged) for known in self.partitions.values()),
                sum(len(known.shown) for known in self.partitions.values()),
            )

    def promises(self):
        """What was promised up to now, to be held against what is read from now on: a copy."""
        with self.lock:
            return {
                where: (dict(known.acknowledged), dict(known.shown))
                for where, known in self.partitions.items()
            }

    def forget_promises(self):
        """For a mode that promises nothing over a power cut."""
        with self.lock:
            for known in self.partitions.values():
                known.acknowledged.clear()
                known.shown.clear()

    def lost(self, promises, contents):
        """How many acknowledged records are not at their offset in `contents`."""
        return sum(
            contents.get(where, {}).get(offset) != key
            for where, (acknowledged, _) in promises.items()
            for offset, key in acknowledged.items()
        )

    def check_somewhere(self, contents):
        """What was acknowledged without its offset is there."""
        for where, known in self.partitions.items():
            missing = known.somewhere - set(contents.get(where, {}).values())
            if missing:
                self.violation(f"{where}: {len(missing)} acknowledged records are nowhere, one is "
                               f"{min(missing)}")

    def check(self, promises, contents):
        """`contents`: (topic, partition) → {offset: key}, all that was read after `promises`."""
        for where, promised in promises.items():
            content = contents.get(where, {})
            for kind, known in zip(("acknowledged", "shown"), promised):
                self.check_kept(where, kind, known, content)
        self.check_contents(contents)

    def check_contents(self, contents):
        """What holds in every mode, whatever was lost."""
        for where, content in contents.items():
            self.check_offsets(where, content)
            self.check_order(where, content)

    def check_kept(self, where, kind, promised, content):
        gone = {offset: key for offset, key in promised.items() if content.get(offset) != key}
        if gone:
            offset, key = min(gone.items())
            self.violation(
                f"{where}: {len(gone)} of {len(promised)} {kind} records are not there, the first"
                f" at offset {offset}: {key} became {content.get(offset)}; the log ends at"
                f" {max(content, default=-1) + 1}"
            )

    def check_offsets(self, where, content):
        if content and len(content) != max(content) - min(content) + 1:
            self.violation(
                f"{where}: {len(content)} records between {min(content)} and {max(content)}"
            )

    def check_order(self, where, content):
        """An idempotent producer's records are there once and in their order; another one's first
        copies are in their order."""
        last = {}
        for offset in sorted(content):
            producer, number = content[offset].split(b":")
            number = int(number)
            before = last.get(producer, -1)
            if number > before:
                last[producer] = number
            elif producer in self.idempotent:
                what = "is there twice" if number == before else f"comes after {before}"
                self.violation(f"{where}: {content[offset]} {what}, at offset {offset}")
