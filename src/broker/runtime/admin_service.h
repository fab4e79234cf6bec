// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "broker/runtime/metadata_runtime.h"
#include "config/live_settings.h"
#include "env/world.h"
#include "metadata/controller/topics.h"

namespace odradek::broker {

class Forwarder;

// What handlers ask of the controller: changes of the cluster's metadata. Threads: any.
class AdminService {
 public:
  using Done = std::move_only_function<void(base::Result<>)>;

  // `forwarder`: to the active controller, for what this broker itself asks of it; null on a node
  // of its own.
  AdminService(env::World& world, const config::LiveSettings& settings, MetadataRuntime& runtime,
               Forwarder* forwarder)
      : world_(world), settings_(settings), runtime_(runtime), forwarder_(forwarder) {}
  // One that refuses every change with this error.
  static std::unique_ptr<AdminService> make_refusing(env::World& world,
                                                     const config::LiveSettings& settings,
                                                     MetadataRuntime& runtime, base::Error error);

  // Lets `decide(image, inputs)` give a machine::Decision on the newest image; `done` gets its
  // reply once the records are committed, or the error because of which they are not.
  template <typename Reply, typename Decide>
  void change(Decide decide, std::move_only_function<void(Reply, const base::Result<>&)> done) {
    if (refusal_) return done(Reply{}, base::fail(*refusal_));
    auto reply = std::make_shared<Reply>();
    runtime_.submit(
        [this, reply, decide = std::move(decide)](const metadata::ClusterImage& image) mutable {
          const auto settings = settings_.current();
          auto decision = decide(image, inputs(*settings));
          *reply = std::move(decision.reply);
          return std::move(decision.records);
        },
        [reply, done = std::move(done)](const base::Result<>& committed) mutable {
          done(std::move(*reply), committed);
        });
  }

  // Creates the internal topic as the settings have it unless it is there; `done` when it is.
  void ensure_internal_topic(const std::string& name, Done done);
  // Creates a topic with the broker's defaults, as a Metadata request may ask for.
  void create_automatically(const std::string& name, Done done);

  MetadataRuntime& runtime() { return runtime_; }

 private:
  metadata::ControllerInputs inputs(const config::Settings& settings);
  void create_one(wire::CreateTopicsRequest::CreatableTopic topic, Done done);
  void create_one_here(wire::CreateTopicsRequest request, Done done);
  void create_one_elsewhere(const wire::CreateTopicsRequest& request, Done done);

  env::World& world_;
  const config::LiveSettings& settings_;
  MetadataRuntime& runtime_;
  Forwarder* const forwarder_;
  std::optional<base::Error> refusal_;
};

}  // namespace odradek::broker
