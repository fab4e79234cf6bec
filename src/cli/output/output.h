// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"
#include "cli/output/value.h"

// What a command under its own name prints is data, a table, a message or a document, and the
// caller's --output decides how it looks. Under Kafka's names the text is Kafka's, printed by the
// command itself, and nothing here is used:
//
//   if (!invocation.is_native) return print_as_kafka(groups);
//   Output out(invocation.output);
//   out.print(Table{.columns = {{"group"}, {"lag"}}, .rows = {{"billing", 17}}});
namespace odradek::cli {

enum class OutputForm : std::uint8_t {
  kPlain,  // for the next program of a pipe: columns, no colour
  kTable,  // for people: the same, with headings in bold, numbers to the right, and colour
  kJson,
};

struct OutputOptions {
  OutputForm form = OutputForm::kPlain;
  bool has_color = false;
};

// The flags that every command with Command::prints_data has: output and color.
std::vector<FlagSpec> output_flags();

// By --output and --color; where they are missing, a table in colour on a terminal and plain text
// elsewhere. NO_COLOR (not empty) and TERM=dumb turn colour off where --color does not ask for it.
// An INVALID_REQUEST names a value that is none of the flag's.
[[nodiscard]] base::Result<OutputOptions> output_options(const Flags& flags);

// What a cell means, which a terminal shows as a colour.
enum class Tone : std::uint8_t { kPlain, kGood, kWarning, kBad, kFaint };

struct Cell {
  Value value;
  Tone tone = Tone::kPlain;

  Cell() = default;
  template <typename Some>
    requires std::is_constructible_v<Value, Some>
  Cell(Some some, Tone meaning = Tone::kPlain)  // NOLINT
      : value(std::move(some)), tone(meaning) {}
};

struct Column {
  // In snake_case: the member's name in JSON; the heading is LIKE-THIS.
  std::string_view name;
  // Left out of plain text, where each line is to be what the command is asked for.
  bool is_detail = false;
};

// Plain text shows it with a heading line unless it has one column only; missing values are "-".
// JSON is an array of objects.
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as `columns`
  // What a terminal shows instead of a table without rows: "There are no topics."
  std::string_view when_empty = {};
};

// A sentence that says what was done. JSON is an object: `fields` and the sentence as "message".
struct Message {
  std::string text;
  Object fields = {};
};

// Facts about one thing, then tables of its parts by name. Text is a line "Cluster id: …" for each
// fact, indented below what it belongs to, and the tables without their names; JSON is one object.
struct Document {
  Object facts;
  std::vector<std::pair<std::string, Table>> tables = {};
};

// A command's result on standard output. As text everything is written when it is printed; JSON is
// one value, written at the end of the Output's life: what was printed, or, of several prints, an
// array of them. So print one thing where it can be one. Threads: one.
class Output {
 public:
  explicit Output(OutputOptions options) : options_(options) {}
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void print(const Table& table);
  void print(const Message& message);
  void print(const Document& document);
  // Several of a kind: JSON is an array even of one.
  void print(const std::vector<Document>& documents);
  // One of a stream without end: JSON is an object a line (JSON Lines), written at once. A command
  // that prints lines prints nothing else.
  void print_line(const Object& facts, std::string_view text);

  OutputForm form() const { return options_.form; }

 private:
  void add_json(Value value);

  const OutputOptions options_;
  List json_;
  bool has_lines_ = false;
};

// The text of a table in a form other than JSON.
std::string table_text(const Table& table, const OutputOptions& options);
std::string document_text(const Document& document, const OutputOptions& options);

}  // namespace odradek::cli
