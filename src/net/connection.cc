// SPDX-License-Identifier: Apache-2.0
#include "net/connection.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "net/server_shared.h"

namespace odradek::net {
namespace {

// One turn handles at most so many frames and reads at most so much into a frame of its own.
constexpr int kFramesPerTurn = 64;
constexpr std::size_t kDirectBytesPerTurn = std::size_t{1} << 20;
// One write call carries at most so much, so that progress shows.
constexpr std::uint64_t kOutputStepBytes = std::uint64_t{1} << 20;
constexpr std::size_t kKeptSlots = 8;

}  // namespace

Connection::Connection(std::shared_ptr<ServerShared> shared, ConnectionLoop& loop,
                       std::unique_ptr<env::Stream> stream,
                       std::shared_ptr<const ConnectionInfo> info)
    : shared_(std::move(shared)),
      loop_(loop),
      info_(std::move(info)),
      stream_(std::move(stream)),
      reader_(static_cast<std::size_t>(shared_->options.request_max_bytes),
              "socket.request.max.bytes") {}

Connection::~Connection() = default;

void Connection::start() {
  place_ = loop_.add(shared_from_this());
  session_ = shared_->handler.open(info_);
  ODRADEK_ASSERT(session_ != nullptr);
  wait_readable();
}

void Connection::wait_readable() {
  if (waiting_) return;
  waiting_ = true;
  stream_->wait_readable([self = shared_from_this()](base::Result<> readable) {
    self->waiting_ = false;
    if (self->closed()) return;
    if (readable) {
      self->take_turn();
    } else {
      self->close(readable.error().message);
    }
  });
}

void Connection::schedule_turn() {
  if (std::exchange(turn_scheduled_, true)) return;
  loop_.executor().post([self = shared_from_this()] {
    self->turn_scheduled_ = false;
    if (!self->closed()) self->take_turn();
  });
}

void Connection::take_turn() {
  if (input_ended_ || close_scheduled_) return;
  blocked_ = !below_own_bounds() || !budget_allows();
  if (blocked_) return;
  if (stash_.empty()) {
    read_and_handle();
  } else {
    const base::SharedBytes stash = std::exchange(stash_, {});
    handle_frames(stash);
  }
  after_turn();
}

void Connection::read_and_handle() {
  base::MutableByteView room = reader_.direct_room();
  const bool direct = !room.empty();
  room = direct ? room.first(std::min(room.size(), kDirectBytesPerTurn)) : loop_.scratch();
  const auto got = stream_->try_read(room);
  if (!got) {
    end_input(got.error());
    return;
  }
  if (*got == 0) return;
  loop_.touch(place_);
  if (direct) {
    reader_.advance(*got);
    handle_frames({});
  } else {
    handle_frames(room.first(*got));
  }
}

// The peer sends no more. It may still read: what is in flight is answered first.
void Connection::end_input(const base::Error& error) {
  if (error.os_error != 0 || !session_->answers_what_is_left()) {
    close_soon(error.message, Ending::kEveryday);
    return;
  }
  input_ended_ = true;
  close_if_finished();
}

void Connection::handle_frames(base::ByteView input) {
  handling_ = true;
  for (int frames = 0; !input_ended_; ++frames) {
    if (frames > 0 && (frames == kFramesPerTurn || !below_own_bounds())) {
      keep_for_next_turn(input);
      break;
    }
    auto frame = reader_.next(input);
    if (!frame) {
      // What came before it is answered.
      slots_.push_back({{Outcome::Kind::kClose, {}, frame.error().message}, 0});
      input_ended_ = true;
      break;
    }
    if (!*frame) break;
    in_flight_bytes_ += (*frame)->size();
    slots_.push_back({{}, (*frame)->size()});
    session_->handle(**std::move(frame),
                     Reply(shared_from_this(), first_sequence_ + slots_.size() - 1));
  }
  handling_ = false;
}

void Connection::keep_for_next_turn(base::ByteView rest) {
  if (!rest.empty()) stash_ = base::SharedBytes::copy(rest);
}

void Connection::after_turn() {
  if (close_scheduled_) return;
  flush();
  update_charge();
  if (input_ended_ || close_scheduled_) return;
  blocked_ = !below_own_bounds();
  if (blocked_) return;
  if (!stash_.empty()) {
    schedule_turn();
  } else {
    wait_readable();
  }
}

bool Connection::below_own_bounds() const {
  const ServerOptions& options = shared_->options;
  return slots_.size() < options.max_requests_in_flight &&
         in_flight_bytes_ < static_cast<std::size_t>(options.max_in_flight_bytes) &&
         output_.size() < options.max_output_bytes;
}

// Asked only with bytes at hand: who may overdraw the budget and has nothing to read would keep
// everybody waiting. One frame goes beyond the limit, the next one when that is answered.
bool Connection::budget_allows() {
  RequestBudget& budget = shared_->budget;
  const auto allowed = [&] {
    return !budget.exhausted() || (in_flight_bytes_ == 0 && budget.try_overdraw(info_->id));
  };
  if (allowed()) return true;
  loop_.wait_for_budget(shared_from_this());
  for (const auto& loop : shared_->loops) loop->watch_stalled(shared_);
  return allowed();  // again: who made room meanwhile saw nobody wait
}

void Connection::resume() {
  if (!blocked_ || closed() || input_ended_ || !below_own_bounds()) return;
  blocked_ = false;
  if (stash_.empty()) {
    wait_readable();
  } else {
    schedule_turn();
  }
}

void Connection::complete(std::uint64_t sequence, Outcome outcome) {
  if (!loop_.executor().is_current()) {
    loop_.deliver(shared_from_this(), sequence, std::move(outcome));
    return;
  }
  take_outcome(sequence, std::move(outcome));
  settle();
}

void Connection::take_outcome(std::uint64_t sequence, Outcome outcome) {
  if (closed() || closing_) return;
  ODRADEK_ASSERT(sequence >= first_sequence_ && sequence - first_sequence_ < slots_.size());
  Slot& slot = slots_[sequence - first_sequence_];
  ODRADEK_ASSERT(slot.outcome.kind == Outcome::Kind::kPending);
  slot.outcome = std::move(outcome);
}

// Inside a turn this is done once, at its end.
void Connection::settle() {
  if (handling_ || closed()) return;
  flush();
  update_charge();
  if (blocked_) resume();
}

void Connection::flush() {
  if (writing_ || closing_ || close_scheduled_) return;
  base::OutputChain ready = collect_ready();
  if (!ready.empty()) send(std::move(ready));
  close_if_finished();
}

// Takes the answers that may leave now, up to the first request that has none.
base::OutputChain Connection::collect_ready() {
  base::OutputChain chain;
  std::size_t count = 0;
  while (count < slots_.size() && !closing_) {
    Slot& slot = slots_[count];
    if (slot.outcome.kind == Outcome::Kind::kPending) break;
    chain.append(std::move(slot.outcome.response));
    in_flight_bytes_ -= slot.frame_bytes;
    if (slot.outcome.kind != Outcome::Kind::kAnswered) {
      closing_ = true;
      input_ended_ = true;
      close_reason_ = std::move(slot.outcome.reason);
    }
    ++count;
  }
  if (count == slots_.size() && slots_.capacity() > kKeptSlots) {
    std::vector<Slot>().swap(slots_);
  } else {
    slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  first_sequence_ += count;
  return chain;
}

void Connection::send(base::OutputChain chain) {
  if (auto sent = stream_->try_write(chain); !sent) {
    close_soon(sent.error().message, Ending::kEveryday);
    return;
  }
  if (chain.empty()) return;
  output_ = std::move(chain);
  continue_output();
}

void Connection::continue_output() {
  writing_ = true;
  base::OutputChain step = output_.take_prefix(kOutputStepBytes);
  stream_->write(std::move(step), [self = shared_from_this()](base::Result<> written) {
    self->writing_ = false;
    if (self->closed()) return;
    if (!written) {
      self->close(written.error().message);
      return;
    }
    self->loop_.touch(self->place_);
    if (self->output_.empty()) {
      self->close_if_finished();
      self->settle();
    } else {
      self->continue_output();
    }
  });
}

void Connection::close_if_finished() {
  if (writing_ || close_scheduled_) return;
  if (closing_ || (input_ended_ && slots_.empty()))
    close_soon(std::move(close_reason_), Ending::kWorthALine);
}

void Connection::drain() {
  input_ended_ = true;
  close_if_finished();
}

// Closing from within an answer would call the session while its own code runs.
void Connection::close_soon(std::string reason, Ending ending) {
  if (std::exchange(close_scheduled_, true)) return;
  loop_.executor().post(
      [self = shared_from_this(), why = std::move(reason), ending] { self->close(why, ending); });
}

void Connection::close(const std::string& reason, Ending ending) {
  if (closed_.exchange(true)) return;
  if (!reason.empty()) say_closed(reason, ending);
  stream_->close();
  slots_.clear();
  stash_ = {};
  output_ = {};
  in_flight_bytes_ = 0;
  reader_.abandon();
  update_charge();
  session_->closed();
  session_.reset();
  const auto self = shared_from_this();
  loop_.remove(place_);
  shared_->on_closed(*info_);
}

void Connection::say_closed(const std::string& reason, Ending ending) const {
  const auto level =
      ending == Ending::kEveryday ? base::log::Level::kDebug : base::log::Level::kInfo;
  if (!base::log::enabled(level)) return;
  base::log::write(level, "net",
                   fmt::format("connection {} from {} to {}: {}", info_->id,
                               info_->peer.to_string(), info_->listener, reason));
}

void Connection::update_charge() {
  RequestBudget& budget = shared_->budget;
  const std::size_t charge = in_flight_bytes_ + reader_.reserved_bytes() + stash_.size();
  bool room = false;
  if (charge > charged_bytes_) budget.take(charge - charged_bytes_);
  if (charge < charged_bytes_) room = budget.give_back(charged_bytes_ - charge);
  charged_bytes_ = charge;
  if (budget.overdraws(info_->id) && (charge == 0 || !budget.exhausted())) {
    room = budget.end_overdraft(info_->id) || room;
  }
  if (room) shared_->wake_waiters();
}

}  // namespace odradek::net
