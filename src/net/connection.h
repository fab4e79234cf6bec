// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "env/network.h"
#include "net/connection_loop.h"
#include "net/frame_reader.h"
#include "net/outcome.h"
#include "net/request_handler.h"

namespace odradek::net {

struct ServerShared;

// One client: cuts its bytes into requests, hands them to the session, and sends the answers in
// the order of the requests.
//
// Works in turns. A turn reads once and handles a limited number of frames; what is left waits in
// `stash_` for the next turn, which comes after the loop's other work. A connection above one of
// its bounds takes no turn until answers have left. Threads: its loop, but where said.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerShared> shared, ConnectionLoop& loop,
             std::unique_ptr<env::Stream> stream, std::shared_ptr<const ConnectionInfo> info);
  ~Connection();

  void start();
  // Takes no more requests, and closes once those in flight are answered.
  void drain();
  // Why a connection ends, for the log: what peers do every day is said at debug level only.
  enum class Ending : std::uint8_t { kEveryday, kWorthALine };

  // Closes now. Not from within the session.
  void close(const std::string& reason, Ending ending = Ending::kEveryday);

  // The outcome of the request. Threads: any.
  void complete(std::uint64_t sequence, Outcome outcome);
  // The two halves of it, for many at once.
  void take_outcome(std::uint64_t sequence, Outcome outcome);
  void settle();

  // Goes on after a wait for the budget.
  void resume();

  const ConnectionInfo& info() const { return *info_; }
  bool closed() const { return closed_.load(std::memory_order_relaxed); }  // any thread
  env::MonotonicTime last_activity() const { return last_activity_; }
  void set_last_activity(env::MonotonicTime time) { last_activity_ = time; }
  // Waits for the peer, not for us.
  bool idle() const { return slots_.empty() || writing_ || input_ended_; }
  // In the midst of a frame, with nothing but the peer to wait for.
  bool waits_for_rest_of_frame() const { return reader_.partial() && !blocked_; }

 private:
  // A request in flight.
  struct Slot {
    Outcome outcome;
    std::size_t frame_bytes;
  };

  void wait_readable();
  void take_turn();
  void read_and_handle();
  void end_input(const base::Error& error);
  void handle_frames(base::ByteView input);
  void keep_for_next_turn(base::ByteView rest);
  void after_turn();
  bool below_own_bounds() const;
  bool budget_allows();
  void schedule_turn();

  void flush();
  base::OutputChain collect_ready();
  void send(base::OutputChain chain);
  void continue_output();
  void close_if_finished();
  void close_soon(std::string reason, Ending ending);
  void say_closed(const std::string& reason, Ending ending) const;
  void update_charge();

  const std::shared_ptr<ServerShared> shared_;
  ConnectionLoop& loop_;
  const std::shared_ptr<const ConnectionInfo> info_;
  std::unique_ptr<env::Stream> stream_;
  std::unique_ptr<Session> session_;
  ConnectionLoop::Connections::iterator place_;
  env::MonotonicTime last_activity_;
  std::atomic<bool> closed_ = false;

  FrameReader reader_;
  base::SharedBytes stash_;  // bytes that were read and wait for their turn
  std::vector<Slot> slots_;  // requests in flight, in order
  std::uint64_t first_sequence_ = 0;
  std::size_t in_flight_bytes_ = 0;
  std::size_t charged_bytes_ = 0;  // in the budget
  base::OutputChain output_;       // answers that the socket has not taken
  std::string close_reason_;

  bool handling_ = false;  // inside Session::handle
  bool waiting_ = false;   // for readability
  bool turn_scheduled_ = false;
  bool blocked_ = false;      // above a bound: not reading
  bool writing_ = false;      // the stream has a write pending
  bool input_ended_ = false;  // no more requests are taken
  bool closing_ = false;      // after what is in the output
  bool close_scheduled_ = false;
};

}  // namespace odradek::net
