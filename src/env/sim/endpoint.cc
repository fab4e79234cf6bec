// SPDX-License-Identifier: Apache-2.0
#include "env/sim/endpoint.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "env/disk.h"

namespace odradek::env::sim {

base::Error network_error(const Address& peer, int os_error) {
  const char* why = os_error == 0 ? "the connection is closed" : strerrordesc_np(os_error);
  return {base::ErrorCode::kNetworkException, fmt::format("{}: {}", peer.to_string(), why),
          os_error};
}

SimNetwork::Link Endpoint::link_out() const {
  const auto other = peer.lock();
  return {life->host, other ? other->life->host : std::string()};
}

void Endpoint::wait_readable(Handler on_readable) {
  ODRADEK_ASSERT(!on_readable_);
  on_readable_ = std::move(on_readable);
  if (is_closed || life->is_over) return fail_read(network_error(peer_address, 0));
  wake_reader();
}

void Endpoint::fail_read(base::Error error) {
  if (!on_readable_) return;
  loop->post([handler = std::exchange(on_readable_, nullptr), why = std::move(error)]() mutable {
    handler(std::unexpected(std::move(why)));
  });
}

void Endpoint::wake_reader() {
  if (!on_readable_ || life->is_over) return;
  if (received_.empty() && !has_ended_ && broken_ == 0) return;
  loop->post([handler = std::exchange(on_readable_, nullptr)]() mutable { handler({}); });
}

base::Result<std::size_t> Endpoint::try_read(base::MutableByteView buffer) {
  if (is_closed || life->is_over) return std::unexpected(network_error(peer_address, 0));
  if (received_.empty()) {
    if (broken_ != 0) return std::unexpected(network_error(peer_address, broken_));
    if (has_ended_) return std::unexpected(network_error(peer_address, 0));
    return 0;
  }
  std::size_t count = std::min(buffer.size(), received_.size());
  if (count > 1 && life->random.below(network.options().partial_read_once_in) == 0) {
    count = life->random.between(1, count);
  }
  std::copy_n(received_.begin(), count, buffer.begin());
  received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(count));
  if (const auto other = peer.lock()) other->on_consumed(count);
  return count;
}

void Endpoint::on_consumed(std::uint64_t bytes) {
  ODRADEK_ASSERT(bytes <= unread_by_peer_);
  unread_by_peer_ -= bytes;
  schedule_pump();
}

void Endpoint::write(base::OutputChain chain, Handler on_written) {
  ODRADEK_ASSERT(!on_written_);
  on_written_ = std::move(on_written);
  if (is_closed || life->is_over || broken_ != 0) {
    return finish_write(std::unexpected(network_error(peer_address, broken_)));
  }
  for (auto& piece : chain.take_pieces()) outgoing_.push_back(std::move(piece));
  schedule_pump();
}

void Endpoint::finish_write(base::Result<> result) {
  outgoing_.clear();
  if (!on_written_) return;
  loop->post([handler = std::exchange(on_written_, nullptr), result = std::move(result)]() mutable {
    handler(std::move(result));
  });
}

void Endpoint::schedule_pump() {
  if (is_pumping_ || is_closed || life->is_over || !on_written_) return;
  is_pumping_ = true;
  life->scheduler.after(life->random.between(Duration(100), Duration(5000)),
                        [self = shared_from_this()] {
                          self->is_pumping_ = false;
                          self->pump();
                        });
}

void Endpoint::pump() {
  if (is_closed || life->is_over) return;
  const NetworkOptions& options = network.options();
  while (!outgoing_.empty() && unread_by_peer_ < options.window_bytes) {
    const std::uint64_t limit = std::min(life->random.between(1, options.largest_packet_bytes),
                                         options.window_bytes - unread_by_peer_);
    auto bytes = next_bytes(limit);
    if (!bytes) return break_off(EIO);
    unread_by_peer_ += bytes->size();
    send({Packet::Kind::kData, std::move(*bytes)});
  }
  if (outgoing_.empty()) finish_write({});
}

// Takes up to `limit` bytes off the front of what is outgoing; a file is read only now.
base::Result<base::SharedBytes> Endpoint::next_bytes(std::uint64_t limit) {
  if (auto* block = std::get_if<base::SharedBytes>(&outgoing_.front())) {
    const std::size_t count = std::min<std::uint64_t>(limit, block->size());
    base::SharedBytes bytes = base::SharedBytes::copy(block->view().first(count));
    *block = block->slice(count, block->size() - count);
    if (block->empty()) outgoing_.pop_front();
    return bytes;
  }
  auto& range = std::get<base::FileRange>(outgoing_.front());
  base::SharedBytes bytes = base::SharedBytes::allocate(std::min(limit, range.length));
  ++life->running_loops;  // sendfile runs on the loop, and waits there for what is not in the cache
  const auto read = static_cast<File&>(*range.file).read_at(range.position, bytes.mutable_view());
  --life->running_loops;
  if (!read) return std::unexpected(read.error());
  if (*read != bytes.size()) return std::unexpected(network_error(peer_address, EIO));
  range.position += bytes.size();
  range.length -= bytes.size();
  if (range.length == 0) outgoing_.pop_front();
  return bytes;
}

void Endpoint::send(Packet packet) {
  const auto other = peer.lock();
  if (!other || life->is_over) return;
  other->travel(std::move(packet));
}

// Called on the receiving end: the packet is on its way here and overtakes none before it.
void Endpoint::travel(Packet packet) {
  const auto sender = peer.lock();
  Scheduler& scheduler = life->scheduler;
  const SimNetwork::Link link{sender ? sender->life->host : std::string(), life->host};
  last_arrival_ = std::max(last_arrival_, scheduler.now() + network.delay(link));
  scheduler.after(last_arrival_ - scheduler.now(),
                  [self = shared_from_this(), link, arriving = std::move(packet)]() mutable {
                    if (self->network.is_blocked(link) || !self->held_.empty()) {
                      self->held_.push_back(std::move(arriving));
                    } else {
                      self->deliver(std::move(arriving));
                    }
                  });
}

void Endpoint::release_held() {
  auto packets = std::exchange(held_, {});
  for (Packet& packet : packets) travel(std::move(packet));
}

void Endpoint::deliver(Packet packet) {
  life->scheduler.trace().add("packet", life->host,
                              {connection, local.port, static_cast<std::uint64_t>(packet.kind)},
                              packet.bytes);
  const auto other = peer.lock();
  if (life->is_over || is_closed) {
    const bool somebody_answers = network.host(life->host).is_up;
    if (somebody_answers && other && packet.kind == Packet::Kind::kData) {
      other->travel({Packet::Kind::kReset, {}});
    }
    return;
  }
  if (packet.kind == Packet::Kind::kReset) return break_off(ECONNRESET);
  if (packet.kind == Packet::Kind::kEnd) has_ended_ = true;
  received_.insert(received_.end(), packet.bytes.view().begin(), packet.bytes.view().end());
  wake_reader();
}

void Endpoint::break_off(int os_error) {
  if (broken_ != 0 || is_closed || life->is_over) return;
  if (os_error != ECONNRESET) send({Packet::Kind::kReset, {}});
  broken_ = os_error;
  finish_write(std::unexpected(network_error(peer_address, os_error)));
  wake_reader();
}

// Bytes that were received and not read make the close a reset, as TCP has it.
void Endpoint::close() {
  if (is_closed) return;
  is_closed = true;
  if (loop == nullptr) return send({Packet::Kind::kReset, {}});
  if (broken_ == 0) {
    const bool is_clean = received_.empty() && outgoing_.empty();
    send({is_clean ? Packet::Kind::kEnd : Packet::Kind::kReset, {}});
  }
  finish_write(std::unexpected(network_error(peer_address, 0)));
  fail_read(network_error(peer_address, 0));
}

void Endpoint::cut_off() {
  if (is_closed || loop == nullptr) return;
  finish_write(std::unexpected(network_error(peer_address, 0)));
  fail_read(network_error(peer_address, 0));
}

// A handler may own the stream that it waits for.
void Endpoint::abandon() {
  const auto on_readable = std::exchange(on_readable_, nullptr);
  const auto on_written = std::exchange(on_written_, nullptr);
  outgoing_.clear();
}

}  // namespace odradek::env::sim
