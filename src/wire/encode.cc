// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <string>
#include <type_traits>
#include <utility>

#include "wire/codec.h"
#include "wire/field_access.h"

namespace odradek::wire {
namespace {

bool structure_is_default(const StructLayout& layout, const void* structure);

template <typename Value>
bool value_is_default(const FieldLayout& field, const void* place) {
  const Value* value = value_of<Value>(field, place);
  return field.default_null ? value == nullptr : value != nullptr && value->empty();
}

bool elements_are_default(const FieldLayout& field, const void* place) {
  ElementsView view = field.operations->view(place);
  if (field.default_null || view.null) return field.default_null && view.null;
  return field.array ? view.size == 0 : structure_is_default(*field.structure, view.first);
}

}  // namespace

bool is_default(const FieldLayout& field, const void* place) {
  if (field.operations) return elements_are_default(field, place);
  switch (field.kind) {
    case Kind::kBool:
    case Kind::kInt8:
      return load<std::int8_t>(place) == field.default_number;
    case Kind::kInt16:
    case Kind::kUint16:
      return load<std::int16_t>(place) == static_cast<std::int16_t>(field.default_number);
    case Kind::kInt32:
    case Kind::kUint32:
      return load<std::int32_t>(place) == static_cast<std::int32_t>(field.default_number);
    case Kind::kInt64:
      return load<std::int64_t>(place) == field.default_number;
    case Kind::kFloat64:
      return load<std::int64_t>(place) == 0;
    case Kind::kUuid:
      return load<base::Uuid>(place).is_zero();
    case Kind::kString:
      return value_is_default<std::string>(field, place);
    case Kind::kBytes:
      return value_is_default<base::SharedBytes>(field, place);
    case Kind::kRecords:
      return value_is_default<Records>(field, place);
    case Kind::kStruct:
      return structure_is_default(*field.structure, place);
  }
  std::unreachable();
}

namespace {

bool structure_is_default(const StructLayout& layout, const void* structure) {
  for (const FieldLayout& field : layout.fields)
    if (!is_default(field, at(structure, field))) return false;
  return true;
}

// Writes one message. The functions return false after an error; `error` and `path` then say what
// and where.
class Encoder {
 public:
  Encoder(Writer& writer, Version version, bool flexible)
      : writer_(writer), version_(version), flexible_(flexible) {}

  bool structure(const StructLayout& layout, const void* structure);

  std::string error;
  std::string path;

 private:
  bool fail(std::string message) {
    error = std::move(message);
    return false;
  }
  bool fail_in(const char* field) {
    prepend_step(path, field);
    return false;
  }
  bool flexible(const FieldLayout& field) const { return flexible_ && !field.inflexible; }

  bool check_absent(const FieldLayout& field, const void* place);
  bool check_null(const FieldLayout& field);
  bool tagged_fields(std::span<const FieldLayout> fields, const void* structure);
  bool field_value(const FieldLayout& field, const void* place);
  bool array(const FieldLayout& field, const void* place);
  bool nullable_structure(const FieldLayout& field, const void* place);
  bool scalar(const FieldLayout& field, const void* place);
  bool text(const FieldLayout& field, const void* place);
  template <typename Value>
  bool blob(const FieldLayout& field, const void* place);

  Writer& writer_;
  Version version_;
  bool flexible_;
};

bool Encoder::structure(const StructLayout& layout, const void* structure) {
  for (const FieldLayout& field : layout.fields.first(layout.untagged)) {
    const void* place = at(structure, field);
    bool done =
        field.versions.contains(version_) ? field_value(field, place) : check_absent(field, place);
    if (!done) [[unlikely]]
      return fail_in(field.name);
  }
  return tagged_fields(layout.fields.subspan(layout.untagged), structure);
}

bool Encoder::check_absent(const FieldLayout& field, const void* place) {
  if (field.ignorable || is_default(field, place)) return true;
  return fail("this version cannot carry the field, which is not at its default");
}

bool Encoder::check_null(const FieldLayout& field) {
  return field.nullable_versions.contains(version_) || fail("must not be null in this version");
}

bool Encoder::tagged_fields(std::span<const FieldLayout> fields, const void* structure) {
  std::uint32_t count = 0;
  for (const FieldLayout& field : fields) {
    const void* place = at(structure, field);
    if (field.versions.contains(version_))
      count += is_default(field, place) ? 0 : 1;
    else if (!check_absent(field, place))
      return fail_in(field.name);
  }
  if (!flexible_) return true;
  writer_.write_unsigned_varint(count);
  for (const FieldLayout& field : fields) {
    const void* place = at(structure, field);
    if (!field.versions.contains(version_) || is_default(field, place)) continue;
    writer_.write_unsigned_varint(static_cast<std::uint32_t>(field.tag));
    std::size_t mark = writer_.mark();
    if (!field_value(field, place)) return fail_in(field.name);
    writer_.insert_size(mark);
  }
  return true;
}

bool Encoder::field_value(const FieldLayout& field, const void* place) {
  if (!field.operations) return scalar(field, place);
  return field.array ? array(field, place) : nullable_structure(field, place);
}

bool Encoder::array(const FieldLayout& field, const void* place) {
  ElementsView view = field.operations->view(place);
  if (view.null) {
    writer_.write_array_size(flexible(field), -1);
    return check_null(field);
  }
  if (view.size > kMaxArraySize)
    return fail(fmt::format("{} elements, at most {} are allowed", view.size, kMaxArraySize));
  writer_.write_array_size(flexible(field), static_cast<std::int64_t>(view.size));
  const auto* element = static_cast<const std::uint8_t*>(view.first);
  for (std::size_t i = 0; i < view.size; ++i, element += field.element_size) {
    if (!scalar(field, element)) [[unlikely]] {
      prepend_step(path, fmt::format("[{}]", i));
      return false;
    }
  }
  return true;
}

bool Encoder::nullable_structure(const FieldLayout& field, const void* place) {
  ElementsView view = field.operations->view(place);
  writer_.write_int8(view.null ? null_marker(field) : 1);
  return view.null ? check_null(field) : structure(*field.structure, view.first);
}

// A value, or one element of an array.
bool Encoder::scalar(const FieldLayout& field, const void* place) {
  switch (field.kind) {
    case Kind::kBool:
    case Kind::kInt8:
      writer_.write_int8(load<std::int8_t>(place));
      return true;
    case Kind::kInt16:
    case Kind::kUint16:
      writer_.write_int16(load<std::int16_t>(place));
      return true;
    case Kind::kInt32:
    case Kind::kUint32:
      writer_.write_int32(load<std::int32_t>(place));
      return true;
    case Kind::kInt64:
    case Kind::kFloat64:
      writer_.write_int64(load<std::int64_t>(place));
      return true;
    case Kind::kUuid:
      writer_.write_uuid(load<base::Uuid>(place));
      return true;
    case Kind::kString:
      return text(field, place);
    case Kind::kBytes:
      return blob<base::SharedBytes>(field, place);
    case Kind::kRecords:
      return blob<Records>(field, place);
    case Kind::kStruct:
      return structure(*field.structure, place);
  }
  std::unreachable();
}

bool Encoder::text(const FieldLayout& field, const void* place) {
  // The elements of a nullable array are not themselves nullable.
  const auto* value =
      field.array ? static_cast<const std::string*>(place) : value_of<std::string>(field, place);
  if (value == nullptr) {
    writer_.write_string_length(flexible(field), -1);
    return check_null(field);
  }
  if (value->size() > kMaxStringSize)
    return fail(
        fmt::format("a string of {} bytes, at most {} are allowed", value->size(), kMaxStringSize));
  writer_.write_string_length(flexible(field), static_cast<std::int64_t>(value->size()));
  writer_.write(base::as_bytes(*value));
  return true;
}

template <typename Value>
bool Encoder::blob(const FieldLayout& field, const void* place) {
  const auto* value =
      field.array ? static_cast<const Value*>(place) : value_of<Value>(field, place);
  if (value == nullptr) {
    writer_.write_bytes_length(flexible(field), -1);
    return check_null(field);
  }
  if (value->size() > INT32_MAX - 1)
    return fail(fmt::format("{} bytes, at most {} are allowed", value->size(), INT32_MAX - 1));
  writer_.write_bytes_length(flexible(field), static_cast<std::int64_t>(value->size()));
  if constexpr (std::is_same_v<Value, Records>)
    writer_.write_records(*value);
  else
    writer_.write(value->view());
  return true;
}

}  // namespace

base::Error unsupported_version(const MessageLayout& layout, Version version) {
  return {base::ErrorCode::kUnsupportedVersion,
          fmt::format("{} version {}: supported are {} to {}", layout.name, version,
                      layout.versions.low, layout.versions.high)};
}

std::string describe_failure(const MessageLayout& layout, Version version, const std::string& path,
                             const std::string& sentence) {
  const char* comma = path.empty() ? "" : ", ";
  return fmt::format("{} version {}{}{}: {}", layout.name, version, comma, path, sentence);
}

base::Result<> encode_message(const MessageLayout& layout, const void* message, Writer& writer,
                              Version version) {
  if (!layout.versions.contains(version))
    return std::unexpected(unsupported_version(layout, version));
  Encoder encoder(writer, version, layout.flexible(version));
  if (encoder.structure(*layout.root, message)) return {};
  return base::fail(base::ErrorCode::kInvalidRequest,
                    describe_failure(layout, version, encoder.path, encoder.error));
}

}  // namespace odradek::wire
