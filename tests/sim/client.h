// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "env/sim/sim_world.h"
#include "sim/task.h"
#include "wire/codec.h"
#include "wire/frame.h"

namespace odradek::sim_test {

// One connection of a simulated Kafka client, on loop 0 of its host. Requests may be in flight
// together; the broker must answer them in order. Whatever goes wrong closes the connection and
// fails what is in flight with NETWORK_EXCEPTION; the next call connects again. It outlives its
// calls.
class Client {
 public:
  Client(env::sim::SimHost& host, env::Address broker, std::string client_id);
  ~Client();

  // Sends the request as `version` and comes back with its response.
  template <typename Response, typename Request>
  Task<base::Result<Response>> call(Request request, wire::Version version);
  // A version of the API that the newest Kafka has, and at most `limit`.
  template <typename Request>
  wire::Version any_version(wire::Version limit = wire::kNoVersion);

  // A little while, as clients wait before they try again.
  Pause pause(env::Duration duration = std::chrono::milliseconds(50));
  base::Timestamp now();
  const std::string& client_id() const { return client_id_; }
  // How long the request has waited that was sent first and has no answer; 0 where there is none.
  env::Duration oldest_request_age() const;
  env::sim::SeededRandom& random() { return random_; }
  void close();
  // Every call fails for good from here on, so that whoever calls comes to an end.
  void give_up();

 private:
  struct Exchange;
  struct Connecting;

  Task<base::Result<base::SharedBytes>> exchange(base::Result<base::OutputChain> frame,
                                                 std::int32_t correlation_id);
  void opened(std::unique_ptr<env::Stream> stream);
  void wait_for_bytes();
  void read();
  bool take_frames();
  void write_next();
  void fail(std::uint64_t generation);

  env::World& world_;
  env::Executor& loop_;
  env::Address broker_;
  std::string client_id_;
  env::sim::SeededRandom random_;
  std::unique_ptr<env::Stream> stream_;
  // Counts connections: what belongs to an older one is ignored.
  std::uint64_t generation_ = 0;
  bool is_connecting_ = false;
  bool has_given_up_ = false;
  std::vector<std::coroutine_handle<>> waiting_for_connection_;
  std::int32_t next_correlation_ = 1;
  std::deque<Exchange*> in_flight_;
  std::deque<base::OutputChain> to_write_;
  bool is_writing_ = false;
  std::vector<std::uint8_t> received_;
};

template <typename Response, typename Request>
Task<base::Result<Response>> Client::call(Request request, wire::Version version) {
  const std::int32_t correlation_id = next_correlation_++;
  auto body = co_await exchange(wire::frame_request(request, version, correlation_id, client_id_),
                                correlation_id);
  if (!body) co_return base::fail(std::move(body));
  wire::Reader reader(std::move(*body));
  auto header = wire::decode_response_header(reader, Request::kApiKey, version);
  if (!header) co_return base::fail(std::move(header));
  auto response = wire::decode_as<Response>(reader, version);
  if (response) {
    if (auto end = reader.expect_end(); !end) co_return base::fail(std::move(end));
  }
  co_return response;
}

template <typename Request>
wire::Version Client::any_version(wire::Version limit) {
  const auto newest = std::min(Request::kLatestStableVersion, limit);
  return static_cast<wire::Version>(random_.between(
      static_cast<std::uint64_t>(Request::kMinVersion), static_cast<std::uint64_t>(newest)));
}

}  // namespace odradek::sim_test
