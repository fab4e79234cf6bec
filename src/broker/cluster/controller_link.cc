// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/controller_link.h"

#include <cerrno>
#include <optional>

namespace odradek::broker {
namespace {

using base::ErrorCode;

// Between attempts where neither a process nor a refusal answers.
constexpr auto kRetryInterval = std::chrono::milliseconds(250);

}  // namespace

struct ControllerLink::Core : std::enable_shared_from_this<Core> {
  Core(env::World& in, env::Executor& on, base::BrokerId own, ActiveController& followed,
       net::PeerClientOptions with)
      : world(in), loop(on), self(own), active(followed), options(std::move(with)) {}
  // Without close() the loop has ended, and with it perhaps whoever asked.
  ~Core() {
    if (client) client->abandon();
  }

  // Makes the client one of the controller that there is now.
  void follow();
  base::Result<net::PeerClient*> find();
  void keep_connected();
  void on_closed(const base::Error& error);
  void close();

  env::World& world;
  env::Executor& loop;
  const base::BrokerId self;
  ActiveController& active;
  const net::PeerClientOptions options;
  RefusedHandler on_refused;
  // All of the loop.
  std::optional<ControllerPlace> place;
  std::unique_ptr<net::PeerClient> client;
  // The connection ended, and no other was made since.
  bool is_broken = false;
  bool is_closed = false;
};

void ControllerLink::Core::follow() {
  auto now = is_closed ? std::nullopt : active.load();
  if (now == place) return;
  place = std::move(now);
  is_broken = false;
  client.reset();
  if (!place || !place->address || place->broker == self) return;
  client = std::make_unique<net::PeerClient>(world.network(), loop, *place->address, options);
  if (!on_refused) return;
  client->on_closed([this](const base::Error& error) { on_closed(error); });
  keep_connected();
}

void ControllerLink::Core::keep_connected() {
  client->connect([this](const base::Result<>& connected) {
    if (connected) is_broken = false;
  });
}

// A listener that refuses has no process behind it. A connection that ended otherwise says nothing
// yet; whoever takes the next one does.
void ControllerLink::Core::on_closed(const base::Error& error) {
  if (error.os_error == ECONNREFUSED) {
    on_refused(*place);
    return;
  }
  const auto delay = is_broken ? env::Duration(kRetryInterval) : env::Duration::zero();
  is_broken = true;
  loop.run_after(delay, [weak = weak_from_this(), of = place] {
    const auto core = weak.lock();
    if (core && core->client != nullptr && core->place == of) core->keep_connected();
  });
}

base::Result<net::PeerClient*> ControllerLink::Core::find() {
  follow();
  if (client != nullptr) return client.get();
  return base::fail(ErrorCode::kNotController, "nobody is known to be the controller");
}

void ControllerLink::Core::close() {
  is_closed = true;
  follow();
}

ControllerLink::ControllerLink(env::World& world, env::Executor& loop, base::BrokerId self,
                               ActiveController& active, net::PeerClientOptions options)
    : core_(std::make_shared<Core>(world, loop, self, active, std::move(options))) {
  active.watch([weak = std::weak_ptr(core_)](const std::optional<ControllerPlace>&) {
    if (const auto core = weak.lock()) core->loop.post([core] { core->follow(); });
  });
}

ControllerLink::~ControllerLink() {
  core_->loop.post([core = core_] { core->close(); });
}

void ControllerLink::watch_over(RefusedHandler on_refused) {
  core_->on_refused = std::move(on_refused);
}

void ControllerLink::with_client(Use use) {
  core_->loop.post([core = core_, use = std::move(use)]() mutable { use(core->find()); });
}

}  // namespace odradek::broker
