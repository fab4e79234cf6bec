// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "machine/decision.h"
#include "metadata/controller/replica_list.h"
#include "metadata/record.h"

// What the controller decided and why, beside the records that say what: for the event log, the
// metrics and `odradek why`, which all show the same. Events are no part of the metadata; they are
// true once the records that they came with are committed.
namespace odradek::metadata {

enum class Reason : std::uint8_t {
  kSessionExpired,        // the broker was silent for `waited_ms`
  kConnectionRefused,     // the broker's connections closed, and its listener refuses new ones
  kAskedToBeFenced,       // the broker itself wants no part yet
  kControlledShutdown,    // the broker stops, and hands over what it leads
  kBrokerCaughtUp,        // the broker has replayed the metadata and serves
  kBrokerRegistered,      // a broker that was not there
  kBrokerRestarted,       // the broker came back after a clean stop
  kBrokerCrashed,         // the broker came back without having stopped cleanly
  kDiskReplaced,          // the broker came back without directories that it had
  kDirectoryFailed,       // the broker lost directories while it runs
  kDirectoryAssigned,     // the broker says where the replica lies
  kBrokerUnregistered,    // somebody had the broker forgotten
  kAskedByLeader,         // the partition's leader saw a follower catch up or fall behind
  kAskedByAdmin,          // a request of a client
  kPreferredLeaderReady,  // leadership goes back to the preferred replica
  kUncleanAllowed,        // unclean.leader.election.enable, and no replica in sync is left
  kLogDamaged,            // the broker found records of its replica damaged; others have them
};

inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::kLogDamaged) + 1;

struct Cause {
  Reason reason = Reason::kAskedByAdmin;
  base::BrokerId broker = base::kNoBroker;  // whose doing it is
  std::int64_t waited_ms = -1;              // how long it was waited for; -1: not at all
};

// How a partition came by its leader.
enum class Election : std::uint8_t {
  kNone,       // it has the one that it had
  kClean,      // one that was in sync
  kEligible,   // nobody was in sync; it has all that was committed (KIP-966)
  kLastKnown,  // it led last, and crashed: what it acknowledged and lost with its memory is gone
  kUnclean,    // it is only what was left: committed records may be gone
  kLost,       // nobody may lead: the partition is offline
};

inline constexpr std::size_t kElectionCount = static_cast<std::size_t>(Election::kLost) + 1;

enum class ReassignmentStep : std::uint8_t { kNone, kBegun, kChanged, kCompleted, kCancelled };

inline constexpr std::size_t kReassignmentStepCount =
    static_cast<std::size_t>(ReassignmentStep::kCancelled) + 1;

// One change of one partition. What it was stands beside what it is.
struct PartitionEvent {
  base::TopicId topic_id;
  std::string topic;
  std::int32_t partition = -1;
  std::int32_t partition_count = 0;  // of the topic
  Election election = Election::kNone;
  ReassignmentStep reassignment = ReassignmentStep::kNone;
  base::BrokerId leader_before = base::kNoBroker;
  base::BrokerId leader = base::kNoBroker;
  base::LeaderEpoch leader_epoch{0};
  ReplicaList in_sync_before;
  ReplicaList in_sync;
  ReplicaList eligible;
  ReplicaList replicas;
  Cause cause;
};

enum class BrokerStep : std::uint8_t {
  kRegistered,
  kFenced,
  kUnfenced,
  kShuttingDown,
  kStopped,
  kUnregistered,
  kLostDirectories,
};

struct BrokerEvent {
  base::BrokerId broker = base::kNoBroker;
  std::int64_t broker_epoch = -1;
  BrokerStep step = BrokerStep::kRegistered;
  Cause cause;
};

using Event = std::variant<BrokerEvent, PartitionEvent>;

// One sentence each, as the event log and `odradek why` show it.
std::string describe(const Cause& cause);
std::string describe(const PartitionEvent& event);
std::string describe(const BrokerEvent& event);
std::string describe(const Event& event);

// The reason's name in metrics, such as session_expired.
const char* name_of(Reason reason);
const char* name_of(Election election);
const char* name_of(ReassignmentStep step);

// A decision whose records have causes.
template <typename Reply>
struct CausedDecision : machine::Decision<MetadataRecord, Reply> {
  std::vector<Event> events;
};

// The same without a reply: what the controller does by itself.
struct Changes {
  std::vector<MetadataRecord> records;
  std::vector<Event> events;

  bool empty() const { return records.empty(); }
  void append(Changes more);
};

}  // namespace odradek::metadata
