// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "broker/listeners.h"
#include "config/live_settings.h"
#include "env/world.h"
#include "metadata/cluster_image.h"

namespace odradek::log {
class LogManager;
}
namespace odradek::replica {
class PartitionSet;
}

namespace odradek::broker {

class AdminService;
class ActiveController;
class ControllerCalls;
class Forwarder;
class ClientTelemetry;
class FetchSessions;
class ProducerIds;
class GroupService;
class Replication;

// The newest image of the cluster, published by the metadata runtime. Threads: any.
class ImageHolder {
 public:
  std::shared_ptr<const metadata::ClusterImage> load() const { return image_.load(); }
  void publish(std::shared_ptr<const metadata::ClusterImage> image) {
    image_.store(std::move(image));
  }

 private:
  std::atomic<std::shared_ptr<const metadata::ClusterImage>> image_{
      std::make_shared<const metadata::ClusterImage>()};
};

// Settings that the data path reads at every request.
struct RequestLimits {
  std::int64_t fetch_max_bytes = 57671680;  // fetch.max.bytes
};

struct Services;

// What a broker is to the others of its cluster, and they to it.
struct PeerServices {
  // The controller on this broker, active or not.
  ControllerCalls& controller;
  const ActiveController& active;
  // To the active controller.
  Forwarder& forwarder;
  // For requests that reached no controller in time: every change is refused with
  // REQUEST_TIMED_OUT.
  Services* without_controller = nullptr;
};

// What the handlers of requests work with. Owned by Broker; outlives every session. Threads: any.
struct Services {
  env::World& world;
  // In force now.
  const config::LiveSettings& settings;
  const std::string cluster_id;
  const base::BrokerId node_id;
  const RequestLimits limits;
  const std::vector<ListenerConfig> listeners;
  const std::string inter_broker_listener;
  ImageHolder& image;
  replica::PartitionSet& partitions;
  log::LogManager& logs;
  FetchSessions& fetch_sessions;
  AdminService& admin;
  ProducerIds& producer_ids;
  GroupService& groups;
  ClientTelemetry& telemetry;
  Replication& replication;
  // For what would hold up a loop and needs no disk: batches that are encoded anew.
  env::WorkQueue& encoding;
  // Set once: nothing is parked any more, so that the listeners can close.
  std::atomic<bool>& stopping;
  // Null on a node of its own.
  PeerServices* peers = nullptr;
};

}  // namespace odradek::broker
