# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka's message definitions, as they lie in its jars, and what both they and schema/ say
about one version of a message, in a form that can be compared."""

import json
import re
import zipfile

OPEN = 32767


def parse_range(text):
    """(low, high) of "3", "3-5", "3+"; None of "none" and of nothing."""
    if text is None or text == "none":
        return None
    text = str(text)
    if text.endswith("+"):
        return int(text[:-1]), OPEN
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def contains(versions, version):
    return versions is not None and versions[0] <= version <= versions[1]


class Definition:
    """One definition out of a jar."""

    def __init__(self, text):
        content = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M))
        self.name = content["name"]
        self.kind = content["type"]
        self.number = content.get("apiKey")
        self.versions = parse_range(content["validVersions"])
        self.flexible = parse_range(content.get("flexibleVersions"))
        self.unstable = bool(content.get("latestVersionUnstable"))
        self.listeners = content.get("listeners", [])
        self.fields = content.get("fields", [])
        self.shared = {struct["name"]: struct["fields"]
                       for struct in content.get("commonStructs", [])}
        self._collect_structs(self.fields)

    def _collect_structs(self, fields):
        for field in fields:
            if "fields" in field:
                self.shared.setdefault(field["type"].removeprefix("[]"), field["fields"])
                self._collect_structs(field["fields"])

    @property
    def stable_high(self):
        return self.versions[1] - int(self.unstable)

    def describe(self, version):
        """What goes over the wire in this version, field by field."""
        return self._describe_fields(self.fields, version)

    def _describe_fields(self, fields, version):
        return [self._describe(field, version) for field in fields
                if contains(field_versions(field), version)]

    def _describe(self, field, version):
        base = field["type"].removeprefix("[]")
        nested = self.shared.get(base)
        return {
            "name": field["name"],
            "type": field["type"],
            "nullable": is_nullable(field, version),
            "tag": tag_of(field, version),
            "inflexible": field.get("flexibleVersions") == "none",
            "default": default_of(field, base, version),
            "fields": None if nested is None else self._describe_fields(nested, version),
        }

    def attributes(self):
        """{path: (key, ignorable)} of every field."""
        found = {}
        self._collect_attributes(self.fields, "", found)
        return found

    def _collect_attributes(self, fields, path, found):
        for field in fields:
            here = f"{path}.{field['name']}"
            found[here] = (bool(field.get("mapKey")), bool(field.get("ignorable")))
            nested = self.shared.get(field["type"].removeprefix("[]"))
            if nested is not None:
                self._collect_attributes(nested, here, found)


def field_versions(field):
    return parse_range(field.get("versions", field.get("taggedVersions")))


def is_nullable(field, version):
    return contains(parse_range(field.get("nullableVersions")), version)


def tag_of(field, version):
    tagged = contains(parse_range(field.get("taggedVersions")), version)
    return int(field["tag"]) if tagged else None


def default_of(field, base, version):
    """The default as a Python value; None is null."""
    default = field.get("default")
    if default is not None:   # JSON's null stands for no default, "null" for null
        if default == "null":
            return None
        if field["type"] == "bool":
            return str(default).lower() == "true"
        if base.startswith(("int", "uint")) and base == field["type"]:
            return int(str(default), 0)
        return default
    if field["type"] == "records" and is_nullable(field, version):
        return None
    if field["type"].startswith("[]"):
        return []
    if base == "bool":
        return False
    if base in ("string", "bytes", "records"):
        return ""
    return 0 if base.startswith(("int", "uint", "float", "uuid")) else {}


def load(jar):
    """{name: Definition} of a jar."""
    with zipfile.ZipFile(jar) as archive:
        names = [name for name in archive.namelist()
                 if re.fullmatch(r"(common/)?(message|metadata)/\w+\.json", name)]
        definitions = [Definition(archive.read(name).decode()) for name in names]
    return {definition.name: definition for definition in definitions}


def describe_ours(message, version):
    """The same as Definition.describe, of a Message of tools/generate/schema.py."""
    return _describe_our_fields(message, message.root.fields, version)


def _describe_our_fields(message, fields, version):
    return [{
        "name": field.name,
        "type": ("[]" if field.array else "") + field.type,
        "nullable": field.nullable is not None and version in field.nullable,
        "tag": field.tag,
        "inflexible": field.inflexible,
        "default": _our_default(field),
        "fields": _describe_our_fields(message, message.struct(field.type).fields, version)
        if field.struct else None,
    } for field in fields if version in field.versions]


def _our_default(field):
    if field.default_null:
        return None
    if field.array:
        return []
    if field.struct:
        return {}
    if field.type == "bool":
        return field.default == "true"
    if field.type in ("string", "bytes", "records"):
        return ""
    return int(field.default or 0)


def our_attributes(message):
    """The same as Definition.attributes."""
    found = {}
    _collect_our_attributes(message, message.root.fields, "", found)
    return found


def _collect_our_attributes(message, fields, path, found):
    for field in fields:
        here = f"{path}.{field.name}"
        found[here] = (field.key, field.ignorable)
        if field.struct:
            _collect_our_attributes(message, message.struct(field.type).fields, here, found)
