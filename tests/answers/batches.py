# SPDX-License-Identifier: Apache-2.0
"""Record batches (version 2), built and taken apart with the standard library only; wrong ones on
demand.
"""

import struct
import time

HEADER = struct.Struct(">qiibIhiqqqhii")


def make_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = make_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def varint(number):
    number = number << 1 ^ number >> 63
    number &= 0xFFFFFFFFFFFFFFFF
    data = bytearray()
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    data.append(number)
    return bytes(data)


def text(data):
    return varint(-1) if data is None else varint(len(data)) + data


def record(index, key, value, timestamp_delta=0, offset_delta=None):
    if offset_delta is None:
        offset_delta = index
    body = (b"\0" + varint(timestamp_delta) + varint(offset_delta) + text(key) + text(value)
            + varint(0))
    return varint(len(body)) + body


def batch(values=(b"value",), *, timestamp=None, keys=None, base_offset=0, magic=2,
          attributes=0, producer_id=-1, producer_epoch=-1, base_sequence=-1, count=None,
          last_offset_delta=None, crc_error=0, records=None, length_error=0,
          partition_leader_epoch=-1, max_timestamp=None):
    """A batch of one record for each value; the later arguments make it wrong."""
    timestamp = int(time.time() * 1000) if timestamp is None else timestamp
    keys = keys or [b"key"] * len(values)
    if records is None:
        records = b"".join(record(index, key, value)
                           for index, (key, value) in enumerate(zip(keys, values)))
    last = len(values) - 1 if last_offset_delta is None else last_offset_delta
    number = len(values) if count is None else count
    checked = struct.pack(">hiqqqhii", attributes, last, timestamp,
                          timestamp if max_timestamp is None else max_timestamp, producer_id,
                          producer_epoch, base_sequence, number) + records
    return struct.pack(">qiibI", base_offset, 9 + len(checked) + length_error,
                       partition_leader_epoch, magic, crc32c(checked) ^ crc_error) + checked


def take_apart(data):
    """The headers of the whole batches in `data`, as dicts, and their bytes after the CRC."""
    batches = []
    while len(data) >= HEADER.size:
        fields = HEADER.unpack_from(data)
        end = 12 + fields[1]
        if end > len(data):
            break
        batches.append({"BaseOffset": fields[0], "LeaderEpoch": fields[2], "Magic": fields[3],
                        "Attributes": fields[5], "LastOffsetDelta": fields[6],
                        "BaseTimestamp": fields[7], "MaxTimestamp": fields[8],
                        "ProducerId": fields[9], "ProducerEpoch": fields[10],
                        "BaseSequence": fields[11], "Count": fields[12],
                        "CrcIsRight": crc32c(data[21:end]) == fields[4],
                        "Records": data[61:end].hex()})
        data = data[end:]
    return batches
