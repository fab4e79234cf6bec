// SPDX-License-Identifier: Apache-2.0
#include "cli/groups/reset_inputs.h"

#include <fmt/core.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

#include "cli/flag_checks.h"

namespace odradek::cli {
namespace {

template <typename Number>
bool parse_number(std::string_view digits, Number& number) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() && !digits.empty();
}

// Takes text from its beginning.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly `digits` digits.
  std::optional<int> take_number(std::size_t digits) {
    int number = 0;
    if (rest_.size() < digits || !parse_number(rest_.substr(0, digits), number) || number < 0) {
      return std::nullopt;
    }
    rest_.remove_prefix(digits);
    return number;
  }

 private:
  std::string_view rest_;
};

std::optional<int> take_zone_minutes(Scanner& scanner) {
  if (scanner.at_end() || scanner.take('Z')) return 0;
  const bool is_behind = scanner.take('-');
  if (!is_behind && !scanner.take('+')) return std::nullopt;
  const auto hours = scanner.take_number(2);
  if (!hours) return std::nullopt;
  const bool has_colon = scanner.take(':');
  const auto minutes = has_colon || !scanner.at_end() ? scanner.take_number(2) : 0;
  if (!minutes || *minutes > 59) return std::nullopt;
  return (is_behind ? -1 : 1) * (*hours * 60 + *minutes);
}

std::optional<std::int64_t> take_datetime(Scanner& scanner) {
  using std::chrono::day;
  using std::chrono::month;
  using std::chrono::year;
  const auto y = scanner.take_number(4);
  if (!y || !scanner.take('-')) return std::nullopt;
  const auto mo = scanner.take_number(2);
  if (!mo || !scanner.take('-')) return std::nullopt;
  const auto d = scanner.take_number(2);
  if (!d || !scanner.take('T')) return std::nullopt;
  const auto h = scanner.take_number(2);
  if (!h || *h > 23 || !scanner.take(':')) return std::nullopt;
  const auto mi = scanner.take_number(2);
  if (!mi || *mi > 59 || !scanner.take(':')) return std::nullopt;
  const auto s = scanner.take_number(2);
  if (!s || *s > 59) return std::nullopt;
  const auto ms = scanner.take('.') ? scanner.take_number(3) : 0;
  const auto zone = take_zone_minutes(scanner);
  if (!ms || !zone || !scanner.at_end()) return std::nullopt;
  const std::chrono::year_month_day date{year(*y), month(static_cast<unsigned>(*mo)),
                                         day(static_cast<unsigned>(*d))};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  const auto time = days + std::chrono::hours(*h) + std::chrono::minutes(*mi - *zone) +
                    std::chrono::seconds(*s) + std::chrono::milliseconds(*ms);
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

// Milliseconds of a unit; M is minutes after the T, and nothing before it.
std::int64_t unit_ms(char unit, bool is_time) {
  if (!is_time) return unit == 'D' ? 86'400'000 : 0;
  switch (unit) {
    case 'H':
      return 3'600'000;
    case 'M':
      return 60'000;
    case 'S':
      return 1'000;
    default:
      return 0;
  }
}

std::unexpected<base::Error> bad_duration(std::string_view text) {
  return misuse(
      fmt::format("'{}' is no duration: give PnDTnHnMnS, as in P1DT2H30M or PT15M", text));
}

}  // namespace

base::Result<std::int64_t> parse_datetime(std::string_view text) {
  Scanner scanner(text);
  if (const auto time = take_datetime(scanner)) return *time;
  return misuse(fmt::format(
      "'{}' is no time: give YYYY-MM-DDThh:mm:ss.sss, in UTC or with an offset such as +01:00",
      text));
}

base::Result<std::int64_t> parse_duration_ms(std::string_view text) {
  std::string_view rest = text;
  const bool is_negative = rest.starts_with('-');
  if (is_negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (!rest.starts_with('P') && !rest.starts_with('p')) return bad_duration(text);
  rest.remove_prefix(1);
  bool is_time = false;
  bool has_part = false;
  double total_ms = 0;
  while (!rest.empty()) {
    if (rest.front() == 'T' || rest.front() == 't') {
      if (std::exchange(is_time, true)) return bad_duration(text);
      has_part = false;
      rest.remove_prefix(1);
      continue;
    }
    const std::size_t digits = rest.find_first_not_of("+-0123456789.");
    if (digits == std::string_view::npos) return bad_duration(text);
    double number = 0;
    std::string_view amount = rest.substr(0, digits);
    if (amount.starts_with('+')) amount.remove_prefix(1);
    const char unit = static_cast<char>(rest[digits] & ~0x20);
    const std::int64_t ms = unit_ms(unit, is_time);
    const bool is_whole = amount.find('.') == std::string_view::npos;
    if (ms == 0 || (!is_whole && unit != 'S') || !parse_number(amount, number)) {
      return bad_duration(text);
    }
    total_ms += number * static_cast<double>(ms);
    rest.remove_prefix(digits + 1);
    has_part = true;
  }
  if (!has_part || total_ms > 9e15 || total_ms < -9e15) return bad_duration(text);
  return static_cast<std::int64_t>(is_negative ? -total_ms : total_ms);
}

base::Result<std::map<std::string, OffsetPlan>> parse_reset_file(std::string_view text,
                                                                 const std::string& only_group) {
  std::map<std::string, OffsetPlan> plans;
  std::size_t number = 0;
  for (const auto range : std::views::split(text, '\n')) {
    std::string_view line(range.begin(), range.end());
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    std::vector<std::string> fields;
    for (const auto field : std::views::split(line, ',')) {
      std::string_view one(field.begin(), field.end());
      if (one.size() > 1 && one.starts_with('"') && one.ends_with('"')) {
        one = one.substr(1, one.size() - 2);
      }
      fields.emplace_back(one);
    }
    if (fields.size() == 3 && !only_group.empty()) fields.insert(fields.begin(), only_group);
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    if (fields.size() != 4 || !parse_number(fields[2], partition) ||
        !parse_number(fields[3], offset)) {
      return misuse(fmt::format("line {}: '{}' is not {}topic,partition,offset", number, line,
                                only_group.empty() ? "group," : ""));
    }
    plans[fields[0]][{fields[1], partition}] = offset;
  }
  return plans;
}

}  // namespace odradek::cli
