// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "broker/runtime/metadata_runtime.h"
#include "config/live_settings.h"
#include "env/world.h"
#include "metadata/controller/event_line.h"
#include "metadata/controller/events.h"
#include "metadata/controller/topics.h"

namespace odradek::broker {

class Forwarder;

// What handlers ask of the controller: changes of the cluster's metadata. Threads: any.
class AdminService {
 public:
  using Done = std::move_only_function<void(base::Result<>)>;

  // Told of what was committed and has causes. On the runtime's threads.
  using EventSink = std::function<void(const std::vector<metadata::Event>&)>;

  // `forwarder`: to the active controller, for what this broker itself asks of it; null on a node
  // of its own.
  AdminService(env::World& world, const config::LiveSettings& settings, MetadataRuntime& runtime,
               Forwarder* forwarder, EventSink on_events)
      : world_(world),
        settings_(settings),
        runtime_(runtime),
        forwarder_(forwarder),
        on_events_(std::move(on_events)) {}
  // One that refuses every change with this error.
  static std::unique_ptr<AdminService> make_refusing(env::World& world,
                                                     const config::LiveSettings& settings,
                                                     MetadataRuntime& runtime, base::Error error);

  // Lets `decide(image, inputs)` give a machine::Decision on the newest image; `done` gets its
  // reply once the records are committed, or the error because of which they are not.
  template <typename Reply, typename Decide>
  void change(Decide decide, std::move_only_function<void(Reply, const base::Result<>&)> done) {
    if (refusal_) return done(Reply{}, base::fail(*refusal_));
    struct Decided {
      Reply reply{};
      std::vector<metadata::Event> events;
    };
    auto decided = std::make_shared<Decided>();
    runtime_.submit(
        [this, decided, decide = std::move(decide)](const metadata::ClusterImage& image) mutable {
          const auto settings = settings_.current();
          auto decision = decide(image, inputs(*settings));
          decided->reply = std::move(decision.reply);
          if constexpr (requires { decision.events; }) decided->events = std::move(decision.events);
          return std::move(decision.records);
        },
        [this, decided, done = std::move(done)](const base::Result<>& committed) mutable {
          if (committed && !decided->events.empty()) on_events_(decided->events);
          done(std::move(decided->reply), committed);
        });
  }

  // Waits until every live broker has followed the metadata up to an offset, at most so long; with
  // false when that was too short.
  using ReplayAwaited = std::move_only_function<void(bool is_in_time)>;
  using AwaitReplay = std::function<void(base::Offset, env::Duration limit, ReplayAwaited done)>;
  // Before requests come; in a cluster.
  void await_replay_by(AwaitReplay await_replay) { await_replay_ = std::move(await_replay); }

  // The same as change(), but `done` waits until every live broker has followed it, at most so
  // long: then it gets REQUEST_TIMED_OUT, though everything is as the reply says.
  template <typename Reply, typename Decide>
  void change_everywhere(env::Duration limit, Decide decide,
                         std::move_only_function<void(Reply, const base::Result<>&)> done) {
    auto last = std::make_shared<base::Offset>(base::kNoOffset);
    change<Reply>(
        [last, decide = std::move(decide)](const metadata::ClusterImage& image,
                                           const metadata::ControllerInputs& inputs) mutable {
          auto decision = decide(image, inputs);
          if (!decision.records.empty()) {
            *last = image.end_offset + (std::ssize(decision.records) - 1);
          }
          return decision;
        },
        [this, last, limit, done = std::move(done)](Reply reply,
                                                    const base::Result<>& committed) mutable {
          if (!committed || !await_replay_ || *last == base::kNoOffset) {
            return done(std::move(reply), committed);
          }
          await_replay_(
              *last, limit,
              [reply = std::move(reply), done = std::move(done)](bool is_in_time) mutable {
                done(std::move(reply), is_in_time ? base::Result<>() : not_everywhere_yet());
              });
        });
  }

  // The lines of what was decided on this broker and why, oldest first (docs/formats/events.md).
  using FindEvents = std::function<std::string(const metadata::EventQuery&)>;
  // Before requests come.
  void find_events_by(FindEvents find_events) { find_events_ = std::move(find_events); }
  std::string find_events(const metadata::EventQuery& query) const {
    return find_events_ ? find_events_(query) : std::string();
  }
  // Calls `then` once the events of everything that was decided here by now are kept, or a second
  // is over: a change is served a moment before its events are told of. From any thread.
  void when_events_are_kept(env::Task then);

  // Creates the internal topic as the settings have it unless it is there; `done` when it is.
  void ensure_internal_topic(const std::string& name, Done done);
  // Creates a topic with the broker's defaults, as a Metadata request may ask for.
  void create_automatically(const std::string& name, Done done);

  MetadataRuntime& runtime() { return runtime_; }

 private:
  static base::Result<> not_everywhere_yet();
  metadata::ControllerInputs inputs(const config::Settings& settings);
  void create_one(wire::CreateTopicsRequest::CreatableTopic topic, Done done);
  void create_one_here(wire::CreateTopicsRequest request, Done done);
  void create_one_elsewhere(const wire::CreateTopicsRequest& request, Done done);

  env::World& world_;
  const config::LiveSettings& settings_;
  MetadataRuntime& runtime_;
  Forwarder* const forwarder_;
  const EventSink on_events_;
  AwaitReplay await_replay_;
  FindEvents find_events_;
  std::optional<base::Error> refusal_;
};

}  // namespace odradek::broker
