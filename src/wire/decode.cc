// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <string>
#include <utility>

#include "wire/codec.h"
#include "wire/field_access.h"

namespace odradek::wire {
namespace {

// Reads one message. The functions return false once the reader has failed; `path` then says where.
class Decoder {
 public:
  Decoder(Reader& reader, Version version, bool flexible)
      : reader_(reader), version_(version), flexible_(flexible) {}

  bool structure(const StructLayout& layout, void* structure);

  std::string path;

 private:
  bool fail(const char* sentence) {
    reader_.fail(sentence);
    return false;
  }
  bool fail_in(const char* field) {
    prepend_step(path, field);
    return false;
  }
  bool flexible(const FieldLayout& field) const { return flexible_ && !field.inflexible; }
  bool null_allowed(const FieldLayout& field) {
    return field.nullable_versions.contains(version_) || fail("must not be null in this version");
  }

  bool tagged_fields(std::span<const FieldLayout> fields, void* structure);
  bool tagged_field(std::span<const FieldLayout> fields, void* structure, std::uint64_t& seen);
  bool field_value(const FieldLayout& field, void* place);
  bool array(const FieldLayout& field, void* place);
  bool nullable_structure(const FieldLayout& field, void* place);
  bool scalar(const FieldLayout& field, void* place);
  bool text(const FieldLayout& field, void* place);
  template <typename Value>
  bool blob(const FieldLayout& field, void* place);

  Reader& reader_;
  Version version_;
  bool flexible_;
};

bool Decoder::structure(const StructLayout& layout, void* structure) {
  for (const FieldLayout& field : layout.fields.first(layout.untagged)) {
    if (!field.versions.contains(version_)) continue;
    if (!field_value(field, at(structure, field))) [[unlikely]]
      return fail_in(field.name);
  }
  return !flexible_ || tagged_fields(layout.fields.subspan(layout.untagged), structure);
}

bool Decoder::tagged_fields(std::span<const FieldLayout> fields, void* structure) {
  std::uint32_t count = reader_.read_tagged_field_count();
  std::uint64_t seen = 0;
  for (std::uint32_t i = 0; i < count; ++i)
    if (!tagged_field(fields, structure, seen)) return false;
  return reader_.ok();
}

// `seen`: a bit for each known tag that was there before.
bool Decoder::tagged_field(std::span<const FieldLayout> fields, void* structure,
                           std::uint64_t& seen) {
  std::uint32_t tag = reader_.read_unsigned_varint();
  std::size_t hidden = reader_.limit(reader_.read_unsigned_varint());
  if (!reader_.ok()) return false;
  // A structure's tags are numbered from 0, so the tag is the index.
  if (tag >= fields.size() || !fields[tag].versions.contains(version_)) {
    reader_.read_view(reader_.remaining());
  } else {
    const FieldLayout& field = fields[tag];
    if ((seen & (std::uint64_t{1} << tag)) != 0) reader_.fail("the tagged field is there twice");
    seen |= std::uint64_t{1} << tag;
    bool read = reader_.ok() && field_value(field, at(structure, field));
    if (read && reader_.remaining() > 0) read = fail("the tagged field is longer than its value");
    if (!read) return fail_in(field.name);
  }
  reader_.restore(hidden);
  return true;
}

bool Decoder::field_value(const FieldLayout& field, void* place) {
  if (!field.operations) return scalar(field, place);
  return field.array ? array(field, place) : nullable_structure(field, place);
}

bool Decoder::array(const FieldLayout& field, void* place) {
  std::int64_t size = reader_.read_array_size(flexible(field), field.wire_size, field.element_size);
  if (!reader_.ok()) return false;
  if (size < 0) {
    if (!null_allowed(field)) return false;
    field.operations->set_null(place);
    return true;
  }
  auto* element =
      static_cast<std::uint8_t*>(field.operations->create(place, static_cast<std::size_t>(size)));
  for (std::int64_t i = 0; i < size; ++i, element += field.element_size) {
    if (!scalar(field, element)) [[unlikely]] {
      prepend_step(path, fmt::format("[{}]", i));
      return false;
    }
  }
  return true;
}

bool Decoder::nullable_structure(const FieldLayout& field, void* place) {
  bool null = reader_.read_int8() <= null_marker(field);
  if (!reader_.ok()) return false;
  if (!null) return structure(*field.structure, field.operations->create(place, 1));
  field.operations->set_null(place);
  return null_allowed(field);
}

// A value, or one element of an array.
bool Decoder::scalar(const FieldLayout& field, void* place) {
  switch (field.kind) {
    case Kind::kBool:
      store(place, reader_.read_bool());
      break;
    case Kind::kInt8:
      store(place, reader_.read_int8());
      break;
    case Kind::kInt16:
    case Kind::kUint16:
      store(place, reader_.read_int16());
      break;
    case Kind::kInt32:
    case Kind::kUint32:
      store(place, reader_.read_int32());
      break;
    case Kind::kInt64:
    case Kind::kFloat64:
      store(place, reader_.read_int64());
      break;
    case Kind::kUuid:
      store(place, reader_.read_uuid());
      break;
    case Kind::kString:
      return text(field, place);
    case Kind::kBytes:
      return blob<base::SharedBytes>(field, place);
    case Kind::kRecords:
      return blob<Records>(field, place);
    case Kind::kStruct:
      return structure(*field.structure, place);
  }
  return reader_.ok();
}

bool Decoder::text(const FieldLayout& field, void* place) {
  std::int64_t length = reader_.read_string_length(flexible(field));
  if (!reader_.ok()) return false;
  // The elements of a nullable array are not themselves nullable.
  if (length < 0) {
    if (field.array) return fail("must not be null");
    if (!null_allowed(field)) return false;
    static_cast<std::optional<std::string>*>(place)->reset();
    return true;
  }
  auto& value =
      field.array ? *static_cast<std::string*>(place) : mutable_value<std::string>(field, place);
  value = reader_.read_text(static_cast<std::size_t>(length));
  return reader_.ok();
}

template <typename Value>
bool Decoder::blob(const FieldLayout& field, void* place) {
  std::int64_t length = reader_.read_bytes_length(flexible(field));
  if (!reader_.ok()) return false;
  if (length < 0) {
    if (field.array) return fail("must not be null");
    if (!null_allowed(field)) return false;
    static_cast<std::optional<Value>*>(place)->reset();
    return true;
  }
  auto& value = field.array ? *static_cast<Value*>(place) : mutable_value<Value>(field, place);
  value = reader_.read_shared(static_cast<std::size_t>(length));
  return reader_.ok();
}

}  // namespace

base::Result<> decode_message(const MessageLayout& layout, void* message, Reader& reader,
                              Version version) {
  if (!layout.versions.contains(version)) {
    base::Error error = unsupported_version(layout, version);
    reader.fail(error.code, error.message);
    return std::unexpected(std::move(error));
  }
  Decoder decoder(reader, version, layout.flexible(version));
  if (decoder.structure(*layout.root, message)) return {};
  const base::Error& error = reader.error();
  return base::fail(error.code, describe_failure(layout, version, decoder.path, error.message));
}

}  // namespace odradek::wire
