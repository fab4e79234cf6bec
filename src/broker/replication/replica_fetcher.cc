// SPDX-License-Identifier: Apache-2.0
#include "broker/replication/replica_fetcher.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "base/log.h"
#include "broker/replication/fetched_batches.h"
#include "log/directory/log_directory.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using wire::FetchResponse;

constexpr std::string_view kArea = "replica";
constexpr auto kFirstBackoff = milliseconds(10);
// A request that is out so long is parked at the leader.
constexpr auto kParkedAfter = milliseconds(5);
// What a disk may take to make an append safe before the other partitions go on without it.
constexpr auto kLateAfter = milliseconds(100);
// For how long what happens to many partitions is put together into one line.
constexpr auto kTellAfter = milliseconds(200);
constexpr auto kNever = env::MonotonicTime::max();
// More is appended on a worker.
constexpr std::uint64_t kMaxBytesOnLoop = 256 << 10;

}  // namespace

struct ReplicaFetcher::Round {
  std::vector<std::vector<Item>> groups;  // one for each log directory
  std::atomic<std::size_t> open;
};

ReplicaFetcher::ReplicaFetcher(env::World& world, env::Executor& loop, base::BrokerId source,
                               const FetcherOptions& options, replica::ReplicationQuota& quota)
    : world_(world),
      loop_(loop),
      source_(source),
      quota_(quota),
      options_(options),
      plan_(options.fetch) {}

ReplicaFetcher::~ReplicaFetcher() = default;

void ReplicaFetcher::set_source(std::optional<env::Address> address) {
  loop_.post([self = shared_from_this(), address = std::move(address)]() mutable {
    if (self->address_ == address) return;
    self->address_ = std::move(address);
    self->connection_failures_ = 0;
    self->resting_until_ = {};
    self->drop_connection();
    self->run();
  });
}

void ReplicaFetcher::set_options(const FetcherOptions& options) {
  loop_.post([self = shared_from_this(), options] {
    self->options_ = options;
    self->plan_.set_options(options.fetch);
  });
}

void ReplicaFetcher::follow(const Key& key, std::shared_ptr<replica::Partition> partition,
                            base::LeaderEpoch epoch) {
  loop_.post(
      [self = shared_from_this(), key, followed = Followed{std::move(partition), epoch}]() mutable {
        self->start_following(key, std::move(followed));
      });
}

void ReplicaFetcher::start_following(const Key& key, Followed followed) {
  if (stopped_) return;
  troubles_.erase(key);
  unsafe_.erase(key);
  late_.erase(key);
  overtaken_.insert(key);
  const auto [known, is_new] = followed_.insert_or_assign(key, std::move(followed));
  if (!is_new) plan_.forget(key);
  // Who was made leader is alive: what failed before says nothing any more.
  connection_failures_ = 0;
  resting_until_ = {};
  go_on_when_safe(key, known->second);
  hurry();
  run();
}

void ReplicaFetcher::forget(const Key& key) {
  loop_.post([self = shared_from_this(), key] {
    self->followed_.erase(key);
    self->plan_.forget(key);
    self->troubles_.erase(key);
    self->late_.erase(key);
    self->overtaken_.insert(key);
    if (self->unsafe_.erase(key) > 0) self->end_round();
  });
}

void ReplicaFetcher::stop(env::Task stopped) {
  loop_.post([self = shared_from_this(), stopped = std::move(stopped)]() mutable {
    self->stopped_ = true;
    for (auto* timer :
         {&self->run_timer_, &self->hurry_timer_, &self->late_timer_, &self->news_timer_}) {
      self->loop_.cancel(std::exchange(*timer, 0));
    }
    self->drop_connection();
    self->followed_.clear();
    stopped();
  });
}

net::PeerClient& ReplicaFetcher::client() {
  if (!client_) {
    net::PeerClientOptions options{.client_id = "odradek-replica-fetcher",
                                   .connect_timeout = options_.connect_timeout,
                                   .longest_greeting = options_.longest_greeting};
    // Settings bound what is asked for, and the first batch comes whole all the same.
    options.max_response_bytes = std::numeric_limits<std::int32_t>::max();
    options.socket.receive_buffer_bytes = options_.receive_buffer_bytes;
    client_ =
        std::make_unique<net::PeerClient>(world_.network(), loop_, *address_, std::move(options));
  }
  return *client_;
}

// What is in flight fails inside, and is not for anybody any more.
void ReplicaFetcher::drop_connection() {
  ++generation_;
  client_.reset();
  plan_.failed();
  if (std::exchange(is_waiting_for_answer_, false)) busy_ = false;
}

void ReplicaFetcher::run_at(env::MonotonicTime when) {
  loop_.cancel(run_timer_);
  const auto delay = std::max<env::Duration>(when - now(), env::Duration::zero());
  run_timer_ = loop_.run_after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->run_timer_ = 0;
      self->run();
    }
  });
}

void ReplicaFetcher::run() {
  if (stopped_ || busy_ || !unsafe_.empty() || !address_ || plan_.is_empty()) return;
  const env::MonotonicTime at = now();
  if (at < resting_until_) return run_at(resting_until_);
  hold_back(at);
  if (plan_.has_turn(at)) return send(at);
  if (const auto back = plan_.next_return(); back && *back != kNever) run_at(*back);
}

void ReplicaFetcher::send(env::MonotonicTime at) {
  busy_ = true;
  is_waiting_for_answer_ = true;
  sent_at_ = at;
  overtaken_.clear();
  wire::FetchRequest request = plan_.next(at);
  // Who comes back soon is not to wait until the leader has something for the others.
  auto longest = env::Duration(milliseconds(options_.fetch.max_wait_ms));
  if (const auto back = plan_.next_return(); back && *back != kNever) {
    longest = std::min(longest, *back - at);
  }
  if (!late_.empty()) longest = std::min<env::Duration>(longest, kLateAfter);
  request.max_wait_ms = static_cast<std::int32_t>(
      std::max<std::int64_t>(std::chrono::ceil<milliseconds>(longest).count(), 0));
  client().call<FetchResponse>(
      std::move(request), options_.socket_timeout,
      [weak = weak_from_this(), mine = generation_](base::Result<FetchResponse> response) {
        const auto self = weak.lock();
        if (self && self->generation_ == mine) self->answered(std::move(response));
      });
}

void ReplicaFetcher::hurry() {
  if (!is_waiting_for_answer_ || hurry_timer_ != 0) return;
  hurry_timer_ = loop_.run_after(kParkedAfter, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->hurry_timer_ = 0;
    if (!self->is_waiting_for_answer_ || self->connection_failures_ > 0) return;
    if (self->now() - self->sent_at_ < kParkedAfter) return;
    self->drop_connection();
    self->run();
  });
}

void ReplicaFetcher::answered(base::Result<FetchResponse> response) {
  is_waiting_for_answer_ = false;
  if (!response) {
    busy_ = false;
    plan_.failed();
    connection_failed(response.error());
    return;
  }
  if (!plan_.take(*response)) {
    busy_ = false;
    const bool is_over = response->error_code == ErrorCode::kFetchSessionIdNotFound ||
                         response->error_code == ErrorCode::kInvalidFetchSessionEpoch ||
                         response->error_code == ErrorCode::kFetchSessionTopicIdError;
    if (is_over && connection_failures_ == 0) {
      ++connection_failures_;  // a session that ends again at once is an error like another
      return run();
    }
    return connection_failed({response->error_code, "the leader refused the fetch", 0});
  }
  if (connection_failures_ > 1) {
    base::log::info(kArea, "broker {} at {} answers fetches again", source_.value(),
                    address_->to_string());
  }
  connection_failures_ = 0;
  work_on(items_of(*std::move(response)));
}

env::Duration ReplicaFetcher::delay_after(int failures) const {
  const env::Duration delay = kFirstBackoff * (1 << std::min(failures - 1, 12));
  return std::min(delay, options_.longest_backoff);
}

void ReplicaFetcher::connection_failed(const base::Error& error) {
  if (stopped_) return;
  ++connection_failures_;
  if (connection_failures_ == 2) {
    base::log::warn(kArea, "{} partitions can't be fetched from broker {} at {}, tried again: {}",
                    followed_.size(), source_.value(), address_->to_string(), error.message);
  }
  resting_until_ = now() + delay_after(connection_failures_);
  run();
}

std::vector<ReplicaFetcher::Item> ReplicaFetcher::items_of(FetchResponse response) {
  std::vector<Item> items;
  for (auto& topic : response.responses) {
    for (auto& data : topic.partitions) {
      const Key key{topic.topic_id, data.partition_index};
      const auto found = followed_.find(key);
      if (found == followed_.end() || overtaken_.contains(key)) continue;
      items.push_back({key, found->second, std::move(data), {}});
    }
  }
  return items;
}

// Small appends are done here, as those of clients are; the rest where it may take its time, each
// log directory's by itself.
void ReplicaFetcher::work_on(std::vector<Item> items) {
  std::map<log::directory::LogDirectory*, std::vector<Item>> by_directory;
  std::uint64_t bytes = 0;
  bool waits = false;
  for (Item& item : items) {
    item.bytes = item.data.records ? item.data.records->size() : 0;
    bytes += item.bytes;
    waits |= must_wait_for_disk(*item.followed.partition, item.data);
    by_directory[&item.followed.partition->log().directory()].push_back(std::move(item));
  }
  const auto round = std::make_shared<Round>();
  for (auto& [directory, group] : by_directory) round->groups.push_back(std::move(group));
  const auto take = [](std::vector<Item>& group) {
    for (Item& item : group) {
      item.outcome = take_fetched(*item.followed.partition, item.followed.epoch, item.data);
      item.data = {};
    }
  };
  if (!waits && bytes <= kMaxBytesOnLoop) {
    for (auto& group : round->groups) take(group);
    return finish(*round);
  }
  round->open = round->groups.size();
  for (auto& group : round->groups) {
    log::directory::LogDirectory& directory = group.front().followed.partition->log().directory();
    directory.work_queue().submit([self = shared_from_this(), round, &group, take] {
      take(group);
      if (--round->open > 0) return;
      self->loop_.post([self, round] { self->finish(*round); });
    });
  }
}

void ReplicaFetcher::finish(Round& round) {
  if (stopped_) return;
  for (const auto& group : round.groups) {
    for (const Item& item : group) take_outcome(item);
  }
  busy_ = false;
  end_round();
}

bool ReplicaFetcher::still_follows(const Key& key, const Followed& followed) const {
  const auto found = followed_.find(key);
  return found != followed_.end() && found->second.epoch == followed.epoch &&
         found->second.partition == followed.partition;
}

void ReplicaFetcher::take_outcome(const Item& item) {
  if (item.bytes > 0 && item.followed.partition->throttled().as_follower) {
    quota_.record(item.bytes, now());
  }
  if (overtaken_.contains(item.key) || !still_follows(item.key, item.followed)) return;
  if (item.outcome) {
    const auto trouble = troubles_.find(item.key);
    if (trouble != troubles_.end()) {
      if (trouble->second.count > 5) {
        tell(ErrorCode::kNone, item.followed, "copied again");
      }
      troubles_.erase(trouble);
    }
    return go_on_when_safe(item.key, item.followed);
  }
  if (item.outcome.error().code == ErrorCode::kOffsetOutOfRange) {
    return find_range(item.key, item.followed);
  }
  retry_later(item.key, item.followed, item.outcome.error());
}

// A leader that has not heard of its role yet answers with errors, too: those are worth a line
// only where they stay.
void ReplicaFetcher::retry_later(const Key& key, const Followed& followed,
                                 const base::Error& error) {
  Trouble& trouble = troubles_[key];
  if (trouble.code != error.code) trouble = {error.code, 0};
  ++trouble.count;
  const bool passes =
      error.code == ErrorCode::kNotLeaderOrFollower ||
      error.code == ErrorCode::kUnknownLeaderEpoch || error.code == ErrorCode::kFencedLeaderEpoch ||
      error.code == ErrorCode::kUnknownTopicId || error.code == ErrorCode::kUnknownTopicOrPartition;
  if (trouble.count == (passes ? 6 : 1)) {
    tell(error.code, followed,
         fmt::format("can't be copied in epoch {}, tried again: {}", followed.epoch.value(),
                     error.message));
  }
  plan_.follow(key, position_of(followed));
  plan_.back_off(key, now() + delay_after(trouble.count));
}

// One line for all that the same happens to at about the same time: the first stands for them.
void ReplicaFetcher::tell(ErrorCode code, const Followed& followed, std::string what) {
  const auto [news, is_first] = news_.try_emplace(code);
  if (!is_first) {
    ++news->second.others;
    return;
  }
  news->second = {followed.partition->name().to_string(), std::move(what), 0};
  if (news_timer_ != 0) return;
  news_timer_ = loop_.run_after(kTellAfter, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tell_news();
  });
}

void ReplicaFetcher::tell_news() {
  news_timer_ = 0;
  for (const auto& [code, news] : std::exchange(news_, {})) {
    const std::string text =
        fmt::format("{}{}, of broker {}: {}", news.first,
                    news.others == 0 ? "" : fmt::format(" and {} other partitions", news.others),
                    source_.value(), news.what);
    if (code == ErrorCode::kNone) {
      base::log::info(kArea, "{}", text);
    } else {
      base::log::warn(kArea, "{}", text);
    }
  }
}

void ReplicaFetcher::go_on_when_safe(const Key& key, const Followed& followed) {
  const auto position = followed.partition->position();
  if (position.end >= followed.partition->log().log_end_offset()) return ask_on(key, followed);
  unsafe_.insert(key);
  followed.partition->when_safe(
      [weak = weak_from_this(), key, epoch = followed.epoch](const base::Result<>& /*done*/) {
        const auto self = weak.lock();
        if (!self) return;
        self->loop_.post([self, key, epoch] { self->became_safe(key, epoch); });
      });
  if (late_timer_ != 0) return;
  late_timer_ = loop_.run_after(kLateAfter, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->late_timer_ = 0;
      self->leave_out_the_late();
    }
  });
}

void ReplicaFetcher::became_safe(const Key& key, base::LeaderEpoch epoch) {
  const auto found = followed_.find(key);
  // In an earlier role: this one waits for itself.
  if (found == followed_.end() || found->second.epoch != epoch) return;
  const bool was_waited_for = unsafe_.erase(key) > 0;
  const bool was_late = late_.erase(key) > 0;
  if (was_waited_for || was_late) ask_on(key, found->second);
  end_round();
}

// Left out, it is asked for no more until it is safe; the leader would send the same again.
void ReplicaFetcher::leave_out_the_late() {
  for (const Key& key : std::exchange(unsafe_, {})) {
    plan_.follow(key, position_of(followed_.at(key)));
    plan_.back_off(key, kNever);
    late_.insert(key);
  }
  end_round();
}

void ReplicaFetcher::ask_on(const Key& key, const Followed& followed) {
  const auto position = position_of(followed);
  // Another role is on its way here.
  if (position.leader_epoch != followed.epoch) return plan_.forget(key);
  plan_.follow(key, position);
}

void ReplicaFetcher::end_round() {
  if (busy_ || !unsafe_.empty() || stopped_) return;
  loop_.cancel(std::exchange(late_timer_, 0));
  run();
}

}  // namespace odradek::broker
