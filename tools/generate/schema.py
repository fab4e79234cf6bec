# SPDX-License-Identifier: Apache-2.0
"""Reads schema/**/*.msg into Message objects. The notation is described in schema/README.md."""

import re
from dataclasses import dataclass, field

OPEN = 32767  # the upper end of "3+"
PRIMITIVES = {
    "bool", "int8", "int16", "uint16", "int32", "uint32", "int64", "float64",
    "uuid", "string", "bytes", "records",
}
NULLABLE_PRIMITIVES = {"string", "bytes", "records"}
INTEGER_BITS = {"int8": (8, True), "int16": (16, True), "uint16": (16, False),
                "int32": (32, True), "uint32": (32, False), "int64": (64, True)}
MESSAGE_KINDS = {"header", "data", "record", "key", "value"}


class SchemaError(Exception):
    """A sentence that begins with file:line."""


@dataclass(frozen=True)
class Versions:
    low: int
    high: int

    @staticmethod
    def parse(text):
        match = re.fullmatch(r"(\d+)(?:(\+)|-(\d+))?", text)
        if not match:
            raise ValueError(f"'{text}' is not a version range such as 3, 3-5 or 3+")
        low = int(match[1])
        high = OPEN if match[2] else int(match[3] or low)
        if high < low:
            raise ValueError(f"'{text}' ends before it begins")
        return Versions(low, high)

    def __contains__(self, version):
        return self.low <= version <= self.high

    def covers(self, other):
        return self.low <= other.low and other.high <= self.high

    def __str__(self):
        if self.high == OPEN:
            return f"{self.low}+"
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


@dataclass
class Field:
    name: str
    type: str            # a primitive or a structure's name; of an array: its elements' type
    array: bool
    versions: Versions
    nullable: Versions | None = None
    key: bool = False
    ignorable: bool = False
    tag: int | None = None
    inflexible: bool = False
    default: str | None = None   # as written; None: the type's own
    place: str = ""

    @property
    def struct(self):
        return self.type not in PRIMITIVES

    @property
    def default_null(self):
        if self.default is None:
            return self.type == "records" and not self.array and self.nullable is not None
        return self.default == "null"


@dataclass
class Struct:
    name: str
    versions: Versions
    shared: bool = False   # declared by a line of its own, before use
    fields: list = field(default_factory=list)


@dataclass
class Message:
    """One encodable thing: a request, a response, a header, a record, a key, a value or data."""
    name: str
    kind: str
    number: int | None     # API key or record type
    versions: Versions
    flexible: int | None
    unstable: int | None = None
    listeners: tuple = ()
    root: Struct | None = None
    structs: list = field(default_factory=list)   # without the root, in order of declaration

    def struct(self, name):
        return next(struct for struct in self.structs if struct.name == name)


@dataclass
class SchemaFile:
    stem: str
    messages: list


def parse_file(path, stem):
    with open(path, encoding="utf-8") as file:
        return SchemaFile(stem, parse(file.read(), str(path)))


def parse(text, path="schema"):
    return _Parser(path).run(text)


class _Parser:
    def __init__(self, path):
        self.path = path
        self.messages = []
        self.api = None       # the heading that request and response share
        self.message = None
        self.open = []        # [(indent, Struct or None)] whose fields may follow

    def run(self, text):
        for number, line in enumerate(text.splitlines(), 1):
            self.place = f"{self.path}:{number}"
            body = line.split("#", 1)[0].rstrip()
            if body.strip():
                try:
                    self._line(len(body) - len(body.lstrip(" ")), body.split())
                except (ValueError, IndexError) as error:
                    raise SchemaError(f"{self.place}: {error}") from error
        for message in self.messages:
            _check(message, self.path)
        return self.messages

    def _line(self, indent, words):
        if indent == 0:
            return self._heading(words)
        if self.message is None:
            raise ValueError("a field before any heading")
        while self.open and indent <= self.open[-1][0]:
            self.open.pop()
        if not self.open:
            raise ValueError("the field belongs to nothing")
        owner = self.open[-1][1]
        if owner is None:
            raise ValueError("only a field with a structure of its own has fields")
        if words[0] == "struct" and len(words) == 2:
            struct = Struct(words[1], self.message.root.versions, shared=True)
            self.message.structs.append(struct)
            self.open.append((indent, struct))
            return None
        return self._field(indent, words, owner)

    def _heading(self, words):
        if words[0] == "api":
            self.api = self._message(words[1], "api", int(words[2]), words[3:])
            self.message = None
            return
        if words in (["request"], ["response"]):
            if self.api is None:
                raise ValueError(f"'{words[0]}' before 'api'")
            api = self.api
            self._begin(Message(api.name + words[0].capitalize(), words[0], api.number,
                                api.versions, api.flexible, api.unstable, api.listeners))
            return
        if words[0] not in MESSAGE_KINDS:
            raise ValueError(f"unknown heading '{words[0]}'")
        numbered = words[0] in ("record", "key", "value")
        number = int(words[2]) if numbered else None
        self._begin(self._message(words[1], words[0], number, words[3 if numbered else 2:]))

    def _message(self, name, kind, number, words):
        message = Message(name, kind, number, None, None)
        while words:
            word = words.pop(0)
            if word == "versions":
                message.versions = Versions.parse(words.pop(0))
            elif word == "unstable":
                message.unstable = int(words.pop(0))
            elif word == "flexible":
                message.flexible = Versions.parse(words.pop(0)).low
            elif word == "listeners":
                message.listeners, words = tuple(words), []
            else:
                raise ValueError(f"unknown word '{word}'")
        if message.versions is None or message.versions.high == OPEN:
            raise ValueError(f"{name} must name its versions, such as 'versions 0-3'")
        return message

    def _begin(self, message):
        message.root = Struct(message.name, Versions(message.versions.low, OPEN))
        self.message = message
        self.messages.append(message)
        self.open = [(0, message.root)]

    def _field(self, indent, words, owner):
        parsed = _parse_field(words, owner.versions)
        parsed.place = self.place
        if any(other.name == parsed.name for other in owner.fields):
            raise ValueError(f"{owner.name}.{parsed.name} is there twice")
        owner.fields.append(parsed)
        struct = None
        known = any(other.name == parsed.type for other in self.message.structs)
        if parsed.struct and not known:
            struct = Struct(parsed.type, parsed.versions)
            self.message.structs.append(struct)
        self.open.append((indent, struct))


def _parse_field(words, owner_versions):
    name, type_name, rest = words[0], words[1], list(words[2:])
    array = type_name.startswith("[]")
    nullable = type_name.endswith("?")
    parsed = Field(name, type_name.removeprefix("[]").removesuffix("?"), array, owner_versions)
    if rest and rest[0][0].isdigit():
        parsed.versions = Versions.parse(rest.pop(0))
    if not owner_versions.covers(parsed.versions):
        raise ValueError(f"{name} {parsed.versions} reaches beyond its owner's {owner_versions}")
    parsed.nullable = parsed.versions if nullable else None
    while rest:
        word = rest.pop(0)
        if word in ("key", "ignorable", "inflexible"):
            setattr(parsed, word, True)
        elif word == "tag":
            parsed.tag = int(rest.pop(0))
        elif word == "nullable":
            parsed.nullable = Versions.parse(rest.pop(0))
        elif word == "=":
            parsed.default = rest.pop(0)
        else:
            raise ValueError(f"unknown word '{word}'")
    return parsed


def _check(message, path):
    names = [struct.name for struct in message.structs]
    for struct in [message.root] + message.structs:
        if names.count(struct.name) > 1:
            raise SchemaError(f"{path}: {message.name}: two structures {struct.name}")
        if not struct.fields and struct is not message.root:
            raise SchemaError(f"{path}: {message.name}: nothing says what {struct.name} is")
        _check_tags(message, struct)
        for item in struct.fields:
            _check_field(message, item)
    _check_no_recursion(message, message.root, ())


def _check_tags(message, struct):
    tagged = [item for item in struct.fields if item.tag is not None]
    if sorted(item.tag for item in tagged) != list(range(len(tagged))):
        raise SchemaError(f"{tagged[0].place}: the tags of {struct.name} must be 0, 1, 2 …")
    for item in tagged:
        if message.flexible is None or item.versions.low < message.flexible:
            raise SchemaError(f"{item.place}: {item.name} has a tag in an inflexible version")
        if item.type == "records":
            raise SchemaError(f"{item.place}: records cannot have a tag")


def _check_field(message, item):
    if item.nullable and not (item.array or item.struct or item.type in NULLABLE_PRIMITIVES):
        raise SchemaError(f"{item.place}: a {item.type} is never null")
    if item.nullable and not item.versions.covers(item.nullable):
        raise SchemaError(f"{item.place}: {item.name} is nullable where it does not exist")
    if item.array and item.type in ("bool", "records"):
        raise SchemaError(f"{item.place}: no arrays of {item.type}")
    if item.default is None:
        return
    if item.default == "null":
        if item.nullable != item.versions:
            raise SchemaError(f"{item.place}: default null, but not always nullable")
    elif item.type in INTEGER_BITS and not item.array:
        bits, signed = INTEGER_BITS[item.type]
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        if not low <= int(item.default) <= high:
            raise SchemaError(f"{item.place}: {item.default} is no {item.type}")
    elif item.type != "bool" or item.array or item.default not in ("true", "false"):
        raise SchemaError(f"{item.place}: no default '{item.default}' for {item.type}")


def _check_no_recursion(message, struct, above):
    if struct.name in above:
        raise SchemaError(f"{message.name}: {struct.name} contains itself")
    for item in struct.fields:
        if item.struct:
            _check_no_recursion(message, message.struct(item.type), above + (struct.name,))
