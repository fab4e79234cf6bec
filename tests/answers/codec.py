# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of any API and version as plain Python values, encoded and decoded by the
schema (schema/messages/*.msg). A structure is a dict by field name; what a request leaves out has
the schema's default.
"""

import socket
import struct
import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/generate"))
import schema  # noqa: E402

INTEGERS = {"int8": ">b", "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I",
            "int64": ">q", "float64": ">d", "bool": ">?"}


def load_apis():
    """{name: (request, response)} of every API of the schema."""
    apis = {}
    for path in sorted((ROOT / "schema/messages").glob("*.msg")):
        messages = schema.parse_file(path, path.stem).messages
        pair = {message.kind: message for message in messages}
        if "request" in pair:
            apis[pair["request"].name.removesuffix("Request")] = (pair["request"],
                                                                  pair["response"])
    return apis


APIS = load_apis()


class Encoder:
    def __init__(self, message, version):
        self.message, self.version = message, version
        self.flexible = message.flexible is not None and version >= message.flexible
        self.bytes = bytearray()

    def encode(self, values):
        self.structure(self.message.root, values)
        return bytes(self.bytes)

    def varint(self, number):
        while number > 127:
            self.bytes.append(number & 127 | 128)
            number >>= 7
        self.bytes.append(number)

    def length(self, length, short, flexible):
        """-1 is null."""
        if flexible:
            self.varint(length + 1)
        else:
            self.bytes += struct.pack(">h" if short else ">i", length)

    def structure(self, owner, values):
        names = {field.name for field in owner.fields}
        unknown = set(values) - names
        if unknown:
            raise KeyError(f"{self.message.name}: {owner.name} has no {sorted(unknown)}")
        present = [field for field in owner.fields if self.version in field.versions]
        for field in present:
            if field.tag is None:
                self.field(field, values.get(field.name, default_of(self.message, field)))
        if self.flexible:
            tagged = [field for field in present if field.tag is not None and field.name in values]
            self.varint(len(tagged))
            for field in sorted(tagged, key=lambda field: field.tag):
                inner = Encoder(self.message, self.version)
                inner.field(field, values[field.name])
                self.varint(field.tag)
                self.varint(len(inner.bytes))
                self.bytes += inner.bytes

    def field(self, field, value):
        flexible = self.flexible and not field.inflexible
        if field.array:
            self.length(-1 if value is None else len(value), False, flexible)
            for element in value or []:
                self.value(field, element, flexible)
        else:
            self.value(field, value, flexible)

    def value(self, field, value, flexible):
        if field.type in INTEGERS:
            self.bytes += struct.pack(INTEGERS[field.type], value)
        elif field.type == "uuid":
            self.bytes += uuid.UUID(value).bytes
        elif field.type == "string":
            self.text(None if value is None else value.encode(), True, flexible)
        elif field.type in ("bytes", "records"):
            self.text(value, False, flexible)
        else:
            if field.nullable is not None and not field.array:
                self.bytes.append(255 if value is None else 1)
            if value is not None:
                self.structure(self.message.struct(field.type), value)

    def text(self, data, short, flexible):
        self.length(-1 if data is None else len(data), short, flexible)
        self.bytes += data or b""


def default_of(message, field):
    if field.default_null:
        return None
    if field.array:
        return []
    if field.type == "bool":
        return field.default == "true"
    if field.type in INTEGERS:
        return int(field.default or 0)
    if field.struct:
        return {}
    return {"uuid": str(uuid.UUID(int=0)), "string": "", "bytes": b"", "records": b""}[field.type]


class Decoder:
    def __init__(self, message, version, data):
        self.message, self.version, self.data, self.at = message, version, data, 0
        self.flexible = message.flexible is not None and version >= message.flexible

    def decode(self):
        values = self.structure(self.message.root)
        if self.at != len(self.data):
            raise ValueError(f"{self.message.name} v{self.version}: "
                             f"{len(self.data) - self.at} bytes are left over")
        return values

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError(f"{self.message.name} v{self.version} ends early")
        self.at += count
        return self.data[self.at - count:self.at]

    def varint(self):
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number

    def length(self, short, flexible):
        if flexible:
            return self.varint() - 1
        return struct.unpack(">h", self.take(2))[0] if short else struct.unpack(
            ">i", self.take(4))[0]

    def structure(self, owner):
        present = [field for field in owner.fields if self.version in field.versions]
        values = {field.name: self.field(field) for field in present if field.tag is None}
        if self.flexible:
            by_tag = {field.tag: field for field in present if field.tag is not None}
            for _ in range(self.varint()):
                tag, size = self.varint(), self.varint()
                end = self.at + size
                values[by_tag[tag].name] = self.field(by_tag[tag])
                if self.at != end:
                    raise ValueError(f"{self.message.name}: tag {tag} has a wrong size")
        return values

    def field(self, field):
        flexible = self.flexible and not field.inflexible
        if not field.array:
            return self.value(field, flexible)
        count = self.length(False, flexible)
        return None if count < 0 else [self.value(field, flexible) for _ in range(count)]

    def value(self, field, flexible):
        if field.type in INTEGERS:
            form = INTEGERS[field.type]
            return struct.unpack(form, self.take(struct.calcsize(form)))[0]
        if field.type == "uuid":
            return str(uuid.UUID(bytes=self.take(16)))
        if field.type == "string":
            size = self.length(True, flexible)
            return None if size < 0 else self.take(size).decode()
        if field.type in ("bytes", "records"):
            size = self.length(False, flexible)
            return None if size < 0 else self.take(size)
        if field.nullable is not None and not field.array and self.take(1)[0] == 255:
            return None
        return self.structure(self.message.struct(field.type))


def encode_header(request, version, correlation_id):
    flexible = request.flexible is not None and version >= request.flexible
    header = struct.pack(">hhih", request.number, version, correlation_id, 7) + b"answers"
    return header + (b"\0" if flexible else b"")


class Closed(Exception):
    """The server closed the connection."""


class Connection:
    """One connection, one request at a time."""

    def __init__(self, port, host="127.0.0.1", timeout_s=30):
        self.socket = socket.create_connection((host, port), timeout=timeout_s)
        self.correlation_id = 0

    def close(self):
        self.socket.close()

    def send_frame(self, frame):
        self.socket.sendall(struct.pack(">i", len(frame)) + frame)

    def send(self, api, version, values):
        self.correlation_id += 1
        request = APIS[api][0]
        self.send_frame(encode_header(request, version, self.correlation_id)
                        + Encoder(request, version).encode(values))

    def call(self, api, version, values):
        self.send(api, version, values)
        return self.receive(api, version)

    def receive(self, api, version):
        response = APIS[api][1]
        size = struct.unpack(">i", self.read(4))[0]
        frame = self.read(size)
        correlation_id = struct.unpack(">i", frame[:4])[0]
        if correlation_id != self.correlation_id:
            raise ValueError(f"correlation id {correlation_id}, not {self.correlation_id}")
        flexible = response.flexible is not None and version >= response.flexible
        # The header of an ApiVersions response never has tagged fields.
        body = frame[5:] if flexible and api != "ApiVersions" else frame[4:]
        return Decoder(response, version, body).decode()

    def read(self, count):
        data = b""
        while len(data) < count:
            try:
                part = self.socket.recv(count - len(data))
            except ConnectionResetError:
                part = b""
            if not part:
                raise Closed
            data += part
        return data
