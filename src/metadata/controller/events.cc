// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/events.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace odradek::metadata {
namespace {

std::string list_of(const ReplicaList& replicas) {
  std::string text = "[";
  for (const base::BrokerId replica : replicas) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(replica.value());
  }
  return text + "]";
}

const char* how(Election election) {
  switch (election) {
    case Election::kClean:
      return "in sync";
    case Election::kEligible:
      return "an eligible leader replica, as nobody is in sync";
    case Election::kLastKnown:
      return "the last known leader, as nobody is eligible";
    case Election::kUnclean:
      return "unclean: committed records may be lost";
    default:
      return "";
  }
}

const char* step_of(ReassignmentStep step) {
  switch (step) {
    case ReassignmentStep::kBegun:
      return "reassignment begun";
    case ReassignmentStep::kChanged:
      return "reassignment changed";
    case ReassignmentStep::kCompleted:
      return "reassignment completed";
    case ReassignmentStep::kCancelled:
      return "reassignment cancelled";
    default:
      return "";
  }
}

const char* step_of(BrokerStep step) {
  switch (step) {
    case BrokerStep::kRegistered:
      return "registered";
    case BrokerStep::kFenced:
      return "fenced";
    case BrokerStep::kUnfenced:
      return "unfenced";
    case BrokerStep::kShuttingDown:
      return "shutting down";
    case BrokerStep::kStopped:
      return "may stop";
    case BrokerStep::kUnregistered:
      return "unregistered";
    case BrokerStep::kLostDirectories:
      return "lost log directories";
  }
  return "";
}

}  // namespace

const char* name_of(Reason reason) {
  switch (reason) {
    case Reason::kSessionExpired:
      return "session_expired";
    case Reason::kConnectionRefused:
      return "connection_refused";
    case Reason::kAskedToBeFenced:
      return "asked_to_be_fenced";
    case Reason::kControlledShutdown:
      return "controlled_shutdown";
    case Reason::kBrokerCaughtUp:
      return "broker_caught_up";
    case Reason::kBrokerRegistered:
      return "broker_registered";
    case Reason::kBrokerRestarted:
      return "broker_restarted";
    case Reason::kBrokerCrashed:
      return "broker_crashed";
    case Reason::kDiskReplaced:
      return "disk_replaced";
    case Reason::kDirectoryFailed:
      return "directory_failed";
    case Reason::kDirectoryAssigned:
      return "directory_assigned";
    case Reason::kBrokerUnregistered:
      return "broker_unregistered";
    case Reason::kAskedByLeader:
      return "asked_by_leader";
    case Reason::kAskedByAdmin:
      return "asked_by_admin";
    case Reason::kPreferredLeaderReady:
      return "preferred_leader_ready";
    case Reason::kUncleanAllowed:
      return "unclean_allowed";
    case Reason::kLogDamaged:
      return "log_damaged";
  }
  return "unknown";
}

const char* name_of(Election election) {
  switch (election) {
    case Election::kNone:
      return "none";
    case Election::kClean:
      return "clean";
    case Election::kEligible:
      return "eligible";
    case Election::kLastKnown:
      return "last_known";
    case Election::kUnclean:
      return "unclean";
    case Election::kLost:
      return "lost";
  }
  return "unknown";
}

const char* name_of(ReassignmentStep step) {
  switch (step) {
    case ReassignmentStep::kNone:
      return "none";
    case ReassignmentStep::kBegun:
      return "begun";
    case ReassignmentStep::kChanged:
      return "changed";
    case ReassignmentStep::kCompleted:
      return "completed";
    case ReassignmentStep::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

std::string describe(const Cause& cause) {
  const std::int32_t broker = cause.broker.value();
  switch (cause.reason) {
    case Reason::kSessionExpired:
      return fmt::format("broker {} was silent for {} ms", broker, cause.waited_ms);
    case Reason::kConnectionRefused:
      return fmt::format("broker {}'s listener refuses connections", broker);
    case Reason::kAskedToBeFenced:
      return fmt::format("broker {} asked to be fenced", broker);
    case Reason::kControlledShutdown:
      return fmt::format("broker {} shuts down", broker);
    case Reason::kBrokerCaughtUp:
      return fmt::format("broker {} has caught up with the metadata", broker);
    case Reason::kBrokerRegistered:
      return fmt::format("broker {} is new", broker);
    case Reason::kBrokerRestarted:
      return fmt::format("broker {} restarted after a clean stop", broker);
    case Reason::kBrokerCrashed:
      return fmt::format("broker {} restarted without having stopped cleanly", broker);
    case Reason::kDiskReplaced:
      return fmt::format("broker {} came back without the disk that it had", broker);
    case Reason::kDirectoryFailed:
      return fmt::format("a log directory of broker {} failed", broker);
    case Reason::kDirectoryAssigned:
      return fmt::format("broker {} said where its replica lies", broker);
    case Reason::kBrokerUnregistered:
      return fmt::format("broker {} was unregistered", broker);
    case Reason::kAskedByLeader:
      return fmt::format("its leader, broker {}, asked for it", broker);
    case Reason::kAskedByAdmin:
      return "a client asked for it";
    case Reason::kPreferredLeaderReady:
      return fmt::format("its preferred leader, broker {}, is in sync", broker);
    case Reason::kUncleanAllowed:
      return "unclean.leader.election.enable is true, and no replica in sync is left";
    case Reason::kLogDamaged:
      return fmt::format("broker {} found its replica damaged, and fetches it again", broker);
  }
  return "";
}

std::string describe(const PartitionEvent& event) {
  std::string text = fmt::format("{}-{}: ", event.topic, event.partition);
  if (event.reassignment != ReassignmentStep::kNone) {
    text += fmt::format("{}, replicas {}; ", step_of(event.reassignment), list_of(event.replicas));
  }
  if (event.election == Election::kLost) {
    text += fmt::format("no leader (was {}), eligible {}; ", event.leader_before.value(),
                        list_of(event.eligible));
  } else if (event.election != Election::kNone) {
    text +=
        fmt::format("leader {} (was {}) in epoch {}, {}; ", event.leader.value(),
                    event.leader_before.value(), event.leader_epoch.value(), how(event.election));
  }
  if (event.in_sync != event.in_sync_before) {
    text +=
        fmt::format("in sync {} (was {}); ", list_of(event.in_sync), list_of(event.in_sync_before));
  }
  if (text.ends_with(": ")) text += fmt::format("replicas {}; ", list_of(event.replicas));
  return text + "because " + describe(event.cause);
}

std::string describe(const BrokerEvent& event) {
  return fmt::format("broker {} (epoch {}) {}, because {}", event.broker.value(),
                     event.broker_epoch, step_of(event.step), describe(event.cause));
}

std::string describe(const Event& event) {
  return std::visit([](const auto& one) { return describe(one); }, event);
}

void Changes::append(Changes more) {
  std::ranges::move(more.records, std::back_inserter(records));
  std::ranges::move(more.events, std::back_inserter(events));
}

}  // namespace odradek::metadata
