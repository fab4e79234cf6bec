// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace odradek::cli {

class Value;
using List = std::vector<Value>;
// Members in the order in which they are shown. Names are snake_case.
using Object = std::vector<std::pair<std::string, Value>>;

// What a command knows, before it is decided how that looks: nothing, a truth, a number, text, a
// list or an object. Made implicitly from each of these, and from an optional of one.
class Value {
 public:
  using Data = std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Object>;

  Value() = default;
  Value(std::nullopt_t) {}             // NOLINT
  Value(bool truth) : data_(truth) {}  // NOLINT
  Value(std::integral auto number)     // NOLINT
      : data_(static_cast<std::int64_t>(number)) {}
  Value(double number) : data_(number) {}                     // NOLINT
  Value(std::string text) : data_(std::move(text)) {}         // NOLINT
  Value(std::string_view text) : data_(std::string(text)) {}  // NOLINT
  Value(const char* text) : data_(std::string(text)) {}       // NOLINT
  Value(List list) : data_(std::move(list)) {}                // NOLINT
  Value(Object object) : data_(std::move(object)) {}          // NOLINT
  template <typename Some>
  Value(std::optional<Some> some) : Value(some ? Value(*std::move(some)) : Value()) {}  // NOLINT

  // Out of line: g++ 12 takes the inlined ones for uses of what was not initialized.
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();

  const Data& data() const { return data_; }
  bool is_nothing() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_number() const {
    return std::holds_alternative<std::int64_t>(data_) || std::holds_alternative<double>(data_);
  }

 private:
  Data data_;
};

// On one line: nothing is "-", a list "1,2,3", an object "a=1,b=2". Control characters are escaped,
// so that no name of a topic or group can move a terminal's cursor or break a line.
std::string one_line(const Value& value);

// RFC 8259, on one line or indented by two spaces a level.
enum class JsonLayout : std::uint8_t { kOneLine, kIndented };
std::string to_json(const Value& value, JsonLayout layout);

}  // namespace odradek::cli
