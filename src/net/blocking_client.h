// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <future>
#include <memory>
#include <utility>

#include "net/peer_client.h"

namespace odradek::net {

// A PeerClient for command-line tools: every call waits for its answer. Threads: one caller, which
// is not the loop; the loop runs on a thread of its own meanwhile (LinuxWorld::start).
class BlockingClient {
 public:
  BlockingClient(env::Network& network, env::Executor& loop, env::Address address,
                 PeerClientOptions options = {});
  ~BlockingClient();

  const env::Address& address() const { return client_->address(); }

  // Connects and agrees on versions. A server that is not there is one sentence with the address
  // and the reason.
  [[nodiscard]] base::Result<> connect();

  // Connects when needed; see PeerClient::call.
  template <typename Response, typename Request>
  [[nodiscard]] base::Result<Response> call(Request request,
                                            env::Duration timeout = std::chrono::seconds(30)) {
    auto promise = std::make_shared<std::promise<base::Result<Response>>>();
    auto answer = promise->get_future();
    loop_.post([&, promise]() mutable {
      client_->call<Response>(std::move(request), timeout,
                              [promise = std::move(promise)](base::Result<Response> done) {
                                promise->set_value(std::move(done));
                              });
    });
    return answer.get();
  }

 private:
  env::Executor& loop_;
  std::unique_ptr<PeerClient> client_;
};

}  // namespace odradek::net
