// SPDX-License-Identifier: Apache-2.0
#include "config/check.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <utility>

#include "config/dynamic.h"
#include "config/listener_keys.h"
#include "config/listeners.h"
#include "config/nearest.h"
#include "config/rules.h"
#include "config/table.h"
#include "config/value.h"

namespace odradek::config {
namespace {

std::string place(const std::string& file_name, int line) {
  return line == 0 ? "command line" : fmt::format("{} line {}", file_name, line);
}

bool may_be_secret(std::string_view key) {
  const auto has = [key](std::string_view word) { return key.find(word) != key.npos; };
  return has("password") || has("secret") || has("credential") || has("token") || has("jaas");
}

// The part of a value that was meant as a comment: from a # behind white space on.
std::optional<std::string_view> comment_in(const Setting& setting, std::string_view value) {
  // Secrets and rules of their own syntax may hold any character.
  if (setting.is_sensitive() || setting.name.ends_with(".rules")) return std::nullopt;
  for (std::size_t i = 1; i < value.size(); ++i) {
    if (value[i] == '#' && (value[i - 1] == ' ' || value[i - 1] == '\t')) return value.substr(i);
  }
  return std::nullopt;
}

std::string refusal_of_comment(const Setting& setting, std::string_view value,
                               std::string_view comment) {
  const auto meant = trim(value.substr(0, value.size() - comment.size()));
  return fmt::format(
      "Invalid value {} for configuration {}: '{}' was meant as a comment, but is part of the "
      "value; a comment takes a line of its own, and the line here is {}={}",
      value, setting.name, comment, setting.name, meant);
}

// What speaks against the value by itself.
std::optional<std::string> refusal(const Setting& setting, std::string_view value) {
  if (const auto comment = comment_in(setting, value)) {
    return refusal_of_comment(setting, value, *comment);
  }
  const bool is_checked = setting.kind != Kind::kDropped || setting.status == Status::kHonoured;
  if (is_checked) {
    if (auto valid = check_value(setting, value); !valid) return std::move(valid).error().message;
  }
  if (setting.status == Status::kRefused) {
    return fmt::format("{}={} is refused: {}", setting.name, shown(setting, value), setting.note);
  }
  if (auto there = check_available(setting, value); !there) {
    return std::move(there).error().message;
  }
  return std::nullopt;
}

void judge_known(const Setting& setting, const Property& property, Finding& finding) {
  finding.value = shown(setting, property.value);
  if (auto words = refusal(setting, property.value)) {
    finding.verdict = Verdict::kRefused;
    finding.words = std::move(*words);
    return;
  }
  finding.verdict = setting.status == Status::kHonoured ? Verdict::kHonoured : Verdict::kAccepted;
  finding.words = setting.note;
}

const Setting* find_in_file(std::string_view key) {
  for (const auto find : {find_broker_setting, find_dynamic_only_setting, find_dropped_setting,
                          find_pattern_setting}) {
    if (const Setting* setting = find(key)) return setting;
  }
  return nullptr;
}

void judge_unknown(const Property& property, std::string_view nearest, Finding& finding) {
  if (!nearest.empty()) {
    const Setting* meant = find_in_file(without_listener(nearest));
    if (meant != nullptr && meant->is_sensitive()) finding.value = "[hidden]";
    finding.verdict = Verdict::kRefused;
    finding.words = fmt::format("{} is not a key that this server knows; the nearest is {}",
                                property.key, nearest);
    return;
  }
  finding.verdict = Verdict::kUnknown;
  finding.words = "not a key that this server knows; it changes nothing";
  const Setting* topic = find_topic_setting(property.key);
  if (topic != nullptr && !topic->synonyms.empty()) {
    finding.words = fmt::format("a topic's key; the server's is {}; it changes nothing here",
                                topic->synonyms.front());
  }
}

void judge_listener_key(const ListenerKey& key, const Property& property, Finding& finding) {
  if (key.setting == nullptr) {
    std::string nearest(nearest_broker_key(key.name));
    const auto prefix = property.key.substr(0, property.key.size() - key.name.size());
    if (!nearest.empty()) nearest.insert(0, prefix);
    judge_unknown(property, nearest, finding);
    return;
  }
  judge_known(*key.setting, property, finding);
  if (finding.verdict == Verdict::kRefused || key.is_limit()) return;
  finding.verdict = Verdict::kAccepted;
  finding.words = "a listener has no such setting of its own as yet: the server's applies";
}

Finding judge(const Property& property) {
  Finding finding{property.line, property.key, property.value, Verdict::kHonoured, ""};
  if (may_be_secret(property.key)) finding.value = "[hidden]";
  if (const auto key = parse_listener_key(property.key)) {
    judge_listener_key(*key, property, finding);
  } else if (const Setting* setting = find_in_file(property.key)) {
    judge_known(*setting, property, finding);
  } else {
    judge_unknown(property, nearest_broker_key(property.key), finding);
  }
  return finding;
}

// Findings of properties that a later one outdoes, as Java's Properties have it.
void mark_outdone(std::vector<Finding>& findings) {
  std::map<std::string_view, const Finding*> later;
  for (auto finding = findings.rbegin(); finding != findings.rend(); ++finding) {
    const auto [found, is_last] = later.emplace(finding->key, &*finding);
    if (is_last) continue;
    const int line = found->second->line;
    finding->verdict = Verdict::kAccepted;
    finding->words =
        fmt::format("given again {}, and that counts",
                    line == 0 ? "on the command line" : fmt::format("on line {}", line));
  }
}

// 2.2's names of an address, where the newer key says it.
void mark_overruled(const Settings& settings, std::vector<Finding>& findings) {
  for (Finding& finding : findings) {
    std::string_view newer;
    if (finding.key == "host.name" || finding.key == "port") newer = "listeners";
    if (finding.key.starts_with("advertised.") && finding.key != "advertised.listeners") {
      newer = settings.is_set("advertised.listeners") ? "advertised.listeners" : "listeners";
    }
    if (finding.verdict != Verdict::kHonoured || newer.empty() || !settings.is_set(newer)) continue;
    finding.verdict = Verdict::kAccepted;
    finding.words = fmt::format("{} is there, and that counts", newer);
  }
}

// Limits of listeners that are not there.
void mark_listener_limits(const Settings& settings, std::vector<Finding>& findings) {
  const auto listeners = read_listeners(settings);
  if (!listeners) return;
  const auto is_listener = [&](std::string_view name) {
    return std::ranges::any_of(*listeners, [name](const Listener& listener) {
      return std::ranges::equal(listener.name, name, {},
                                [](unsigned char c) { return std::tolower(c); });
    });
  };
  for (Finding& finding : findings) {
    const auto key = parse_listener_key(finding.key);
    if (finding.verdict != Verdict::kHonoured || !key || is_listener(key->listener)) continue;
    finding.verdict = Verdict::kAccepted;
    finding.words = fmt::format("no listener is called {}, in lower case", key->listener);
  }
}

// The objection belongs to the property that counts, the last one of its key.
void attach(Objection objection, std::vector<Finding>& findings,
            std::vector<std::string>& problems) {
  const auto finding =
      std::find_if(findings.rbegin(), findings.rend(),
                   [&objection](const Finding& one) { return one.key == objection.key; });
  if (finding == findings.rend()) {
    problems.push_back(std::move(objection.words));
  } else if (finding->verdict != Verdict::kRefused) {
    finding->verdict = Verdict::kRefused;
    finding->words = std::move(objection.words);
  }
}

std::string stored(const Property& property) {
  const Setting* setting = find_in_file(property.key);
  return setting == nullptr ? std::string(trim(property.value))
                            : normalized(*setting, property.value);
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHonoured:
      return "honoured";
    case Verdict::kAccepted:
      return "accepted";
    case Verdict::kUnknown:
      return "unknown";
    case Verdict::kRefused:
      return "refused";
  }
  return "";
}

Checked check_configuration(const std::string& file_name, std::string_view text,
                            const std::vector<Property>& overrides) {
  Checked checked;
  auto properties = parse_properties(text);
  if (!properties) {
    checked.problems.push_back(fmt::format("{} {}", file_name, properties.error().message));
    return checked;
  }
  properties->insert(properties->end(), overrides.begin(), overrides.end());
  for (const Property& property : *properties) checked.findings.push_back(judge(property));
  mark_outdone(checked.findings);
  SettingValues given;
  for (std::size_t i = 0; i < properties->size(); ++i) {
    if (checked.findings[i].verdict == Verdict::kRefused) continue;
    given[(*properties)[i].key] = stored((*properties)[i]);
  }
  checked.settings = Settings(std::move(given));
  mark_overruled(checked.settings, checked.findings);
  mark_listener_limits(checked.settings, checked.findings);
  for (Objection& objection : objections_to(checked.settings)) {
    attach(std::move(objection), checked.findings, checked.problems);
  }
  for (const Finding& finding : checked.findings) {
    if (finding.verdict != Verdict::kRefused) continue;
    checked.problems.push_back(sentence(file_name, finding));
  }
  return checked;
}

std::string sentence(const std::string& file_name, const Finding& finding) {
  const std::string where = place(file_name, finding.line);
  if (finding.verdict == Verdict::kRefused) return fmt::format("{}: {}", where, finding.words);
  const std::string key_and_value = fmt::format("{}={}", finding.key, finding.value);
  if (finding.words.empty()) {
    return fmt::format("{}: {} is {}", where, key_and_value, name_of(finding.verdict));
  }
  return fmt::format("{}: {} is {}: {}", where, key_and_value, name_of(finding.verdict),
                     finding.words);
}

}  // namespace odradek::config
