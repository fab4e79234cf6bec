// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string_view>

#include "base/bytes.h"

namespace odradek::env::sim {

// A running hash of everything that happened in a simulation: two runs are equal when their digests
// are. Where a sink is set, each event is also a line of text, so that the first difference between
// two runs can be found.
class Trace {
 public:
  using Sink = std::function<void(std::string_view)>;

  void set_sink(Sink sink) { sink_ = std::move(sink); }
  // `what` names the kind of event, `who` the host, file or connection it happened to.
  void add(std::string_view what, std::string_view who, std::initializer_list<std::uint64_t> values,
           base::ByteView content = {});
  std::uint64_t digest() const { return digest_; }
  std::uint64_t events() const { return events_; }

 private:
  void mix(std::uint64_t value);
  void mix(base::ByteView bytes);

  std::uint64_t digest_ = 0xcbf29ce484222325ULL;
  std::uint64_t events_ = 0;
  Sink sink_;
};

}  // namespace odradek::env::sim
