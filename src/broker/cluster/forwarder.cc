// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/forwarder.h"

#include <algorithm>
#include <utility>

#include "wire/messages/envelope.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;

// Answers on one connection come in order: one that takes long holds up those behind it.
constexpr std::size_t kMaxLinks = 4;
// Where no election is heard of.
constexpr auto kRetryInterval = std::chrono::milliseconds(50);

// What another attempt may mend.
bool is_passing(ErrorCode code) {
  return code == ErrorCode::kNotController || code == ErrorCode::kNetworkException;
}

}  // namespace

struct Forwarder::Core {
  Core(env::World& in, ActiveController& followed, base::BrokerId own,
       const net::PeerClientOptions& options)
      : world(in), active(followed), self(own) {
    const std::size_t count = std::min(world.loop_count(), kMaxLinks);
    for (std::size_t i = 0; i < count; ++i) {
      links.push_back(
          std::make_unique<ControllerLink>(world, world.loop(i), self, active, options));
    }
  }
  bool is_controller_here() const {
    const auto place = active.load();
    return place && place->broker == self;
  }

  env::World& world;
  ActiveController& active;
  const base::BrokerId self;
  std::vector<std::unique_ptr<ControllerLink>> links;
  std::atomic<std::size_t> next_link = 0;
  std::atomic<bool> is_dropped = false;
};

// One request, until it is answered.
struct Forwarder::Attempt : std::enable_shared_from_this<Attempt> {
  Attempt(std::shared_ptr<Core> with, std::size_t index) : core(std::move(with)), link(index) {}

  env::Executor& loop() const { return core->world.loop(link); }
  void send() {
    if (core->is_dropped) return;
    const auto left = deadline - core->world.clock().monotonic();
    if (core->is_controller_here()) {
      return handler(base::fail(ErrorCode::kNotController, "the controller is here"));
    }
    if (left <= env::Duration::zero()) return handler(base::fail(last_error));
    core->links[link]->call<wire::EnvelopeResponse>(
        envelope, left, [self = shared_from_this()](base::Result<wire::EnvelopeResponse> response) {
          self->answered(std::move(response));
        });
  }
  void answered(base::Result<wire::EnvelopeResponse> response) {
    const ErrorCode code = response ? response->error_code : response.error().code;
    if (is_passing(code)) {
      if (!response) last_error.message = response.error().message;
      loop().run_after(kRetryInterval, [self = shared_from_this()] { self->send(); });
    } else if (!response) {
      handler(base::fail(std::move(response)));
    } else if (code != ErrorCode::kNone || !response->response_data) {
      handler(base::fail(code == ErrorCode::kNone ? ErrorCode::kUnknownServerError : code,
                         "the controller refuses the envelope"));
    } else {
      handler(std::move(*response->response_data));
    }
  }

  const std::shared_ptr<Core> core;
  const std::size_t link;
  wire::EnvelopeRequest envelope;
  env::MonotonicTime deadline;
  Handler handler;
  base::Error last_error{ErrorCode::kRequestTimedOut, "no controller was there in time", 0};
};

Forwarder::Forwarder(env::World& world, ActiveController& active, base::BrokerId self,
                     const net::PeerClientOptions& options)
    : core_(std::make_shared<Core>(world, active, self, options)) {}

Forwarder::~Forwarder() { core_->is_dropped = true; }

bool Forwarder::is_controller_here() const { return core_->is_controller_here(); }

void Forwarder::forward(base::SharedBytes frame, const Principal& principal,
                        const std::string& host, env::Duration time_limit, Handler handler) {
  auto address = encode_host(host);
  if (!address) return handler(base::fail(std::move(address)));
  const auto attempt = std::make_shared<Attempt>(core_, core_->next_link++ % core_->links.size());
  attempt->envelope.request_data = std::move(frame);
  attempt->envelope.request_principal = encode_principal(principal);
  attempt->envelope.client_host_address = std::move(*address);
  attempt->deadline = core_->world.clock().monotonic() + time_limit;
  attempt->handler = std::move(handler);
  attempt->loop().post([attempt] { attempt->send(); });
}

}  // namespace odradek::broker
