// SPDX-License-Identifier: Apache-2.0
#include "net/blocking_client.h"

namespace odradek::net {

BlockingClient::BlockingClient(env::Network& network, env::Executor& loop, env::Address address,
                               PeerClientOptions options)
    : loop_(loop),
      client_(std::make_unique<PeerClient>(network, loop, std::move(address), std::move(options))) {
}

BlockingClient::~BlockingClient() {
  auto closed = std::make_shared<std::promise<void>>();
  auto answer = closed->get_future();
  loop_.post([this, closed] {
    client_.reset();
    closed->set_value();
  });
  answer.wait();
}

base::Result<> BlockingClient::connect() {
  auto promise = std::make_shared<std::promise<base::Result<>>>();
  auto answer = promise->get_future();
  loop_.post([this, promise] {
    client_->connect([promise](base::Result<> done) { promise->set_value(std::move(done)); });
  });
  return answer.get();
}

}  // namespace odradek::net
