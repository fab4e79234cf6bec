// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/client_config.h"

namespace odradek::cli {

// A record as a line of text gives it.
struct LineRecord {
  using Header = std::pair<std::string, std::optional<std::string>>;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<Header> headers;

  friend bool operator==(const LineRecord&, const LineRecord&) = default;
};

// Takes lines apart as Kafka's LineMessageReader does: headers, key and value in this order, each
// end marked by a separator (`parse.headers`, `parse.key`, `key.separator`, `headers.delimiter`,
// `headers.separator`, `headers.key.separator`, `null.marker`, `ignore.error`).
class LineReader {
 public:
  // An INVALID_CONFIG where two separators are the same.
  [[nodiscard]] static base::Result<LineReader> make(const ClientConfig& properties);

  // An INVALID_RECORD names line and column. `number` counts lines from 1.
  [[nodiscard]] base::Result<LineRecord> parse(std::string_view line, std::uint64_t number) const;

 private:
  base::Result<std::optional<std::string_view>> take(std::string_view line, std::size_t& at,
                                                     std::string_view separator,
                                                     std::string_view what,
                                                     std::uint64_t number) const;
  base::Result<std::vector<LineRecord::Header>> parse_headers(std::string_view text,
                                                              std::uint64_t number) const;
  std::optional<std::string> unless_null(std::string_view text) const;

  bool parses_key_ = false;
  bool parses_headers_ = false;
  bool ignores_errors_ = false;
  std::string key_separator_ = "\t";
  std::string headers_delimiter_ = "\t";
  std::string headers_separator_ = ",";
  std::string headers_key_separator_ = ":";
  std::optional<std::string> null_marker_;
};

}  // namespace odradek::cli
