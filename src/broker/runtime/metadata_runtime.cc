// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/metadata_runtime.h"

#include "broker/runtime/live_config.h"
#include "broker/runtime/replicas.h"

namespace odradek::broker {

void MetadataRuntime::apply(const metadata::ImageDelta& delta,
                            const std::shared_ptr<const metadata::ClusterImage>& image) {
  if (live_config_ != nullptr) live_config_->follow(delta, *image);
  if (replicas_ != nullptr) replicas_->apply(delta, *image);
  image_.publish(image);
  for (const Observer& observer : observers_) observer(delta, *image);
}

std::vector<base::SharedBytes> encode_records(
    const std::vector<metadata::MetadataRecord>& records) {
  std::vector<base::SharedBytes> encoded;
  encoded.reserve(records.size());
  for (const auto& record : records) encoded.push_back(metadata::encode_record(record));
  return encoded;
}

}  // namespace odradek::broker
