// SPDX-License-Identifier: Apache-2.0
#include "wire/error_search.h"

#include <string_view>

namespace odradek::wire {
namespace {

using base::ErrorCode;

bool structure_has_error(const StructLayout& layout, const void* structure, ErrorCode code);

bool field_has_error(const FieldLayout& field, const void* structure, ErrorCode code) {
  const void* place = static_cast<const char*>(structure) + field.offset;
  if (field.kind != Kind::kStruct) {
    return !field.array && std::string_view(field.name) == "ErrorCode" &&
           *static_cast<const ErrorCode*>(place) == code;
  }
  if (field.operations == nullptr) return structure_has_error(*field.structure, place, code);
  const ElementsView elements = field.operations->view(place);
  for (std::size_t i = 0; i < elements.size; ++i) {
    const void* element = static_cast<const char*>(elements.first) + i * field.element_size;
    if (structure_has_error(*field.structure, element, code)) return true;
  }
  return false;
}

bool structure_has_error(const StructLayout& layout, const void* structure, ErrorCode code) {
  for (const FieldLayout& field : layout.fields) {
    if (field_has_error(field, structure, code)) return true;
  }
  return false;
}

}  // namespace

bool has_error(const MessageLayout& layout, const void* message, ErrorCode code) {
  return structure_has_error(*layout.root, message, code);
}

}  // namespace odradek::wire
