// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "env/sim/sim_world.h"
#include "log/log_test_directory.h"
#include "record/build.h"
#include "replica/partition.h"

namespace odradek::replica {
namespace {

using base::ErrorCode;
using base::Offset;

base::SharedBytes one_record() {
  record::BatchBuilder builder;
  builder.append(base::Timestamp(0), std::nullopt, base::as_bytes("value"));
  return builder.build();
}

TEST(PartitionFailureTest, WhatCouldNotBeWrittenIsNotAcknowledged) {
  env::sim::SimWorld simulation(1);
  env::sim::SimHost& host = simulation.add_host("node");
  log::testing::TestDirectory directory(host.world(), "/data");
  const base::Uuid topic_id = base::Uuid::from_random(1, 2);
  log::Log::OpenOptions options;
  options.name = {"t", 0};
  options.topic_id = topic_id;
  auto log = log::Log::open(directory, std::move(options));
  ASSERT_TRUE(log) << log.error().message;
  Partition partition(std::move(*log), topic_id);
  partition.become_leader(base::LeaderEpoch(0));
  ASSERT_TRUE(partition.append(one_record(), log::AppendOrigin::kClient));
  host.disk().inject(
      {.operation = env::sim::DiskOperation::kWrite, .path_contains = ".log", .os_error = ENOSPC});
  const auto failed = partition.append(one_record(), log::AppendOrigin::kClient);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kKafkaStorageError);
  EXPECT_EQ(partition.log().written_end_offset(), Offset(1));
}

}  // namespace
}  // namespace odradek::replica
