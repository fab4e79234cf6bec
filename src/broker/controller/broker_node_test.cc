// SPDX-License-Identifier: Apache-2.0
#include "broker/controller/broker_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metadata/zookeeper_view.h"

namespace odradek::broker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(BrokerNodeTest, ReadsWhatTheViewWrites) {
  metadata::BrokerImage broker;
  broker.id = base::BrokerId(3);
  broker.endpoints = {{"INTERNAL", "10.0.0.3", 9093, 0}, {"PLAINTEXT", "::1", 9092, 0}};
  EXPECT_THAT(endpoints_in_node(metadata::broker_id_node(broker, 1)),
              ElementsAre(NodeEndpoint{"INTERNAL", {"10.0.0.3", 9093}},
                          NodeEndpoint{"PLAINTEXT", {"::1", 9092}}));
}

TEST(BrokerNodeTest, LeavesOutWhatItDoesNotUnderstand) {
  EXPECT_THAT(endpoints_in_node(""), IsEmpty());
  EXPECT_THAT(endpoints_in_node(R"({"endpoints":[)"), IsEmpty());
  EXPECT_THAT(endpoints_in_node(R"({"endpoints":[],"host":"A://b:1"})"), IsEmpty());
  EXPECT_THAT(endpoints_in_node(R"({"endpoints":["A://b:x","A://b","C://d:70000","E://f:5"]})"),
              ElementsAre(NodeEndpoint{"E", {"f", 5}}));
}

}  // namespace
}  // namespace odradek::broker
