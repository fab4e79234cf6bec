// SPDX-License-Identifier: Apache-2.0
#include "metadata/cluster_image.h"

namespace odradek::metadata {

const ConfigMap* ClusterImage::find_config(ConfigResourceType type, const std::string& name) const {
  const auto found = configs.find({type, name});
  return found == configs.end() ? nullptr : found->second.get();
}

const BrokerImage* ClusterImage::find_broker(base::BrokerId id) const {
  const auto found = brokers.find(id);
  return found == brokers.end() ? nullptr : found->second.get();
}

}  // namespace odradek::metadata
