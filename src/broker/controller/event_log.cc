// SPDX-License-Identifier: Apache-2.0
#include "broker/controller/event_log.h"

#include <cerrno>
#include <utility>
#include <variant>

#include "base/log.h"
#include "broker/runtime/wait.h"

namespace odradek::broker {
namespace {

using metadata::BrokerEvent;
using metadata::BrokerStep;
using metadata::Event;
using metadata::PartitionEvent;

template <typename Enumerator>
std::size_t index_of(Enumerator enumerator) {
  return static_cast<std::size_t>(enumerator);
}

}  // namespace

EventLog::EventLog(env::World& world, Options options)
    : world_(world),
      options_(std::move(options)),
      path_(options_.directory + '/' + std::string(metadata::kEventFile)),
      queue_(world.workers().make_queue("events", 1)) {
  load(options_.directory + '/' + std::string(metadata::kOlderEventFile));
  load(path_);
}

EventLog::~EventLog() = default;

void EventLog::flush() {
  auto written = std::make_shared<Wait<bool>>(world_.workers());
  queue_->submit([written] { written->set(true); });
  written->take();
}

// A line that is none, or has no end, was cut by a power cut.
void EventLog::load(const std::string& path) {
  auto text = world_.disk().read_file(path, static_cast<std::uint64_t>(options_.max_bytes) * 2);
  if (!text) {
    if (text.error().os_error != ENOENT) {
      base::log::warn("events", "earlier events are not shown: {}", text.error().message);
    }
    return;
  }
  std::string_view rest = *text;
  while (true) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;
    if (auto line = metadata::parse_event_line(rest.substr(0, end)))
      keep(*std::move(line), end + 1);
    rest.remove_prefix(end + 1);
  }
  if (path == path_) written_bytes_ = text->size() - rest.size();
}

void EventLog::keep(metadata::EventLine line, std::size_t bytes) {
  entries_.push_back({std::move(line), bytes});
  kept_bytes_ += static_cast<std::int64_t>(bytes);
  while (kept_bytes_ > options_.max_bytes && !entries_.empty()) {
    kept_bytes_ -= static_cast<std::int64_t>(entries_.front().bytes);
    entries_.pop_front();
  }
}

void EventLog::count(const Event& event) {
  if (const auto* broker = std::get_if<BrokerEvent>(&event)) {
    if (broker->step == BrokerStep::kFenced) ++counts_.fences[index_of(broker->cause.reason)];
    return;
  }
  const auto& partition = std::get<PartitionEvent>(event);
  ++counts_.elections[index_of(partition.election)];
  ++counts_.reassignment_steps[index_of(partition.reassignment)];
  if (partition.in_sync != partition.in_sync_before) {
    ++counts_.in_sync_changes[index_of(partition.cause.reason)];
  }
}

void EventLog::add(const std::vector<Event>& events) {
  if (events.empty()) return;
  say(events);
  const std::int64_t now_ms = world_.clock().wall().value();
  std::string text;
  const std::lock_guard lock(mutex_);
  for (const Event& event : events) {
    count(event);
    for (auto& line : metadata::lines_of(event, now_ms, options_.self)) {
      if (line.kind == metadata::EventLine::Kind::kGroups) ++counts_.group_moves;
      const std::string one = metadata::to_text(line);
      text += one;
      keep(std::move(line), one.size());
    }
  }
  queue_->submit([this, text = std::move(text)] { write(text); });
}

void EventLog::write(const std::string& text) {
  auto done = append(text);
  if (!done && !std::exchange(is_failing_, true)) {
    base::log::warn("events", "events are kept in memory only: {}", done.error().message);
  }
  if (done) is_failing_ = false;
}

// Each of the two files has half of the bound.
base::Result<> EventLog::append(std::string_view text) {
  const auto half = static_cast<std::uint64_t>(options_.max_bytes) / 2;
  while (!text.empty()) {
    if (written_bytes_ > 0 && written_bytes_ + text.size() > half) {
      if (auto done = begin_anew(); !done) return done;
    }
    std::size_t size = text.size();
    if (size > half) {
      // As many whole lines as there is room for; a line that is longer than that has none.
      const std::size_t end = text.rfind('\n', half - 1);
      size = end == std::string_view::npos ? 0 : end + 1;
      if (size == 0) {
        text.remove_prefix(text.find('\n') + 1);
        continue;
      }
    }
    auto file = world_.disk().open(path_, env::OpenMode::kCreate);
    if (!file) return base::fail(std::move(file));
    const auto done = (*file)->write_at(written_bytes_, base::as_bytes(text.substr(0, size)));
    if (!done) return done;
    // What a cut left behind the last whole line.
    if (auto cut = (*file)->truncate(written_bytes_ + size); !cut) return cut;
    written_bytes_ += size;
    text.remove_prefix(size);
  }
  return {};
}

base::Result<> EventLog::begin_anew() {
  auto done = world_.disk().rename(
      path_, options_.directory + '/' + std::string(metadata::kOlderEventFile));
  if (!done && done.error().os_error != ENOENT) return done;
  written_bytes_ = 0;
  return {};
}

std::string EventLog::find(const metadata::EventQuery& query) const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const Entry& entry : entries_) {
    if (query.matches(entry.line)) text += metadata::to_text(entry.line);
  }
  return text;
}

EventLog::Counts EventLog::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void say(const std::vector<Event>& events) {
  std::size_t partitions = 0;
  for (const Event& event : events) {
    const bool is_of_broker = std::holds_alternative<BrokerEvent>(event);
    if (!is_of_broker) ++partitions;
    const std::string text = metadata::describe(event);
    if (is_of_broker || events.size() == 1) {
      base::log::info("controller", "{}", text);
    } else {
      base::log::debug("controller", "{}", text);
    }
  }
  if (partitions > 1) {
    base::log::info("controller", "{} partitions changed, {}", partitions,
                    metadata::describe(
                        std::visit([](const auto& event) { return event.cause; }, events.back())));
  }
}

}  // namespace odradek::broker
