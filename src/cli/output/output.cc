// SPDX-License-Identifier: Apache-2.0
#include "cli/output/output.h"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/assert.h"
#include "env/linux/terminal.h"

namespace odradek::cli {
namespace {

std::unexpected<base::Error> bad_value(std::string_view flag, std::string_view value,
                                       std::string_view allowed) {
  return base::fail(base::ErrorCode::kInvalidRequest,
                    fmt::format("--{} is {}, not '{}'", flag, allowed, value));
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool terminal_has_color() {
  const char* terminal = std::getenv("TERM");
  return !is_set("NO_COLOR") && terminal != nullptr && std::string_view(terminal) != "dumb";
}

base::Result<OutputForm> form_of(const std::string& name) {
  if (name == "plain") return OutputForm::kPlain;
  if (name == "table") return OutputForm::kTable;
  if (name == "json") return OutputForm::kJson;
  return bad_value("output", name, "plain, table or json");
}

Value as_value(const Table& table) {
  List rows;
  for (const auto& row : table.rows) {
    Object object;
    for (std::size_t i = 0; i < row.size(); ++i) {
      object.emplace_back(table.columns[i].name, row[i].value);
    }
    rows.emplace_back(std::move(object));
  }
  return rows;
}

Value as_value(const Document& document) {
  Object object = document.facts;
  for (const auto& [name, table] : document.tables) object.emplace_back(name, as_value(table));
  return object;
}

void write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace

std::vector<FlagSpec> output_flags() {
  return {{"output", Arity::kRequired, "plain|table|json",
           "How the result looks: a table on a terminal and plain text elsewhere, unless given."},
          {"color", Arity::kRequired, "auto|always|never",
           "Whether it has colour: on a terminal where NO_COLOR is not set, unless given."}};
}

base::Result<OutputOptions> output_options(const Flags& flags) {
  const bool is_terminal = env::stdout_is_terminal();
  OutputOptions options;
  options.form = is_terminal ? OutputForm::kTable : OutputForm::kPlain;
  if (const auto name = flags.value("output")) {
    auto form = form_of(*name);
    if (!form) return base::fail(std::move(form));
    options.form = *form;
  }
  const std::string color = flags.value_or("color", "auto");
  if (color != "auto" && color != "always" && color != "never") {
    return bad_value("color", color, "auto, always or never");
  }
  options.has_color = color == "always" || (color == "auto" && is_terminal && terminal_has_color());
  return options;
}

Output::~Output() {
  if (options_.form != OutputForm::kJson || has_lines_ || json_.empty()) return;
  const Value whole = json_.size() == 1 ? std::move(json_[0]) : Value(std::move(json_));
  write(to_json(whole, JsonLayout::kIndented) + "\n");
}

void Output::add_json(Value value) {
  ODRADEK_ASSERT(!has_lines_);
  json_.push_back(std::move(value));
}

void Output::print(const Table& table) {
  for (const auto& row : table.rows) ODRADEK_ASSERT(row.size() == table.columns.size());
  if (options_.form == OutputForm::kJson) return add_json(as_value(table));
  write(table_text(table, options_));
}

void Output::print(const Message& message) {
  if (options_.form != OutputForm::kJson) return write(message.text + "\n");
  Object object = message.fields;
  object.emplace_back("message", message.text);
  add_json(std::move(object));
}

void Output::print(const Document& document) {
  if (options_.form == OutputForm::kJson) return add_json(as_value(document));
  write(document_text(document, options_));
}

void Output::print(const std::vector<Document>& documents) {
  if (options_.form == OutputForm::kJson) {
    List list;
    for (const Document& document : documents) list.push_back(as_value(document));
    return add_json(std::move(list));
  }
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (i > 0) write("\n");
    write(document_text(documents[i], options_));
  }
}

void Output::print_line(const Object& facts, std::string_view text) {
  has_lines_ = true;
  const bool is_json = options_.form == OutputForm::kJson;
  write((is_json ? to_json(facts, JsonLayout::kOneLine) : std::string(text)) + "\n");
}

}  // namespace odradek::cli
