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
          ("dropped_settings", "broker", "dropped"))

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


def document(subjects):
    """docs/configuration.md."""
    parts = [DOCUMENT_HEAD]
    for subject in subjects:
        parts.append(f"\n## {subject.title}\n\n")
        if subject.about:
            parts.append(subject.about + "\n\n")
        parts.append("| key | type | default | allowed | live | status | what it does |\n"
                     "|---|---|---|---|---|---|---|\n")
        parts += [_document_row(setting) for setting in subject.settings]
    return "".join(parts)


def _document_row(setting):
    kind = f"{setting.type}, {setting.unit}" if setting.unit else setting.type
    default = "none" if setting.default is None else f"`{setting.default}`" * bool(setting.default)
    live = {"read-only": "" if setting.scope == "broker" else "yes"}.get(setting.live, setting.live)
    words = " ".join(filter(None, (setting.description, setting.words)))
    if setting.harmless:
        values = ", ".join(f"`{value}`" if value else "nothing" for value in setting.harmless)
        words += f" Only {values}: {setting.reason}."
    cells = (f"`{setting.name}`", kind, default, setting.range, live, setting.status,
             words.strip())
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


DOCUMENT_HEAD = """<!-- Generated from schema/settings/ by tools/generate; do not edit. -->
# Configuration

Every key of Apache Kafka 4.4, those that 2.2 to 3.9 knew and 4.x dropped, and Odradek's own. Each
is *honoured* (does what Kafka documents), *accepted* (taken, with the difference in words) or
*refused* (stops the server, with the reason).
"""
