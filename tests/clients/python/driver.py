# SPDX-License-Identifier: Apache-2.0
"""What the programme asks of a client library; each library has a module with a `Driver` that
derives from this one.

A call returns when the server has answered, and raises what the library raises. `source` is
(topic, partition).
"""

from typing import NamedTuple, Optional


class Record(NamedTuple):
    """A record as it goes in (partition None: the library's own choice) and comes out."""

    topic: str
    partition: Optional[int] = None
    offset: Optional[int] = None
    timestamp: Optional[int] = None  # ms
    key: Optional[bytes] = None
    value: Optional[bytes] = None
    headers: tuple = ()  # of (name, bytes or None)


class Member:
    """A member of a group that starts at the beginning, commits when told and when partitions are
    taken from it.
    """

    def poll(self, count=500):
        """What came within a moment: at most about `count` Records."""
        raise NotImplementedError

    def assignment(self):
        """The sources that it has now."""
        raise NotImplementedError

    def commit(self):
        """Commits what poll has returned; nothing since the last time is no error."""
        raise NotImplementedError

    def leave(self):
        raise NotImplementedError


class Driver:
    """One client library, connected to one server."""

    GAPS = {}  # what the library cannot do → the reason

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap

    def close(self):
        pass

    def create_topics(self, names, partitions, configs=None):
        raise NotImplementedError

    def delete_topics(self, names):
        raise NotImplementedError

    def topics(self):
        """The names that the server lists."""
        raise NotImplementedError

    def describe_topics(self, names):
        """By name a list of (leader, number of in-sync replicas), one a partition."""
        raise NotImplementedError

    def node_count(self):
        raise NotImplementedError

    def produce(self, records, codec="none"):
        """Sends all, idempotently where the library can; returns (partition, offset) of each."""
        raise NotImplementedError

    def member(self, group, topics, session_timeout_ms=None):
        raise NotImplementedError

    def committed(self, group, sources):
        """By source the committed offset."""
        raise NotImplementedError

    def describe_group(self, group):
        """(state, number of members, number of partitions assigned)."""
        raise NotImplementedError

    def groups(self):
        """The names of the groups that the server lists."""
        raise NotImplementedError

    def delete_group(self, group):
        raise NotImplementedError

    def offset_for_time(self, source, timestamp):
        raise NotImplementedError

    def read(self, source, offset, count):
        """At least `count` Records from the offset on, without a group."""
        raise NotImplementedError
