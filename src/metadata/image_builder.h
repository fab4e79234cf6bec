// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "metadata/cluster_image.h"
#include "metadata/record.h"

namespace odradek::metadata {

// What records changed, for those who act on it.
struct ImageDelta {
  // Topics that are new, or whose partitions changed, as they are now.
  std::set<base::TopicId> changed_topics;
  // Topics that are gone, as they were.
  std::vector<std::shared_ptr<const TopicImage>> removed_topics;
  std::set<ConfigResource> changed_configs;
  bool brokers_changed = false;
  // What only views of the image show.
  bool clients_changed = false;  // quotas, credentials
  bool access_changed = false;   // access control entries

  // Whether nobody has to act on it.
  bool empty() const {
    return changed_topics.empty() && removed_topics.empty() && changed_configs.empty() &&
           !brokers_changed;
  }
};

// Replays records onto an image and builds the next one. Pure; for one thread.
class ImageBuilder {
 public:
  explicit ImageBuilder(std::shared_ptr<const ClusterImage> from);

  // A record that does not fit the image (a partition of no topic …) is CORRUPT_MESSAGE: the log is
  // damaged, or this code is wrong. Records between Begin- and EndTransaction take effect at the
  // end, or not at all.
  [[nodiscard]] base::Result<> replay(const MetadataRecord& record);

  const ImageDelta& delta() const { return delta_; }
  // The image after everything replayed, which lies before `end_offset`.
  std::shared_ptr<const ClusterImage> build(base::Offset end_offset, base::LeaderEpoch epoch);

 private:
  base::Result<> apply(const MetadataRecord& record);

  base::Result<> on(const wire::RegisterBrokerRecord& record);
  base::Result<> on(const wire::UnregisterBrokerRecord& record);
  base::Result<> on(const wire::TopicRecord& record);
  base::Result<> on(const wire::PartitionRecord& record);
  base::Result<> on(const wire::ConfigRecord& record);
  base::Result<> on(const wire::PartitionChangeRecord& record);
  base::Result<> on(const wire::FenceBrokerRecord& record);
  base::Result<> on(const wire::UnfenceBrokerRecord& record);
  base::Result<> on(const wire::RemoveTopicRecord& record);
  base::Result<> on(const wire::FeatureLevelRecord& record);
  base::Result<> on(const wire::ProducerIdsRecord& record);
  base::Result<> on(const wire::BrokerRegistrationChangeRecord& record);
  base::Result<> on(const wire::ClearElrRecord& record);
  base::Result<> on(const wire::RegisterControllerRecord& record);
  base::Result<> on(const wire::UnregisterControllerRecord& record);
  // In image_builder_clients.cc.
  base::Result<> on(const wire::ClientQuotaRecord& record);
  base::Result<> on(const wire::UserScramCredentialRecord& record);
  base::Result<> on(const wire::RemoveUserScramCredentialRecord& record);
  base::Result<> on(const wire::AccessControlEntryRecord& record);
  base::Result<> on(const wire::RemoveAccessControlEntryRecord& record);
  base::Result<> on(const wire::DelegationTokenRecord& record);
  base::Result<> on(const wire::RemoveDelegationTokenRecord& record);

  // The topic to change, copied once however many of its partitions change; null when there is
  // none.
  TopicImage* open_topic(const base::TopicId& id);
  // Puts the topics that were opened into the image.
  void close_topics();
  template <typename Change>
  base::Result<> change_broker(base::BrokerId id, const char* record, Change change);

  ClusterImage next_;
  ImageDelta delta_;
  std::map<base::TopicId, std::shared_ptr<TopicImage>> open_topics_;
  bool in_transaction_ = false;
  std::vector<MetadataRecord> transaction_;
};

// The records that build `image` from nothing, for a snapshot; in an order in which they can be
// replayed.
std::vector<MetadataRecord> snapshot_records(const ClusterImage& image);

}  // namespace odradek::metadata
