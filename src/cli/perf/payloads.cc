// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/payloads.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace odradek::cli {

Payloads Payloads::of_size(std::size_t bytes) {
  Payloads payloads;
  payloads.payload_.assign(bytes, 'A');
  return payloads;
}

Payloads Payloads::counting() {
  Payloads payloads;
  payloads.counts_ = true;
  return payloads;
}

Payloads Payloads::out_of(std::vector<std::string> texts) {
  Payloads payloads;
  payloads.texts_ = std::move(texts);
  return payloads;
}

// xorshift64.
std::uint64_t Payloads::random() {
  state_ ^= state_ << 13U;
  state_ ^= state_ >> 7U;
  state_ ^= state_ << 17U;
  return state_;
}

std::string_view Payloads::next(std::int64_t number) {
  if (!texts_.empty()) return texts_[random() % texts_.size()];
  if (counts_) {
    payload_.resize(20);
    const auto end = std::to_chars(payload_.data(), payload_.data() + payload_.size(), number).ptr;
    return {payload_.data(), end};
  }
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < payload_.size(); ++i) {
    if (i % 8 == 0) bits = random();
    payload_[i] = static_cast<char>('A' + ((bits & 0xffU) * 26 >> 8U));
    bits >>= 8U;
  }
  return payload_;
}

base::Result<std::vector<std::string>> read_payloads(env::Disk& disk, const std::string& path,
                                                     std::string_view delimiter) {
  const auto text = disk.read_file(path);
  if (!text || text->empty()) {
    return base::fail(base::ErrorCode::kInvalidRequest,
                      "File does not exist or empty file provided.");
  }
  std::vector<std::string> payloads;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(delimiter), rest.size());
    payloads.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + std::max<std::size_t>(delimiter.size(), 1), rest.size()));
  }
  return payloads;
}

}  // namespace odradek::cli
