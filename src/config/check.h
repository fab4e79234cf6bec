// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/properties.h"
#include "config/settings.h"

// What the server makes of a configuration. Its start and `odradek check-config` both ask here, so
// that they say the same: no file beyond the text is looked at, no port is opened.
namespace odradek::config {

enum class Verdict : std::uint8_t {
  kHonoured,  // does what Kafka documents
  kAccepted,  // taken, with a difference
  kUnknown,   // changes nothing; perhaps a plug-in's
  kRefused,   // the server does not start with it
};
std::string_view name_of(Verdict verdict);

// One property of the file or of the command line.
struct Finding {
  int line = 0;  // 0: of the command line
  std::string key;
  std::string value;  // "[hidden]" where it is secret
  Verdict verdict = Verdict::kHonoured;
  std::string words;  // the difference, or the whole sentence of a refusal; may be empty
};

struct Checked {
  // What the findings that are not refused come to. The server runs with it when nothing is
  // refused.
  Settings settings;
  // In the order of the file, then of the command line.
  std::vector<Finding> findings;
  // Why the server does not start, each a sentence that names file, line, key and value; empty: it
  // does.
  std::vector<std::string> problems;
};

// `file_name` is for the sentences; later properties win over earlier ones, `overrides` (--set
// key=value) over the file.
[[nodiscard]] Checked check_configuration(const std::string& file_name, std::string_view text,
                                          const std::vector<Property>& overrides);

// A finding as a line of the server's log: "server.properties line 3: …".
std::string sentence(const std::string& file_name, const Finding& finding);

}  // namespace odradek::config
