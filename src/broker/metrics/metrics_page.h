// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace odradek::log {
class LogManager;
}
namespace odradek::net {
class Server;
}
namespace odradek::metadata {
struct ClusterImage;
}
namespace odradek::replica {
class PartitionSet;
}

namespace odradek::broker {

class EventLog;
class Replication;

// Whom the page asks; all outlive it.
struct MetricsSources {
  const log::LogManager& logs;
  const replica::PartitionSet& partitions;
  const net::Server& server;
  Replication& replication;
  const EventLog& events;
  const metadata::ClusterImage& image;
  bool is_controller = false;  // the active one
};

// Everything measured now, in Prometheus's text format (version 0.0.4). What Apache Kafka measures
// has the name that its MBean gets from Prometheus's JMX exporter in lower case
// (kafka_log_logmanager_offlinelogdirectorycount); what only this server has begins with odradek_.
// docs/metrics.md lists them. Threads: any.
std::string render_metrics(const MetricsSources& sources);

}  // namespace odradek::broker
