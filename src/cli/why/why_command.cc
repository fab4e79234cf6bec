// SPDX-License-Identifier: Apache-2.0
#include "cli/why/why_command.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

#include "cli/admin/connection_flags.h"
#include "cli/help.h"
#include "cli/why/known_events.h"
#include "config/settings.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;
using metadata::EventLine;
using metadata::EventQuery;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kCommandConfigFlag,
    FlagSpec{"topic", kNone, "", "Leaders, in-sync sets and moves of a topic's partitions."},
    FlagSpec{"broker", kNone, "", "What became of a broker, and of partitions with it."},
    FlagSpec{"group", kNone, "", "Which broker coordinates a group."},
    FlagSpec{"name", kRequired, "name", "Of the topic, the group, or the broker's id."},
    FlagSpec{"config", kRequired, "file",
             "Read the files of the server with this server.properties, which need not run; may be "
             "repeated.",
             'c', true},
    FlagSpec{"directory", kRequired, "path",
             "The same of a log directory (metadata.log.dir, or the first of log.dirs).", '\0',
             true},
};

constexpr std::array<std::string_view, 3> kVerbs = {"topic", "broker", "group"};

constexpr std::string_view kExamples =
    "  odradek why topic orders -b broker-1:9092\n"
    "  odradek why broker 2 -b broker-1:9092 --output json\n"
    "  odradek why group billing --config server.properties\n";

constexpr env::Duration kTimeout = std::chrono::seconds(30);

// Without a word for what it is, the name may be any of the three.
base::Result<EventQuery> asked_query(const Flags& flags) {
  const std::string name = flags.value_or("name", "");
  const bool is_any = !flags.has("topic") && !flags.has("broker") && !flags.has("group");
  EventQuery query;
  if (is_any || flags.has("topic")) query.topic = name;
  if (is_any || flags.has("group")) query.group = name;
  if (!is_any && !flags.has("broker")) return query;
  std::int32_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  const bool is_id = error == std::errc() && end == name.data() + name.size();
  if (is_id) query.broker = base::BrokerId(id);
  if (is_id || is_any) return query;
  return base::fail(base::ErrorCode::kInvalidRequest, fmt::format("'{}' is no broker's id", name));
}

base::Result<std::vector<std::string>> asked_directories(env::Disk& disk, const Flags& flags) {
  std::vector<std::string> directories = flags.values("directory");
  for (const std::string& file : flags.values("config")) {
    auto text = disk.read_file(file);
    if (!text) return base::fail(std::move(text));
    const auto settings = config::Settings::parse(file, *text, {});
    if (!settings) return base::fail(settings.error());
    const std::string metadata = settings->value("metadata.log.dir").value_or("");
    directories.push_back(metadata.empty() ? settings->log_directories().front() : metadata);
  }
  return directories;
}

base::Result<KnownEvents> find(const Invocation& invocation, const EventQuery& query) {
  const Flags& flags = invocation.flags;
  if (flags.has("config") || flags.has("directory")) {
    env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
    auto directories = asked_directories(world.disk(), flags);
    if (!directories) return base::fail(std::move(directories));
    return read_directories(world.disk(), *directories, query);
  }
  auto admin = Admin::connect(invocation, kTimeout);
  if (!admin) return base::fail(std::move(admin));
  return ask_brokers(**admin, query);
}

// 2026-11-21T23:31:00.123Z
std::string time_text(std::int64_t time_ms) {
  using std::chrono::milliseconds;
  const std::chrono::sys_time<milliseconds> time{milliseconds(time_ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string subject(const Flags& flags) {
  for (const std::string_view verb : kVerbs) {
    if (flags.has(verb)) return fmt::format("{} {}", verb, flags.value_or("name", ""));
  }
  return flags.value_or("name", "");
}

std::string nothing_known(const Flags& flags, const KnownEvents& known) {
  std::string asked;
  for (const std::string& one : known.asked) asked += (asked.empty() ? "" : ", ") + one;
  return fmt::format("Nothing is known of {}: no decision about it is kept by {}.", subject(flags),
                     asked);
}

void print(const Invocation& invocation, const KnownEvents& known) {
  Output output(invocation.output);
  if (known.lines.empty() && output.form() != OutputForm::kJson) {
    return output.print(Message{.text = nothing_known(invocation.flags, known)});
  }
  Table table{.columns = {{"time"}, {"event"}, {"controller", true}, {"reason", true}}, .rows = {}};
  for (const EventLine& line : known.lines) {
    table.rows.push_back({Cell(time_text(line.time_ms)), Cell(line.text),
                          Cell(line.teller.value(), Tone::kFaint),
                          Cell(line.reason, Tone::kFaint)});
  }
  output.print(table);
}

int run_why(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (!flags.has("name")) {
    return usage_error(invocation, "Name a topic, a broker or a group, as in: why topic orders");
  }
  if (flags.has("bootstrap-server") && (flags.has("config") || flags.has("directory"))) {
    return usage_error(invocation, "Either servers are asked or their files are read, not both.");
  }
  auto query = asked_query(flags);
  if (!query) return usage_error(invocation, query.error().message);
  auto known = find(invocation, *query);
  if (!known) return failure(invocation, known.error().message);
  if (!known->asked.empty()) print(invocation, *known);
  std::fflush(stdout);
  for (const std::string& sentence : known->missing) failure(invocation, sentence);
  return known->asked.empty() ? 1 : 0;
}

}  // namespace

Command why_command() {
  return {.name = "why",
          .script_name = "",
          .summary =
              "Say why a topic's leaders and in-sync sets, a broker or a group's coordinator "
              "changed.",
          .verbs = kVerbs,
          .subject = "name",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_why,
          .section = Section::kForensics,
          .prints_data = true};
}

}  // namespace odradek::cli
