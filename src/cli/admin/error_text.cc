// SPDX-License-Identifier: Apache-2.0
#include "cli/admin/error_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace odradek::cli {
namespace {

using base::ErrorCode;

struct JavaError {
  ErrorCode code;
  std::string_view exception;
  std::string_view message;
};

// What people's scripts meet in the output of Kafka's tools (protocol guide, "Error Codes").
constexpr std::array kJavaErrors = {
    JavaError{ErrorCode::kUnknownTopicOrPartition, "UnknownTopicOrPartition",
              "This server does not host this topic-partition."},
    JavaError{ErrorCode::kLeaderNotAvailable, "LeaderNotAvailable",
              "There is no leader for this topic-partition as we are in the middle of a leadership "
              "election."},
    JavaError{ErrorCode::kRequestTimedOut, "Timeout", "The request timed out."},
    JavaError{ErrorCode::kNetworkException, "Network",
              "The server disconnected before a response was received."},
    JavaError{ErrorCode::kCoordinatorLoadInProgress, "CoordinatorLoadInProgress",
              "The coordinator is loading and hence can't process requests."},
    JavaError{ErrorCode::kCoordinatorNotAvailable, "CoordinatorNotAvailable",
              "The coordinator is not available."},
    JavaError{ErrorCode::kNotCoordinator, "NotCoordinator", "This is not the correct coordinator."},
    JavaError{ErrorCode::kInvalidTopicException, "InvalidTopic",
              "The request attempted to perform an operation on an invalid topic."},
    JavaError{ErrorCode::kInvalidGroupId, "InvalidGroupId", "The group id is invalid."},
    JavaError{ErrorCode::kUnknownMemberId, "UnknownMemberId",
              "The coordinator is not aware of this member."},
    JavaError{ErrorCode::kRebalanceInProgress, "RebalanceInProgress",
              "The group is rebalancing, so a rejoin is needed."},
    JavaError{ErrorCode::kTopicAuthorizationFailed, "TopicAuthorization",
              "Topic authorization failed."},
    JavaError{ErrorCode::kGroupAuthorizationFailed, "GroupAuthorization",
              "Group authorization failed."},
    JavaError{ErrorCode::kClusterAuthorizationFailed, "ClusterAuthorization",
              "Cluster authorization failed."},
    JavaError{ErrorCode::kUnsupportedVersion, "UnsupportedVersion",
              "The version of API is not supported."},
    JavaError{ErrorCode::kTopicAlreadyExists, "TopicExists",
              "Topic with this name already exists."},
    JavaError{ErrorCode::kInvalidPartitions, "InvalidPartitions",
              "Number of partitions is below 1."},
    JavaError{ErrorCode::kInvalidReplicationFactor, "InvalidReplicationFactor",
              "Replication factor is below 1 or larger than the number of available brokers."},
    JavaError{ErrorCode::kInvalidReplicaAssignment, "InvalidReplicaAssignment",
              "Replica assignment is invalid."},
    JavaError{ErrorCode::kInvalidConfig, "InvalidConfiguration", "Configuration is invalid."},
    JavaError{ErrorCode::kNotController, "NotController",
              "This is not the correct controller for this cluster."},
    JavaError{ErrorCode::kPolicyViolation, "PolicyViolation",
              "Request parameters do not satisfy the configured policy."},
    JavaError{ErrorCode::kNonEmptyGroup, "GroupNotEmpty", "The group is not empty."},
    JavaError{ErrorCode::kGroupIdNotFound, "GroupIdNotFound", "The group id does not exist."},
    JavaError{ErrorCode::kGroupSubscribedToTopic, "GroupSubscribedToTopic",
              "Deleting offsets of a topic is forbidden while the consumer group is actively "
              "subscribed to it."},
    JavaError{ErrorCode::kUnknownTopicId, "UnknownTopicId",
              "This server does not host this topic ID."},
    JavaError{ErrorCode::kUnknownServerError, "UnknownServer",
              "The server experienced an unexpected error when processing the request."},
    JavaError{ErrorCode::kBrokerNotAvailable, "BrokerNotAvailable", "The broker is not available."},
    JavaError{ErrorCode::kInvalidRequest, "InvalidRequest",
              "This most likely occurs because of a request being malformed by the client library "
              "or the message was sent to an incompatible broker. See the broker logs for more "
              "details."},
    JavaError{ErrorCode::kSecurityDisabled, "SecurityDisabled", "Security features are disabled."},
    JavaError{ErrorCode::kDelegationTokenAuthDisabled, "DelegationTokenDisabled",
              "Delegation Token feature is not enabled."},
    JavaError{ErrorCode::kDelegationTokenNotFound, "DelegationTokenNotFound",
              "Delegation Token is not found on server."},
    JavaError{ErrorCode::kDelegationTokenOwnerMismatch, "DelegationTokenOwnerMismatch",
              "Specified Principal is not valid Owner/Renewer."},
    JavaError{ErrorCode::kDelegationTokenRequestNotAllowed, "UnsupportedByAuthentication",
              "Delegation Token requests are not allowed on PLAINTEXT/1-way SSL channels and on "
              "delegation token authenticated channels."},
    JavaError{ErrorCode::kDelegationTokenAuthorizationFailed, "DelegationTokenAuthorization",
              "Delegation Token authorization failed."},
    JavaError{ErrorCode::kDelegationTokenExpired, "DelegationTokenExpired",
              "Delegation Token is expired."},
    JavaError{ErrorCode::kInvalidPrincipalType, "InvalidPrincipalType",
              "Supplied principalType is not supported."},
    JavaError{ErrorCode::kResourceNotFound, "ResourceNotFound",
              "A request illegally referred to a resource that does not exist."},
    JavaError{ErrorCode::kDuplicateResource, "DuplicateResource",
              "A request illegally referred to the same resource twice."},
    JavaError{ErrorCode::kUnacceptableCredential, "UnacceptableCredential",
              "Requested credential would not meet criteria for acceptability."},
    JavaError{ErrorCode::kInvalidUpdateVersion, "InvalidUpdateVersion",
              "The given update version was invalid."},
    JavaError{ErrorCode::kFeatureUpdateFailed, "FeatureUpdateFailed",
              "Unable to update finalized features due to an unexpected server error."},
    JavaError{ErrorCode::kBrokerIdNotRegistered, "BrokerIdNotRegistered",
              "The given broker ID was not registered."},
    JavaError{ErrorCode::kInvalidRegistration, "InvalidRegistration",
              "The controller has considered the broker registration to be invalid."},
    JavaError{ErrorCode::kInvalidVoterKey, "InvalidVoterKey",
              "The voter key doesn't match the receiving replica's key."},
    JavaError{ErrorCode::kDuplicateVoter, "DuplicateVoter",
              "The voter is already part of the set of voters."},
    JavaError{ErrorCode::kVoterNotFound, "VoterNotFound",
              "The voter is not part of the set of voters."},
    JavaError{ErrorCode::kOffsetOutOfRange, "OffsetOutOfRange",
              "The requested offset is not within the range of offsets maintained by the server."},
    JavaError{ErrorCode::kNotLeaderOrFollower, "NotLeaderOrFollower",
              "For requests intended only for the leader, this error indicates that the broker is "
              "not the current leader. For requests intended for any replica, this error indicates "
              "that the broker is not a replica of the topic partition."},
    JavaError{ErrorCode::kKafkaStorageError, "KafkaStorage",
              "Disk error when trying to access log file on the disk."},
    JavaError{ErrorCode::kLogDirNotFound, "LogDirNotFound",
              "The user-specified log directory is not found in the broker config."},
    JavaError{ErrorCode::kNoReassignmentInProgress, "NoReassignmentInProgress",
              "No partition reassignment is in progress."},
    JavaError{ErrorCode::kPreferredLeaderNotAvailable, "PreferredLeaderNotAvailable",
              "The preferred leader was not available."},
    JavaError{ErrorCode::kEligibleLeadersNotAvailable, "EligibleLeadersNotAvailable",
              "Eligible topic partition leaders are not available."},
    JavaError{ErrorCode::kElectionNotNeeded, "ElectionNotNeeded",
              "Leader election not needed for topic partition."},
    JavaError{ErrorCode::kTransactionalIdNotFound, "TransactionalIdNotFound",
              "The transactionalId could not be found."},
    JavaError{ErrorCode::kTransactionalIdAuthorizationFailed, "TransactionalIdAuthorization",
              "The transactional id authorization failed."},
    JavaError{ErrorCode::kInvalidTxnState, "InvalidTxnState",
              "The producer attempted a transactional operation in an invalid state."},
    JavaError{ErrorCode::kInvalidProducerEpoch, "InvalidProducerEpoch",
              "Producer attempted to produce with an old epoch."},
    JavaError{ErrorCode::kTransactionCoordinatorFenced, "TransactionCoordinatorFenced",
              "Indicates that the transaction coordinator sending a WriteTxnMarker is no longer "
              "the current coordinator for a given producer."},
    JavaError{ErrorCode::kUnstableOffsetCommit, "UnstableOffsetCommit",
              "There are unstable offsets that need to be cleared."},
};

const JavaError* find(ErrorCode code) {
  const auto found = std::ranges::find(kJavaErrors, code, &JavaError::code);
  return found == kJavaErrors.end() ? nullptr : &*found;
}

}  // namespace

std::string error_text(ErrorCode code, const std::optional<std::string>& message) {
  if (message && !message->empty()) return *message;
  const JavaError* known = find(code);
  return std::string(known == nullptr ? base::error_name(code) : known->message);
}

std::string java_exception(ErrorCode code) {
  const JavaError* known = find(code);
  return fmt::format("org.apache.kafka.common.errors.{}Exception",
                     known == nullptr ? "UnknownServer" : known->exception);
}

}  // namespace odradek::cli
