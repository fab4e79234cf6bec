// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "base/result.h"
#include "broker/runtime/metadata_runtime.h"
#include "config/live_settings.h"
#include "env/world.h"
#include "metadata/controller/topics.h"

namespace odradek::broker {

// What handlers ask of the controller: changes of the cluster's metadata. Threads: any.
class AdminService {
 public:
  AdminService(env::World& world, const config::LiveSettings& settings, MetadataRuntime& runtime)
      : world_(world), settings_(settings), runtime_(runtime) {}

  // Lets `decide(image, inputs)` give a machine::Decision on the newest image; `done` gets its
  // reply once the records are committed, or the error because of which they are not.
  template <typename Reply, typename Decide>
  void change(Decide decide, std::move_only_function<void(Reply, const base::Result<>&)> done) {
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
  void ensure_internal_topic(const std::string& name,
                             std::move_only_function<void(base::Result<>)> done);
  // Creates a topic with the broker's defaults, as a Metadata request may ask for.
  void create_automatically(const std::string& name,
                            std::move_only_function<void(base::Result<>)> done);

  MetadataRuntime& runtime() { return runtime_; }

 private:
  metadata::ControllerInputs inputs(const config::Settings& settings);
  void create_one(wire::CreateTopicsRequest::CreatableTopic topic,
                  std::move_only_function<void(base::Result<>)> done);

  env::World& world_;
  const config::LiveSettings& settings_;
  MetadataRuntime& runtime_;
};

}  // namespace odradek::broker
