// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace odradek::broker::api {

// Gathers `count` answers that come in any order and from any thread, then calls `done(answers)`
// once, in the order of the questions. Questions are asked by whoever holds it: answer(i, value)
// once for each i, then nothing.
template <typename Value, typename Done>
class Gather {
 public:
  Gather(std::size_t count, Done done) : values_(count), open_(count), done_(std::move(done)) {}

  void answer(std::size_t index, Value value) {
    values_[index] = std::move(value);
    if (--open_ == 0) done_(std::move(values_));
  }

 private:
  std::vector<Value> values_;
  std::atomic<std::size_t> open_;
  Done done_;
};

template <typename Value, typename Done>
auto make_gather(std::size_t count, Done done) {
  return std::make_shared<Gather<Value, Done>>(count, std::move(done));
}

}  // namespace odradek::broker::api
