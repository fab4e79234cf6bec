# SPDX-License-Identifier: Apache-2.0
"""The C++ table and the page that come from schema/settings. Each function returns one file."""

import json

from settings import all_settings

CPP_HEAD = """// SPDX-License-Identifier: Apache-2.0
// Generated from schema/settings/; do not edit.
#include "config/table.h"

namespace odradek::config {
namespace {

using std::string_view_literals::operator""sv;

"""

# Which function hands out which settings.
TABLES = (("broker_settings", "broker", "current"), ("topic_settings", "topic", "current"),
          ("group_settings", "group", "current"),
          ("client_metrics_settings", "client-metrics", "current"),
          ("quota_settings", "quota", "current"),
          ("dynamic_only_settings", "broker", "dynamic-only"),
          ("dropped_settings", "broker", "dropped"),
          ("pattern_settings", "broker", "pattern"))

# The members of config::Setting after the default, as they follow each other there.
MEMBERS = ("range", "status", "note", "harmless", "reason", "scope", "kind", "live", "importance",
           "is_internal", "unit", "until", "synonyms", "entities", "subject", "description")


def camel_case(words):
    return "k" + "".join(word.capitalize() for word in words.replace("-", "_").split("_"))


def cpp_text(text):
    return json.dumps(text, ensure_ascii=True)


def table(subjects):
    """settings_table.cc."""
    settings = all_settings(subjects)
    titles = {subject.stem: subject.title for subject in subjects}
    lists = _Lists()
    bodies, functions = [], []
    for function, scope, kind in TABLES:
        rows = sorted((setting for setting in settings
                       if (setting.scope, setting.kind) == (scope, kind)),
                      key=lambda setting: setting.name)
        name = camel_case(function)
        body = "".join(_row(setting, titles[setting.subject], lists) for setting in rows)
        bodies.append(f"constexpr Setting {name}[] = {{\n{body}}};\n\n")
        functions.append(f"std::span<const Setting> {function}() {{ return {name}; }}\n")
    return (CPP_HEAD + lists.text() + "".join(bodies) + "}  // namespace\n\n" +
            "".join(functions) + "\n}  // namespace odradek::config\n")


class _Lists:
    """Arrays of texts, each written once."""

    def __init__(self):
        self._names = {}

    def name(self, texts):
        if not texts:
            return ""
        return self._names.setdefault(tuple(texts), f"kList{len(self._names)}")

    def text(self):
        return "".join(
            f"constexpr std::string_view {name}[] = {{{', '.join(map(cpp_text, texts))}}};\n"
            for texts, name in self._names.items()) + "\n"


def _row(setting, title, lists):
    parts = [f".name = {cpp_text(setting.name)}sv", f".type = Type::{camel_case(setting.type)}"]
    if setting.default is not None:
        parts.append(f".default_value = {cpp_text(setting.default)}sv")
    values = {word: f"{word.capitalize()}::{camel_case(getattr(setting, word))}"
              for word in ("status", "scope", "kind", "live", "importance")}
    values |= {member: f"{cpp_text(text)}sv" if text else ""
               for member, text in (("range", setting.range), ("note", setting.words),
                                    ("reason", setting.reason), ("unit", setting.unit),
                                    ("until", setting.until), ("subject", title),
                                    ("description", setting.description))}
    values |= {member: lists.name(texts)
               for member, texts in (("harmless", setting.harmless), ("synonyms", setting.synonyms),
                                     ("entities", setting.entities))}
    values["is_internal"] = "true" if setting.internal else ""
    parts += [f".{member} = {values[member]}" for member in MEMBERS if values[member]]
    return "    {" + ",\n     ".join(parts) + "},\n"


def counts(subjects):
    """{status: how many keys}; keys of plug-ins are nobody's."""
    found = [setting.status for setting in all_settings(subjects) if setting.kind != "pattern"]
    return {status: found.count(status) for status in ("honoured", "accepted", "refused")}


def document(subjects):
    """docs/configuration.md."""
    conditional = [setting for setting in all_settings(subjects) if setting.reason]
    parts = [DOCUMENT_HEAD.format(**counts(subjects), conditional=len(conditional))]
    for subject in subjects:
        parts.append(f"- [{subject.title}](#{_anchor(subject.title)})\n")
    for subject in subjects:
        parts.append(f"\n## {subject.title}\n\n")
        if subject.about:
            parts.append(subject.about + "\n\n")
        parts.append("| key | type | default | allowed | live | status | what it does |\n"
                     "|---|---|---|---|---|---|---|\n")
        parts += [_document_row(setting) for setting in subject.settings]
    return "".join(parts)


def _anchor(title):
    """As Markdown's readers make it from a heading."""
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -")
    return kept.replace(" ", "-")


def _document_row(setting):
    kind = f"{setting.type}, {setting.unit}" if setting.unit else setting.type
    default = "" if setting.default is None else _code(setting.default)
    cells = (f"`{setting.name}`", kind, default, allowed_words(setting), _live(setting),
             setting.status, " ".join(_sentences(setting)))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _code(value):
    return f"`{value}`" if value else "empty"


def _live(setting):
    if setting.kind in ("dropped", "pattern"):
        return ""
    if setting.scope != "broker":
        return "yes"
    return "" if setting.live == "read-only" else setting.live


def _sentences(setting):
    yield setting.description
    if setting.entities:
        yield f"Of: {', '.join(setting.entities)}."
    if setting.until:
        yield f"Last in {setting.until}."
    if setting.words:
        yield f"*Here:* {setting.words}."
    if setting.reason:
        values = " or ".join(_code(value) for value in setting.harmless)
        yield f"*Refused* unless {values}: {setting.reason}."


def allowed_words(setting):
    """The range in words, as config::allowed_words has it."""
    words = setting.range.removeprefix("distinct").strip()
    must_be_there = words.startswith("non-empty")
    words = words.removeprefix("non-empty").strip()
    if not words:
        return "not empty" if must_be_there else ""
    if ".." in words:
        span, _, other = words.partition("|")
        low, _, high = span.partition("..")
        text = f"{low} to {high}" if high else f"at least {low}"
        return f"{text}, or {other}" if other else text
    if words == "partition:broker":
        return "`partition:broker,…` or `*`"
    text = ", ".join(f"`{choice}`" for choice in words.removeprefix("~").split("|"))
    return f"{text} in any case" if words.startswith("~") else text


DOCUMENT_HEAD = """<!-- Generated from schema/settings/ by tools/generate; do not edit. -->
# Configuration

A server is configured by a `server.properties` file, by `--set key=value` on its command line,
which wins, and while it runs by `kafka-configs`. This page has every key of Apache Kafka 4.4 with
Kafka's names, units and defaults, the keys that Kafka 2.2 to 3.9 had and 4 dropped, and Odradek's
own. Ask what a server would make of a file with

    odradek check-config server.properties

which prints the status of every key of the file and exits with 0 when the server would start.

- **honoured** ({honoured} keys): does what Kafka documents.
- **accepted** ({accepted}): taken, and *Here:* says what differs from Kafka. The server's log says
  it, too.
- **refused** ({refused}): stops the server. Of {conditional} keys the values that ask for something
  that is not there are refused, and the row says which are taken.

A key that is not on this page changes nothing and is warned about, unless it is near one that is:
then the server does not start, and names the near one. Numbers are written in digits, without
units or separators (`10485760`, not `10MB` or `10_485_760`). A `#` begins a comment only at the
beginning of a line.

*live* says whether a broker's key can be changed while the broker runs: for one broker
(`per-broker`) or also for all of them (`cluster-wide`).

"""
