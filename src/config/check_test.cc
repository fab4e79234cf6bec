// SPDX-License-Identifier: Apache-2.0
#include "config/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace odradek::config {
namespace {

Checked check(std::string_view text) { return check_configuration("f", text, {}); }

// The one finding of the key.
Finding only(std::string_view text) {
  auto checked = check(text);
  EXPECT_EQ(checked.findings.size(), 1U);
  return checked.findings.empty() ? Finding{} : checked.findings.front();
}

TEST(CheckTest, EachKeyHasItsVerdict) {
  EXPECT_EQ(only("num.partitions=3").verdict, Verdict::kHonoured);
  EXPECT_EQ(only("queued.max.requests=9").verdict, Verdict::kAccepted);
  EXPECT_EQ(only("inter.broker.protocol.version=anything").verdict, Verdict::kAccepted);
  EXPECT_EQ(only("confluent.support.metrics.enable=false").verdict, Verdict::kUnknown);
  EXPECT_EQ(only("super.users=User:a;User:b").verdict, Verdict::kAccepted);
  EXPECT_EQ(only("rsm.config.bucket=b").verdict, Verdict::kAccepted);
  EXPECT_EQ(only("num.partition=3").verdict, Verdict::kRefused);
  EXPECT_EQ(only("num.partitions=none").verdict, Verdict::kRefused);
}

TEST(CheckTest, TheFirstProblemIsTheErrorOfParse) {
  const auto checked = check("num.io.threads=0\nnum.partition=1");
  ASSERT_EQ(checked.problems.size(), 2U);
  EXPECT_EQ(checked.problems[0],
            "f line 1: Invalid value 0 for configuration num.io.threads: allowed is at least 1");
  EXPECT_EQ(checked.problems[1],
            "f line 2: num.partition is not a key that this server knows; the nearest is "
            "num.partitions");
  EXPECT_EQ(Settings::parse("f", "num.io.threads=0", {}).error().message, checked.problems[0]);
}

TEST(CheckTest, WhatIsNotThereIsRefusedByNameAndItsAbsenceIsNot) {
  for (const std::string line :
       {"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "zookeeper.ssl.client.enable=true", "remote.log.storage.system.enable=true",
        "offsets.topic.compression.codec=1", "create.topic.policy.class.name=com.example.Policy",
        "metric.reporters=com.example.Reporter", "config.providers=file",
        "controller.quorum.voters=1@a:9093,2@b:9093", "process.roles=controller",
        "process.roles=broker", "controller.quorum.bootstrap.servers=a:1,b:1",
        "security.inter.broker.protocol=SSL", "sasl.login.class=com.example.Login",
        "quota.producer.default=1000"}) {
    const auto checked = check(line);
    ASSERT_EQ(checked.problems.size(), 1U) << line;
    EXPECT_TRUE(checked.problems[0].starts_with("f line 1: " + line)) << checked.problems[0];
  }
  EXPECT_TRUE(check("").problems.empty());
  const auto harmless = check(
      "authorizer.class.name=\noffsets.topic.compression.codec=0\nprocess.roles=broker,controller\n"
      "node.id=3\ncontroller.quorum.voters=3@localhost:9093\nmetric.reporters=\n"
      "log.dirs=/a,/b\nmetadata.log.dir=/a/\nzookeeper.connect=\n");
  EXPECT_TRUE(harmless.problems.empty()) << harmless.problems.front();
}

TEST(CheckTest, SettingsThatDoNotAgreeAreRefused) {
  for (const std::string text : {"node.id=1\nbroker.id=2",
                                 "log.dirs=/a,/a/",
                                 "log.retention.hours=0",
                                 "log.roll.ms=0",
                                 "queued.max.request.bytes=5",
                                 "max.connections.per.ip=0",
                                 "metrics.listener=9404",
                                 "max.connections.per.ip.overrides=host",
                                 "connections.max.idle.ms=50",
                                 "log.cleaner.threads=200",
                                 "group.consumer.session.timeout.ms=1",
                                 "group.coordinator.rebalance.protocols=consumer",
                                 "inter.broker.listener.name=INTERNAL",
                                 "zookeeper.connect=zk:2181\nlisteners=A://:1\n"
                                 "listener.security.protocol.map=A:PLAINTEXT",
                                 "replica.fetch.wait.max.ms=40000",
                                 "controller.quorum.voters=here",
                                 "zookeeper.set.acl=true",
                                 "zookeeper.digest.credentials=nocolon",
                                 "zookeeper.digest.credentials=:word",
                                 "zookeeper.session.timeout.ms=-1",
                                 "zookeeper.connection.timeout.ms=0",
                                 "listeners=PLAINTEXT://:1\ninter.broker.listener.name=PLAINTEXT\n"
                                 "security.inter.broker.protocol=PLAINTEXT"}) {
    EXPECT_FALSE(check(text).problems.empty()) << text;
  }
}

TEST(CheckTest, ACommentBehindAValueIsExplained) {
  const Finding finding = only("broker.id=0 #id");
  EXPECT_EQ(finding.verdict, Verdict::kRefused);
  EXPECT_NE(finding.words.find("'#id' was meant as a comment"), std::string::npos);
  EXPECT_NE(finding.words.find("broker.id=0"), std::string::npos);
  EXPECT_EQ(only("log.dirs=/data # where data lies").verdict, Verdict::kRefused);
  EXPECT_EQ(only("log.dirs=/data#1").verdict, Verdict::kHonoured);
  EXPECT_EQ(only("ssl.keystore.password=a #b").verdict, Verdict::kAccepted);
}

TEST(CheckTest, TheLastOfSeveralCounts) {
  const auto checked = check_configuration("f", "num.partitions=x\nnum.partitions=2\n",
                                           {{"num.partitions", "3", 0}});
  EXPECT_TRUE(checked.problems.empty());
  EXPECT_EQ(checked.findings[0].words, "given again on the command line, and that counts");
  EXPECT_EQ(check("num.partitions=x\nnum.partitions=2").findings[0].words,
            "given again on line 2, and that counts");
  EXPECT_EQ(checked.findings[2].verdict, Verdict::kHonoured);
  EXPECT_EQ(checked.settings.number("num.partitions"), 3);
}

TEST(CheckTest, AListenersOwnSettingsAreCheckedAndTheServersApply) {
  EXPECT_EQ(only("listener.name.internal.ssl.keystore.location=/k").verdict, Verdict::kAccepted);
  EXPECT_EQ(only("listener.name.internal.scram-sha-512.sasl.jaas.config=x;").value, "[hidden]");
  EXPECT_EQ(only("listener.name.internal.ssl.client.auth=maybe").verdict, Verdict::kRefused);
  EXPECT_EQ(only("listener.name.internal.ssl.keystore.loction=/k").verdict, Verdict::kRefused);
  EXPECT_TRUE(only("listener.name.internal.ssl.keystore.loction=/k")
                  .words.ends_with("nearest is listener.name.internal.ssl.keystore.location"));
  EXPECT_EQ(only("listener.name.internal.plugin.key=1").verdict, Verdict::kUnknown);
}

TEST(CheckTest, AListenerHasLimitsOfItsOwn) {
  EXPECT_EQ(only("listener.name.plaintext.max.connections=9").verdict, Verdict::kHonoured);
  EXPECT_EQ(only("listener.name.plaintext.max.connection.creation.rate=9").verdict,
            Verdict::kHonoured);
  const Finding elsewhere = only("listener.name.PLAINTEXT.max.connections=9");
  EXPECT_EQ(elsewhere.verdict, Verdict::kAccepted);
  EXPECT_EQ(elsewhere.words, "no listener is called PLAINTEXT, in lower case");
  EXPECT_EQ(only("listener.name.plaintext.max.connections=-1").verdict, Verdict::kRefused);
}

TEST(CheckTest, NoSecretIsShown) {
  for (const std::string line :
       {"ssl.key.password=hush", "my.plugin.secret=hush", "delegation.token.master.key=hush",
        "ssl.keystore.pasword=hush", "listener.name.a.ssl.key.pasword=hush"}) {
    const auto checked = check(line);
    EXPECT_EQ(sentence("f", checked.findings[0]).find("hush"), std::string::npos);
    EXPECT_EQ(checked.findings[0].value, "[hidden]") << line;
  }
  const auto refused = check("zookeeper.digest.credentials=hush").problems;
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused.front().find("hush"), std::string::npos) << refused.front();
}

TEST(CheckTest, ATopicsKeyNamesTheServers) {
  EXPECT_NE(only("retention.ms=5").words.find("log.retention.ms"), std::string::npos);
}

TEST(CheckTest, OlderNamesOfAnAddressYieldToTheNewer) {
  const auto checked = check("port=1\nlisteners=PLAINTEXT://:2");
  EXPECT_EQ(checked.findings[0].words, "listeners is there, and that counts");
  EXPECT_EQ(only("port=70000").verdict, Verdict::kRefused);
}

}  // namespace
}  // namespace odradek::config
