// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>

#include "cli/output/output.h"
#include "cli/output/text.h"

namespace odradek::cli {
namespace {

constexpr std::string_view kGap = "  ";

std::string heading_of(std::string_view name) {
  std::string heading(name);
  for (char& c : heading) {
    if (c == '_') c = '-';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return heading;
}

// One column as it is shown.
struct Shown {
  std::string heading;
  std::vector<std::string> texts;
  std::vector<Tone> tones;
  std::size_t width = 0;
  bool is_right = false;  // numbers, on a terminal
};

Shown shown_column(const Table& table, std::size_t index, OutputForm form) {
  Shown column;
  column.heading = heading_of(table.columns[index].name);
  column.width = column.heading.size();
  bool has_numbers = false;
  bool has_text = false;
  for (const auto& row : table.rows) {
    const Cell& cell = row[index];
    has_numbers = has_numbers || cell.value.is_number();
    has_text = has_text || (!cell.value.is_number() && !cell.value.is_nothing());
    column.texts.push_back(one_line(cell.value));
    column.tones.push_back(cell.value.is_nothing() ? Tone::kFaint : cell.tone);
    column.width = std::max(column.width, display_width(column.texts.back()));
  }
  column.is_right = form == OutputForm::kTable && has_numbers && !has_text;
  return column;
}

// `text` in its column; the last one of a line is not filled up.
void append_cell(std::string& out, const Shown& column, std::string_view text,
                 std::string_view painted, bool is_last) {
  const std::size_t fill = column.width - std::min(column.width, display_width(text));
  if (column.is_right) out.append(fill, ' ');
  out += painted;
  if (is_last) return;
  if (!column.is_right) out.append(fill, ' ');
  out += kGap;
}

// What nests in a fact (settings, say) has names of its own, which stay as they are.
std::string fact_name(std::string name, std::size_t indent) {
  if (indent > 0) return name;
  std::ranges::replace(name, '_', ' ');
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') {
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
  }
  return name;
}

bool is_list_of_objects(const Value& value) {
  const auto* list = std::get_if<List>(&value.data());
  return list != nullptr && !list->empty() && std::holds_alternative<Object>(list->front().data());
}

void append_facts(std::string& out, const Object& facts, std::size_t indent,
                  const OutputOptions& options) {
  for (const auto& [name, value] : facts) {
    out.append(indent, ' ');
    const std::string title = fact_name(name, indent) + ":";
    out += options.has_color ? bold(title) : title;
    if (const auto* object = std::get_if<Object>(&value.data())) {
      out += '\n';
      append_facts(out, *object, indent + 2, options);
    } else if (is_list_of_objects(value)) {
      out += '\n';
      for (const Value& each : std::get<List>(value.data())) {
        std::string lines;
        append_facts(lines, std::get<Object>(each.data()), indent + 4, options);
        lines[indent + 2] = '-';
        out += lines;
      }
    } else {
      out += fmt::format(" {}\n", one_line(value));
    }
  }
}

}  // namespace

std::string table_text(const Table& table, const OutputOptions& options) {
  if (table.rows.empty()) {
    if (options.form == OutputForm::kPlain || table.when_empty.empty()) return "";
    return fmt::format("{}\n", table.when_empty);
  }
  std::vector<Shown> shown;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (options.form == OutputForm::kPlain && table.columns[i].is_detail) continue;
    shown.push_back(shown_column(table, i, options.form));
  }
  std::string out;
  if (shown.size() > 1) {
    for (const Shown& column : shown) {
      const bool is_last = &column == &shown.back();
      append_cell(out, column, column.heading,
                  options.has_color ? bold(column.heading) : column.heading, is_last);
    }
    out += '\n';
  }
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    for (const Shown& column : shown) {
      const std::string& text = column.texts[row];
      append_cell(out, column, text, options.has_color ? toned(text, column.tones[row]) : text,
                  &column == &shown.back());
    }
    out += '\n';
  }
  return out;
}

std::string document_text(const Document& document, const OutputOptions& options) {
  std::string out;
  append_facts(out, document.facts, 0, options);
  for (const auto& [name, table] : document.tables) out += table_text(table, options);
  return out;
}

}  // namespace odradek::cli
