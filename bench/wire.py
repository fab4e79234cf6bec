# SPDX-License-Identifier: Apache-2.0
"""As much of a Kafka client as the figures need, over one socket and without a library: what is
measured with it is the broker's time, not a client's.
"""

import socket
import struct
import time

API_VERSIONS, CREATE_TOPICS, PRODUCE, FETCH = 18, 19, 0, 1
ALL_IN_SYNC = -1
TOPIC_EXISTS = 36
CRC32C_POLYNOMIAL = 0x82F63B78


class Refused(Exception):
    """The broker answered with an error code."""


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ CRC32C_POLYNOMIAL * (crc & 1)
    return crc ^ 0xFFFFFFFF


def varint(value):
    rest = value << 1 ^ value >> 63
    out = bytearray()
    while rest >= 0x80:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes(out) + bytes([rest])


def record_batch(value, now_ms):
    """A batch (magic 2) of one record without key and headers, from no producer id."""
    # Attributes, deltas of time and offset, a null key, the value, no headers.
    body = bytes([0]) + varint(0) * 2 + varint(-1) + varint(len(value)) + value + varint(0)
    record = varint(len(body)) + body
    after_crc = struct.pack(">hiqqqhii", 0, 0, now_ms, now_ms, -1, -1, -1, 1) + record
    after_length = struct.pack(">ibI", -1, 2, crc32c(after_crc)) + after_crc
    return struct.pack(">qi", 0, len(after_length)) + after_length


def string(text):
    return struct.pack(">h", len(text)) + text.encode()


class Client:
    """One connection; every request waits for its answer."""

    def __init__(self, port, timeout_s=30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def call(self, api_key, version, body):
        self.correlation_id += 1
        header = struct.pack(">hhih", api_key, version, self.correlation_id, -1)
        self.socket.sendall(struct.pack(">i", len(header + body)) + header + body)
        (length,) = struct.unpack(">i", self._receive(4))
        answer = self._receive(length)
        if struct.unpack_from(">i", answer) != (self.correlation_id,):
            raise Refused("the answer belongs to another request")
        return answer[4:]

    def _receive(self, length):
        data = bytearray()
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                raise ConnectionError("closed by the broker")
            data += part
        return bytes(data)

    def api_versions(self):
        (error,) = struct.unpack_from(">h", self.call(API_VERSIONS, 0, b""))
        if error:
            raise Refused(f"ApiVersions: error {error}")

    def create_topic(self, name, partitions, configs=None):
        """There may be such a topic already."""
        pairs = [string(key) + string(value) for key, value in (configs or {}).items()]
        body = struct.pack(">i", 1) + string(name) + struct.pack(">ihi", partitions, 1, 0)
        body += struct.pack(">i", len(pairs)) + b"".join(pairs) + struct.pack(">i?", 30000, False)
        answer = self.call(CREATE_TOPICS, 4, body)
        # Throttle time, the count of topics, the name.
        (error,) = struct.unpack_from(">h", answer, 8 + len(string(name)))
        if error not in (0, TOPIC_EXISTS):
            raise Refused(f"CreateTopics {name}: error {error}")

    def produce(self, topic, batch, acks=ALL_IN_SYNC, partition=0):
        """Returns the batch's offset."""
        body = struct.pack(">hhii", -1, acks, 30000, 1) + string(topic)
        body += struct.pack(">iii", 1, partition, len(batch)) + batch
        answer = self.call(PRODUCE, 7, body)
        # The count of topics, the name, the count of partitions, the partition.
        error, offset = struct.unpack_from(">hq", answer, 4 + len(string(topic)) + 8)
        if error:
            raise Refused(f"Produce to {topic}: error {error}")
        return offset

    def fetch(self, topic, offset, partition=0, max_wait_ms=500):
        """Waits for something at `offset`; returns how many bytes of batches came."""
        body = struct.pack(">iiiib", -1, max_wait_ms, 1, 1 << 20, 0) + struct.pack(">i", 1)
        body += string(topic) + struct.pack(">iiqi", 1, partition, offset, 1 << 20)
        answer = self.call(FETCH, 4, body)
        # Throttle time, the count of topics, the name, the count of partitions, the partition.
        at = 8 + len(string(topic)) + 8
        (error,) = struct.unpack_from(">h", answer, at)
        if error:
            raise Refused(f"Fetch from {topic}: error {error}")
        # High watermark, last stable offset, aborted transactions (none).
        (size,) = struct.unpack_from(">i", answer, at + 2 + 16 + 4)
        return size

    def produce_to_all(self, topic, partitions, patience_s=60):
        """One record to each partition, which may have no leader yet."""
        batch = record_batch(b"x", int(time.time() * 1000))
        deadline = time.monotonic() + patience_s
        for partition in range(partitions):
            while True:
                try:
                    self.produce(topic, batch, partition=partition)
                    break
                except Refused:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.01)


def produce_first(port, patience_s=60):
    """Returns as soon as the broker on `port`, which may be starting still, has acknowledged a
    record of a topic that is created for it.
    """
    batch = record_batch(b"x" * 100, int(time.time() * 1000))
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with Client(port) as client:
                client.api_versions()
                client.create_topic("first", 1)
                client.produce("first", batch)
                return
        except (OSError, Refused):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.0005)
