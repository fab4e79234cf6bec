// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "wire/version.h"

namespace odradek::wire {

// What a generated message looks like on the wire and in memory. One codec (codec.h) reads these
// tables for all messages: code for each of them would take minutes to compile, and the tables also
// serve whatever has to walk through messages that it does not know (fuzzing, cross-checks).

enum class Kind : std::uint8_t {
  kBool,
  kInt8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kFloat64,
  kUuid,
  kString,
  kBytes,
  kRecords,
  kStruct,
};

struct StructLayout;

// The content of an array or of a nullable structure.
struct ElementsView {
  const void* first = nullptr;
  std::size_t size = 0;
  bool null = false;
};

// How to reach into a field whose C++ type the codec does not know.
struct FieldOperations {
  ElementsView (*view)(const void* field);
  // Makes the field hold `size` elements with their default values and returns the first.
  void* (*create)(void* field, std::size_t size);
  // Makes the field null; only where it can be.
  void (*set_null)(void* field);
};

struct FieldLayout {
  const char* name;    // Kafka's
  std::size_t offset;  // in the C++ structure
  Kind kind;           // of the value or, of an array, of its elements
  VersionRange versions = {};
  VersionRange nullable_versions = {1, 0};
  bool array = false;
  bool nullable = false;  // the C++ type is a std::optional
  bool default_null = false;
  bool ignorable = false;
  bool inflexible = false;       // keeps the old form of length in flexible versions
  std::int16_t tag = -1;         // -1: none; else its index among the structure's tagged fields
  std::uint32_t wire_size = 0;   // the least that an array's element takes on the wire
  std::size_t element_size = 0;  // what it takes in memory
  std::int64_t default_number = 0;
  const StructLayout* structure = nullptr;      // of kStruct
  const FieldOperations* operations = nullptr;  // of arrays and nullable structures
};

struct StructLayout {
  const char* name;
  std::span<const FieldLayout> fields;  // in the order of the wire, those with tags last, by tag
  std::size_t untagged;                 // how many of them have no tag
};

struct MessageLayout {
  const char* name;
  const StructLayout* root;
  VersionRange versions;
  Version first_flexible;  // kNoVersion: none

  bool flexible(Version version) const { return version >= first_flexible; }
};

template <typename Element>
inline constexpr FieldOperations kVectorOperations{
    [](const void* field) {
      const auto& vector = *static_cast<const std::vector<Element>*>(field);
      return ElementsView{vector.data(), vector.size()};
    },
    [](void* field, std::size_t size) -> void* {
      auto& vector = *static_cast<std::vector<Element>*>(field);
      vector = std::vector<Element>(size);
      return vector.data();
    },
    nullptr,
};

template <typename Element>
inline constexpr FieldOperations kOptionalVectorOperations{
    [](const void* field) {
      const auto& vector = *static_cast<const std::optional<std::vector<Element>>*>(field);
      return vector ? ElementsView{vector->data(), vector->size()} : ElementsView{.null = true};
    },
    [](void* field, std::size_t size) -> void* {
      auto& vector = *static_cast<std::optional<std::vector<Element>>*>(field);
      return vector.emplace(size).data();
    },
    [](void* field) { static_cast<std::optional<std::vector<Element>>*>(field)->reset(); },
};

template <typename Structure>
inline constexpr FieldOperations kOptionalOperations{
    [](const void* field) {
      const auto& value = *static_cast<const std::optional<Structure>*>(field);
      return value ? ElementsView{&*value, 1} : ElementsView{.null = true};
    },
    [](void* field, std::size_t) -> void* {
      // Not emplace(): clang settles whether a nested structure can be made from nothing while the
      // structure around it is incomplete, and then says no.
      auto& value = *static_cast<std::optional<Structure>*>(field);
      value = Structure{};
      return &*value;
    },
    [](void* field) { static_cast<std::optional<Structure>*>(field)->reset(); },
};

}  // namespace odradek::wire
