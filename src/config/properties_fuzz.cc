// SPDX-License-Identifier: Apache-2.0
// Any bytes may be a properties file: parsing them ends, and what comes out can be written down and
// read back as the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "config/properties.h"

namespace {

// With everything escaped that means something to the format.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char character : text) {
    switch (character) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\f':
        out += "\\f";
        break;
      case ' ':
      case '=':
      case ':':
      case '#':
      case '!':
      case '\\':
        out += '\\';
        [[fallthrough]];
      default:
        out += character;
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto properties = odradek::config::parse_properties(text);
  if (!properties) return 0;
  std::string again = "\xef\xbb\xbf";
  for (const auto& property : *properties) {
    again += escaped(property.key) + '=' + escaped(property.value) + '\n';
  }
  const auto read_back = odradek::config::parse_properties(again);
  ODRADEK_ASSERT(read_back && read_back->size() == properties->size());
  for (std::size_t i = 0; i < properties->size(); ++i) {
    ODRADEK_ASSERT((*read_back)[i].key == (*properties)[i].key);
    ODRADEK_ASSERT((*read_back)[i].value == (*properties)[i].value);
  }
  return 0;
}
