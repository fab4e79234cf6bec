// SPDX-License-Identifier: Apache-2.0
#include "wire/testing/random_message.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "wire/field_access.h"
#include "wire/records.h"

namespace odradek::wire::testing {
namespace {

class Filler {
 public:
  Filler(Version version, std::mt19937_64& random) : version_(version), random_(random) {}

  void fill_structure(const StructLayout& layout, void* structure) {
    for (const FieldLayout& field : layout.fields)
      if (field.versions.contains(version_)) fill_field(field, at(structure, field));
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  void fill_field(const FieldLayout& field, void* place) {
    // A tagged field is now and then left at its default, which then does not travel.
    if (field.tag >= 0 && below(4) == 0) return;
    bool null = field.nullable_versions.contains(version_) && below(5) == 0;
    if (!field.operations) return null ? fill_null(field, place) : fill_scalar(field, place);
    if (null) return field.operations->set_null(place);
    std::size_t count = field.array ? below(4) : 1;
    auto* element = static_cast<std::uint8_t*>(field.operations->create(place, count));
    for (std::size_t i = 0; i < count; ++i) fill_element(field, element + i * field.element_size);
  }

  void fill_null(const FieldLayout& field, void* place) {
    if (field.kind == Kind::kString)
      static_cast<std::optional<std::string>*>(place)->reset();
    else if (field.kind == Kind::kBytes)
      static_cast<std::optional<base::SharedBytes>*>(place)->reset();
    else
      static_cast<std::optional<Records>*>(place)->reset();
  }

  void fill_scalar(const FieldLayout& field, void* place) {
    if (field.kind == Kind::kString)
      mutable_value<std::string>(field, place) = text();
    else if (field.kind == Kind::kBytes)
      mutable_value<base::SharedBytes>(field, place) = bytes(below(40));
    else if (field.kind == Kind::kRecords)
      mutable_value<Records>(field, place) = bytes(below(2000));
    else
      fill_element(field, place);
  }

  void fill_element(const FieldLayout& field, void* place) {
    switch (field.kind) {
      case Kind::kBool:
        return store(place, below(2) == 1);
      case Kind::kInt8:
        return store(place, number<std::int8_t>());
      case Kind::kInt16:
      case Kind::kUint16:
        return store(place, number<std::int16_t>());
      case Kind::kInt32:
      case Kind::kUint32:
        return store(place, number<std::int32_t>());
      case Kind::kInt64:
        return store(place, number<std::int64_t>());
      case Kind::kFloat64:
        return store(place, static_cast<double>(number<std::int32_t>()) / 7);
      case Kind::kUuid:
        return store(place, base::Uuid::from_random(random_(), random_()));
      case Kind::kString:
        *static_cast<std::string*>(place) = text();
        return;
      case Kind::kBytes:
        *static_cast<base::SharedBytes*>(place) = bytes(below(40));
        return;
      case Kind::kRecords:
        *static_cast<Records*>(place) = bytes(below(2000));
        return;
      case Kind::kStruct:
        return fill_structure(*field.structure, place);
    }
  }

  template <typename Number>
  Number number() {
    using Limits = std::numeric_limits<Number>;
    const Number edges[] = {0, 1, -1, Limits::min(), Limits::max()};
    if (below(3) == 0) return edges[below(std::size(edges))];
    return static_cast<Number>(random_() >> below(64));
  }

  std::string text() {
    static constexpr const char* kCharacters[] = {"a", "Z", "0", "-", "_", ".", "ß", "語", "𝄞"};
    std::string text;
    // Now and then long enough for a length of two bytes.
    for (std::size_t left = below(10) == 0 ? below(300) : below(12); left > 0; --left)
      text += kCharacters[below(std::size(kCharacters))];
    return text;
  }

  base::SharedBytes bytes(std::size_t size) {
    std::vector<std::uint8_t> content(size);
    for (auto& byte : content) byte = static_cast<std::uint8_t>(random_());
    return base::SharedBytes::copy(content);
  }

  Version version_;
  std::mt19937_64& random_;
};

}  // namespace

void fill_with_random_values(const MessageLayout& layout, void* message, Version version,
                             std::mt19937_64& random) {
  Filler(version, random).fill_structure(*layout.root, message);
}

base::SharedBytes flatten(const base::OutputChain& chain) {
  base::SharedBytes all = base::SharedBytes::allocate(chain.size());
  std::uint8_t* next = all.mutable_view().data();
  for (const base::OutputPiece& piece : chain.pieces()) {
    base::ByteView view = std::get<base::SharedBytes>(piece);
    next = std::copy(view.begin(), view.end(), next);
  }
  return all;
}

}  // namespace odradek::wire::testing
