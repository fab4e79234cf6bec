// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "env/sim/sim_network.h"

namespace odradek::env::sim {

struct Packet {
  enum class Kind : std::uint8_t { kData, kEnd, kReset };
  Kind kind = Kind::kData;
  base::SharedBytes bytes;
};

base::Error network_error(const Address& peer, int os_error);

// One end of a connection. It outlives its stream while packets are on their way.
struct Endpoint : std::enable_shared_from_this<Endpoint> {
  using Handler = std::move_only_function<void(base::Result<>)>;

  Endpoint(SimNetwork& network_in, std::shared_ptr<Life> life_in, std::uint64_t connection_in)
      : network(network_in), life(std::move(life_in)), connection(connection_in) {}

  // The calls of the stream.
  void wait_readable(Handler on_readable);
  base::Result<std::size_t> try_read(base::MutableByteView buffer);
  void write(base::OutputChain chain, Handler on_written);
  void close();
  // The process has ended: what is pending fails, and nobody on the other side is told.
  void cut_off();
  // The process is gone: what it left here goes, too.
  void abandon();

  // What happens on the wire.
  void deliver(Packet packet);
  void release_held();
  void break_off(int os_error);
  SimNetwork::Link link_out() const;

  SimNetwork& network;
  std::shared_ptr<Life> life;
  std::uint64_t connection;
  Executor* loop = nullptr;  // once accepted or connected
  Address local;
  Address peer_address;
  std::weak_ptr<Endpoint> peer;
  bool is_closed = false;

 private:
  void send(Packet packet);
  void travel(Packet packet);
  void pump();
  void schedule_pump();
  base::Result<base::SharedBytes> next_bytes(std::uint64_t limit);
  void wake_reader();
  void finish_write(base::Result<> result);
  void fail_read(base::Error error);
  void on_consumed(std::uint64_t bytes);

  // Arrived and not read.
  std::deque<std::uint8_t> received_;
  bool has_ended_ = false;
  int broken_ = 0;  // errno
  Handler on_readable_;
  // Handed over and not sent.
  std::deque<base::OutputPiece> outgoing_;
  Handler on_written_;
  bool is_pumping_ = false;
  // Sent and not yet read by the peer.
  std::uint64_t unread_by_peer_ = 0;
  MonotonicTime last_arrival_{};
  // Arrived at a blocked link, in order.
  std::deque<Packet> held_;
};

class SimStream final : public Stream {
 public:
  explicit SimStream(std::shared_ptr<Endpoint> end) : end_(std::move(end)) {}
  ~SimStream() override { end_->close(); }

  void wait_readable(std::move_only_function<void(base::Result<>)> handler) override {
    end_->wait_readable(std::move(handler));
  }
  base::Result<std::size_t> try_read(base::MutableByteView buffer) override {
    return end_->try_read(buffer);
  }
  void write(base::OutputChain chain,
             std::move_only_function<void(base::Result<>)> handler) override {
    end_->write(std::move(chain), std::move(handler));
  }
  void close() override { end_->close(); }
  Executor& executor() override { return *end_->loop; }
  Address peer_address() const override { return end_->peer_address; }
  Address local_address() const override { return end_->local; }

 private:
  std::shared_ptr<Endpoint> end_;
};

}  // namespace odradek::env::sim
