// SPDX-License-Identifier: Apache-2.0
#include "wire/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/java_double.h"
#include "base/uuid.h"
#include "wire/field_access.h"
#include "wire/records.h"

namespace odradek::wire {
namespace {

// Kafka's definitions begin names with a capital, its JSON does not.
std::string camel_case(std::string_view name) {
  std::string text(name);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

class JsonWriter {
 public:
  JsonWriter(Version version, const BytesAsJson& bytes_as_json)
      : version_(version), bytes_as_json_(bytes_as_json) {}

  void structure(const StructLayout& layout, const void* structure);
  std::string take() { return std::move(out_); }

 private:
  void value(const FieldLayout& field, const void* place);
  void array(const FieldLayout& field, const void* place);
  void scalar(const FieldLayout& field, const void* place);
  void text(const FieldLayout& field, const void* place);
  void bytes(const FieldLayout& field, const void* place);
  template <typename Value>
  static const Value* find(const FieldLayout& field, const void* place) {
    return field.array ? static_cast<const Value*>(place) : value_of<Value>(field, place);
  }
  template <typename Number>
  void number(const void* place) {
    out_ += fmt::format("{}", load<Number>(place));
  }

  Version version_;
  const BytesAsJson& bytes_as_json_;
  std::string out_;
};

void JsonWriter::structure(const StructLayout& layout, const void* structure) {
  // The layout has tagged fields last; members lie in the order of the definition.
  std::vector<const FieldLayout*> fields;
  for (const FieldLayout& field : layout.fields) {
    if (!field.versions.contains(version_)) continue;
    if (field.tag >= 0 && is_default(field, at(structure, field))) continue;
    fields.push_back(&field);
  }
  std::ranges::sort(fields, {}, [](const FieldLayout* field) { return field->offset; });
  out_ += '{';
  for (const FieldLayout* field : fields) {
    if (field != fields.front()) out_ += ',';
    append_json_string(out_, camel_case(field->name));
    out_ += ':';
    value(*field, at(structure, *field));
  }
  out_ += '}';
}

void JsonWriter::value(const FieldLayout& field, const void* place) {
  if (!field.operations) return scalar(field, place);
  if (field.array) return array(field, place);
  const ElementsView view = field.operations->view(place);
  if (view.null) {
    out_ += "null";
  } else {
    structure(*field.structure, view.first);
  }
}

void JsonWriter::array(const FieldLayout& field, const void* place) {
  const ElementsView view = field.operations->view(place);
  if (view.null) {
    out_ += "null";
    return;
  }
  out_ += '[';
  const auto* element = static_cast<const std::uint8_t*>(view.first);
  for (std::size_t i = 0; i < view.size; ++i, element += field.element_size) {
    if (i > 0) out_ += ',';
    scalar(field, element);
  }
  out_ += ']';
}

void JsonWriter::scalar(const FieldLayout& field, const void* place) {
  switch (field.kind) {
    case Kind::kBool:
      out_ += load<std::int8_t>(place) != 0 ? "true" : "false";
      return;
    case Kind::kInt8:
      return number<std::int8_t>(place);
    case Kind::kInt16:
      return number<std::int16_t>(place);
    case Kind::kUint16:
      return number<std::uint16_t>(place);
    case Kind::kInt32:
      return number<std::int32_t>(place);
    case Kind::kUint32:
      return number<std::uint32_t>(place);
    case Kind::kInt64:
      return number<std::int64_t>(place);
    case Kind::kFloat64:
      out_ += base::java_double(load<double>(place));
      return;
    case Kind::kUuid:
      return append_json_string(out_, load<base::Uuid>(place).to_string());
    case Kind::kString:
      return text(field, place);
    case Kind::kBytes:
      return bytes(field, place);
    case Kind::kRecords: {
      const auto* records = find<Records>(field, place);
      out_ += records == nullptr ? "null" : fmt::format("{}", records->size());
      return;
    }
    case Kind::kStruct:
      return structure(*field.structure, place);
  }
  std::unreachable();
}

void JsonWriter::text(const FieldLayout& field, const void* place) {
  const auto* value = find<std::string>(field, place);
  if (value == nullptr) {
    out_ += "null";
  } else {
    append_json_string(out_, *value);
  }
}

void JsonWriter::bytes(const FieldLayout& field, const void* place) {
  const auto* value = find<base::SharedBytes>(field, place);
  if (value == nullptr) {
    out_ += "null";
    return;
  }
  if (bytes_as_json_) {
    if (const auto instead = bytes_as_json_(field.name, value->view())) {
      out_ += *instead;
      return;
    }
  }
  append_json_string(out_, base::encode_base64(value->view()));
}

}  // namespace

std::string to_json(const MessageLayout& layout, const void* message, Version version,
                    const BytesAsJson& bytes_as_json) {
  JsonWriter writer(version, bytes_as_json);
  writer.structure(*layout.root, message);
  return writer.take();
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  out += '"';
  for (const char character : text) {
    const std::size_t known = kEscaped.find(character);
    if (known != std::string_view::npos) {
      out += '\\';
      out += kLetters[known];
    } else if (static_cast<unsigned char>(character) < 0x20) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(character));
    } else {
      out += character;
    }
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace odradek::wire
