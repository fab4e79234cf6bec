# SPDX-License-Identifier: Apache-2.0
"""The C++ and Markdown that the generator writes. Each function returns the text of one file."""

from schema import OPEN
from type_overlay import cpp_type, element_type, initializer, snake_case

NOTICE = "// SPDX-License-Identifier: Apache-2.0\n// Generated from {source}; do not edit.\n"

KIND = {"bool": "kBool", "int8": "kInt8", "int16": "kInt16", "uint16": "kUint16",
        "int32": "kInt32", "uint32": "kUint32", "int64": "kInt64", "float64": "kFloat64",
        "uuid": "kUuid", "string": "kString", "bytes": "kBytes", "records": "kRecords"}
WIRE_SIZE = {"bool": 1, "int8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8,
             "float64": 8, "uuid": 16}


def header(schema_file, folder):
    """wire/<folder>/<stem>.h: the structures of one schema file."""
    parts = [NOTICE.format(source=f"schema/{folder}/{schema_file.stem}.msg"), HEADER_TOP]
    parts += [_message_struct(message) for message in schema_file.messages]
    parts.append("}  // namespace odradek::wire\n")
    return "".join(parts)


HEADER_TOP = """#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/uuid.h"
#include "wire/api_key.h"
#include "wire/records.h"
#include "wire/version.h"

namespace odradek::wire {

class Reader;
class Writer;
struct MessageLayout;

"""


def _message_struct(message):
    lines = [f"struct {message.name} {{"]
    if message.kind in ("request", "response"):
        api = message.name.removesuffix(message.kind.capitalize())
        lines.append(f"  static constexpr ApiKey kApiKey = ApiKey::k{api};")
    elif message.number is not None:
        lines.append(f"  static constexpr std::int16_t kType = {message.number};")
    flexible = "kNoVersion" if message.flexible is None else message.flexible
    lines += [f"  static constexpr Version kMinVersion = {message.versions.low};",
              f"  static constexpr Version kMaxVersion = {message.versions.high};",
              f"  static constexpr Version kLatestStableVersion = {latest_stable(message)};",
              f"  static constexpr Version kFirstFlexibleVersion = {flexible};", ""]
    for struct in inner_first(message):
        lines.append(f"  struct {struct.name} {{")
        lines += ["  " + line for line in _members(struct)]
        lines += ["", f"    friend bool operator==(const {struct.name}&, const {struct.name}&)"
                      " = default;", "  };", ""]
    if message.root.fields:
        lines += [*_members(message.root), ""]
    lines += ["  [[nodiscard]] base::Result<> encode(Writer& writer, Version version) const;",
              f"  [[nodiscard]] static base::Result<{message.name}> decode(Reader& reader,"
              " Version version);",
              "  static const MessageLayout& layout();",
              f"  friend bool operator==(const {message.name}&, const {message.name}&) = default;",
              "};", "", ""]
    return "\n".join(lines)


def _members(struct):
    for field in struct.fields:
        line = (f"  {cpp_type(struct.name, field)} {snake_case(field.name)}"
                f"{initializer(struct.name, field)};")
        yield line if field.versions == struct.versions else f"{line}  // {field.versions}"


def latest_stable(message):
    return message.versions.high if message.unstable is None else message.unstable - 1


def inner_first(message):
    """The message's structures, each after those that it contains."""
    done = []

    def visit(struct):
        for field in struct.fields:
            if field.struct:
                visit(message.struct(field.type))
        if struct not in done:
            done.append(struct)

    visit(message.root)
    return done[:-1]


def layouts(schema_files):
    """One translation unit: the tables of some schema files."""
    includes = "".join(f'#include "wire/{folder}/{file.stem}.h"\n' for folder, file in schema_files)
    text = [NOTICE.format(source="schema/"), "#include <cstddef>\n\n", includes,
            '#include "wire/codec.h"\n\nnamespace odradek::wire {\nnamespace {\n\n']
    messages = [message for _, file in schema_files for message in file.messages]
    text += [_message_layout(message) for message in messages]
    text.append("}  // namespace\n\n")
    text += [_message_functions(message) for message in messages]
    text.append("}  // namespace odradek::wire\n")
    return "".join(text)


def _message_layout(message):
    sizes = WireSizes(message)
    text = [f"namespace {snake_case(message.name)} {{\n"]
    for struct in inner_first(message) + [message.root]:
        text.append(_struct_layout(message, struct, sizes))
    flexible = "kNoVersion" if message.flexible is None else message.flexible
    text.append(f'constexpr MessageLayout kLayout{{"{message.name}", &k{message.name}, '
                f"{{{message.versions.low}, {message.versions.high}}}, {flexible}}};\n"
                f"}}  // namespace {snake_case(message.name)}\n\n")
    return "".join(text)


def _struct_layout(message, struct, sizes):
    untagged = [field for field in struct.fields if field.tag is None]
    tagged = sorted((field for field in struct.fields if field.tag is not None),
                    key=lambda field: field.tag)
    if not struct.fields:
        return f'constexpr StructLayout k{struct.name}{{"{struct.name}", {{}}, 0}};\n'
    cpp = message.name if struct is message.root else f"{message.name}::{struct.name}"
    rows = "".join(f"    {{{_field_layout(cpp, struct, field, sizes)}}},\n"
                   for field in untagged + tagged)
    return (f"constexpr FieldLayout k{struct.name}Fields[] = {{\n{rows}}};\n"
            f'constexpr StructLayout k{struct.name}{{"{struct.name}", k{struct.name}Fields, '
            f"{len(untagged)}}};\n")


def _field_layout(cpp, struct, field, sizes):
    kind = KIND.get(field.type, "kStruct")
    parts = [f'.name = "{field.name}"', f".offset = offsetof({cpp}, {snake_case(field.name)})",
             f".kind = Kind::{kind}"]
    if (field.versions.low, field.versions.high) != (0, OPEN):
        parts.append(f".versions = {{{field.versions.low}, {field.versions.high}}}")
    if field.nullable:
        parts.append(f".nullable_versions = {{{field.nullable.low}, {field.nullable.high}}}")
    for flag, set_ in (("array", field.array), ("nullable", field.nullable is not None),
                       ("default_null", field.default_null), ("ignorable", field.ignorable),
                       ("inflexible", field.inflexible)):
        if set_:
            parts.append(f".{flag} = true")
    if field.tag is not None:
        parts.append(f".tag = {field.tag}")
    element = element_type(struct.name, field)
    if field.struct:
        element = f"{cpp.split('::')[0]}::{element}"
    if field.array:
        parts += [f".wire_size = {sizes.element(field)}", f".element_size = sizeof({element})"]
    if field.default not in (None, "null"):
        parts.append(f".default_number = {_number(field.default)}")
    if field.struct:
        parts.append(f".structure = &k{field.type}")
    operations = _operations(field)
    if operations:
        parts.append(f".operations = &{operations}<{element}>")
    return ", ".join(parts)


def _operations(field):
    if field.array:
        return "kOptionalVectorOperations" if field.nullable else "kVectorOperations"
    return "kOptionalOperations" if field.struct and field.nullable else None


def _number(default):
    return {"true": "1", "false": "0"}.get(default, default)


class WireSizes:
    """The least number of bytes that a value takes on the wire in any version of the message."""

    def __init__(self, message):
        self.message = message

    def element(self, field):
        versions = range(self.message.versions.low, self.message.versions.high + 1)
        return max(1, min(self._plain(field, version) for version in versions
                          if version in field.versions))

    def _flexible(self, version):
        return self.message.flexible is not None and version >= self.message.flexible

    def _plain(self, field, version):
        if field.struct:
            return self._struct(self.message.struct(field.type), version)
        if field.type in WIRE_SIZE:
            return WIRE_SIZE[field.type]
        if self._flexible(version):
            return 1
        return 2 if field.type == "string" else 4

    def _struct(self, struct, version):
        return int(self._flexible(version)) + sum(
            self._field(field, version) for field in struct.fields
            if version in field.versions and field.tag is None)

    def _field(self, field, version):
        if field.array:
            return 1 if self._flexible(version) else 4
        return 1 if field.struct and field.nullable else self._plain(field, version)


def _message_functions(message):
    name = message.name
    return f"""const MessageLayout& {name}::layout() {{ return {snake_case(name)}::kLayout; }}
base::Result<> {name}::encode(Writer& writer, Version as_version) const {{
  return encode_message(layout(), this, writer, as_version);
}}
base::Result<{name}> {name}::decode(Reader& reader, Version version) {{
  return decode_as<{name}>(reader, version);
}}

"""


def api_key(apis):
    rows = "".join(f"  k{name} = {request.number},\n" for name, request, _ in apis)
    return (NOTICE.format(source="schema/messages/") +
            "#pragma once\n\n#include <cstdint>\n\nnamespace odradek::wire {\n\n"
            "// The number of an API in request headers.\n"
            f"enum class ApiKey : std::int16_t {{\n{rows}}};\n\n}}  // namespace odradek::wire\n")


def tables(schema_files, apis):
    """all_apis() and all_message_types()."""
    includes = "".join(f'#include "wire/{folder}/{file.stem}.h"\n' for folder, file in schema_files)
    api_rows = "".join(_api_row(*api) for api in apis)
    type_rows = "".join(
        f'    {{"{message.name}", "{message.kind}", '
        f"{-1 if message.number is None else message.number}, &{message.name}::layout, "
        f"&create<{message.name}>, &destroy<{message.name}>}},\n"
        for _, file in schema_files for message in file.messages)
    return (NOTICE.format(source="schema/") + '#include "wire/api.h"\n' + includes +
            "\nnamespace odradek::wire {\nnamespace {\n\n"
            "template <typename Message>\nvoid* create() {\n  return new Message;\n}\n"
            "template <typename Message>\nvoid destroy(void* message) {\n"
            "  delete static_cast<Message*>(message);\n}\n\n"
            f"constexpr ApiDescription kApis[] = {{\n{api_rows}}};\n\n"
            f"constexpr MessageType kMessageTypes[] = {{\n{type_rows}}};\n\n}}  // namespace\n\n"
            "std::span<const ApiDescription> all_apis() { return kApis; }\n"
            "std::span<const MessageType> all_message_types() { return kMessageTypes; }\n\n"
            "}  // namespace odradek::wire\n")


def _api_row(name, request, response):
    flexible = "kNoVersion" if request.flexible is None else request.flexible
    listeners = ", ".join("true" if listener in request.listeners else "false"
                          for listener in ("broker", "controller"))
    return (f'    {{ApiKey::k{name}, "{name}", {request.versions.low}, {request.versions.high}, '
            f"{latest_stable(request)}, {flexible}, {listeners}, &{request.name}::layout, "
            f"&{response.name}::layout}},\n")


def protocol_document(schema_files, apis):
    """docs/protocol.md."""
    rows = "".join(
        f"| {request.number} | {name} | {_span(request.versions.low, latest_stable(request))} | "
        f"{'none' if request.flexible is None else f'{request.flexible}+'} | "
        f"{', '.join(request.listeners)} |\n" for name, request, _ in apis)
    records = "".join(
        f"| {file.stem} | {message.name} | {'' if message.number is None else message.number} | "
        f"{_span(message.versions.low, message.versions.high)} | "
        f"{'none' if message.flexible is None else f'{message.flexible}+'} |\n"
        for folder, file in schema_files if folder == "records" for message in file.messages)
    return PROTOCOL_DOCUMENT.format(count=len(apis), rows=rows, records=records)


def _span(low, high):
    return str(low) if low == high else f"{low}-{high}"


PROTOCOL_DOCUMENT = """<!-- Generated from schema/ by tools/generate; do not edit. -->
# The protocol

## APIs

The {count} APIs that the schema describes, with the versions that the codec reads and writes. Which
of them a server offers, ApiVersions says.

| key | name | versions | flexible | listeners |
|---|---|---|---|---|
{rows}
## Records

What is written to the metadata log and to internal topics, in the same encoding. `flexible`: the
first version with compact lengths and tagged fields.

| file in schema/records | name | type | versions | flexible |
|---|---|---|---|---|
{records}"""
