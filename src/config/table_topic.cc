// SPDX-License-Identifier: Apache-2.0
#include "config/table.h"

namespace odradek::config {
namespace {

// Topic keys of Apache Kafka 4.4: type, default, range as its ConfigDef has them.
constexpr Setting kSettings[] = {
    {"cleanup.policy", Type::kList, "delete", "compact|delete", Status::kHonoured, ""},
    {"compression.gzip.level", Type::kInt, "-1", "1..9|-1", Status::kAccepted, ""},
    {"compression.lz4.level", Type::kInt, "9", "1..17", Status::kAccepted, ""},
    {"compression.type", Type::kString, "producer", "uncompressed|zstd|lz4|snappy|gzip|producer",
     Status::kHonoured, ""},
    {"compression.zstd.level", Type::kInt, "3", "-131072..22", Status::kAccepted, ""},
    {"delete.retention.ms", Type::kLong, "86400000", "0..", Status::kAccepted, ""},
    {"errors.deadletterqueue.group.enable", Type::kBoolean, "false", "", Status::kAccepted, ""},
    {"file.delete.delay.ms", Type::kLong, "60000", "0..", Status::kHonoured, ""},
    {"flush.messages", Type::kLong, "9223372036854775807", "1..", Status::kAccepted, ""},
    {"flush.ms", Type::kLong, "9223372036854775807", "0..", Status::kAccepted, ""},
    {"follower.replication.throttled.replicas", Type::kList, "", "", Status::kAccepted, ""},
    {"index.interval.bytes", Type::kInt, "4096", "0..", Status::kHonoured, ""},
    {"internal.segment.bytes", Type::kInt, {}, "", Status::kAccepted, ""},
    {"leader.replication.throttled.replicas", Type::kList, "", "", Status::kAccepted, ""},
    {"local.retention.bytes", Type::kLong, "-2", "-2..", Status::kAccepted, ""},
    {"local.retention.ms", Type::kLong, "-2", "-2..", Status::kAccepted, ""},
    {"max.compaction.lag.ms", Type::kLong, "9223372036854775807", "1..", Status::kAccepted, ""},
    {"max.decompressed.message.bytes", Type::kInt, "2147483639", "1..2147483639", Status::kHonoured,
     ""},
    {"max.message.bytes", Type::kInt, "1048588", "0..", Status::kHonoured, ""},
    {"message.timestamp.after.max.ms", Type::kLong, "3600000", "0..", Status::kHonoured, ""},
    {"message.timestamp.before.max.ms", Type::kLong, "9223372036854775807", "0..",
     Status::kHonoured, ""},
    {"message.timestamp.type", Type::kString, "CreateTime", "CreateTime|LogAppendTime",
     Status::kHonoured, ""},
    {"min.cleanable.dirty.ratio", Type::kDouble, "0.5", "0..1", Status::kAccepted, ""},
    {"min.compaction.lag.ms", Type::kLong, "0", "0..", Status::kAccepted, ""},
    {"min.insync.replicas", Type::kInt, "1", "1..", Status::kHonoured, ""},
    {"preallocate", Type::kBoolean, "false", "", Status::kAccepted, ""},
    {"remote.copy.lag.bytes", Type::kLong, "-1", "-1..", Status::kAccepted, ""},
    {"remote.copy.lag.ms", Type::kLong, "0", "-1..", Status::kAccepted, ""},
    {"remote.log.copy.disable", Type::kBoolean, "false", "", Status::kAccepted, ""},
    {"remote.log.delete.on.disable", Type::kBoolean, "false", "", Status::kAccepted, ""},
    {"remote.storage.enable", Type::kBoolean, "false", "", Status::kAccepted, ""},
    {"retention.bytes", Type::kLong, "-1", "", Status::kAccepted, ""},
    {"retention.ms", Type::kLong, "604800000", "-1..", Status::kAccepted, ""},
    {"segment.bytes", Type::kInt, "1073741824", "1048576..", Status::kHonoured, ""},
    {"segment.index.bytes", Type::kInt, "10485760", "4..", Status::kHonoured, ""},
    {"segment.jitter.ms", Type::kLong, "0", "0..", Status::kHonoured, ""},
    {"segment.ms", Type::kLong, "604800000", "1..", Status::kHonoured, ""},
    {"unclean.leader.election.enable", Type::kBoolean, "false", "", Status::kAccepted, ""},
    {"write.caching", Type::kBoolean, "false", "", Status::kHonoured, ""},
};

}  // namespace

std::span<const Setting> topic_settings() { return kSettings; }

}  // namespace odradek::config
