// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/forwarder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "broker/cluster/fake_controller.h"
#include "wire/messages/envelope.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::EnvelopeRequest;
using wire::EnvelopeResponse;

constexpr base::BrokerId kSelf(1);

base::SharedBytes bytes(std::string_view text) {
  return base::SharedBytes::copy(base::as_bytes(text));
}
std::string text(const base::SharedBytes& of) { return std::string(base::as_text(of)); }

TEST(ClientIdentityTest, APrincipalIsAsApacheKafkaWritesIt) {
  const Principal alice{"User", "alice", true};
  const auto encoded = encode_principal(alice);
  EXPECT_EQ(text(encoded), std::string("\0\0\5User\6alice\1\0", 15));
  EXPECT_EQ(decode_principal(encoded), alice);
  EXPECT_EQ(decode_principal(bytes("\1\0\1\1\0\0")).error().code,
            ErrorCode::kPrincipalDeserializationFailure);
  EXPECT_EQ(decode_principal({}).error().code, ErrorCode::kPrincipalDeserializationFailure);
}

TEST(ClientIdentityTest, AnAddressIsItsBytes) {
  EXPECT_EQ(text(encode_host("10.0.0.255").value()), std::string("\x0a\0\0\xff", 4));
  EXPECT_EQ(decode_host(encode_host("10.1.2.3").value()), "10.1.2.3");
  EXPECT_EQ(decode_host(encode_host("fe80::1%eth0").value()), "fe80::1");
  EXPECT_EQ(encode_host("localhost").error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(decode_host(bytes("12345")).error().code, ErrorCode::kInvalidRequest);
}

class ForwarderTest : public testing::Test {
 protected:
  ForwarderTest() : forwarder_(std::in_place, self_host_.world(), active_, kSelf, options()) {
    teach(two_, "two");
    teach(three_, "three");
  }
  ~ForwarderTest() override {
    forwarder_.reset();
    for (auto* host : {&self_host_, &two_host_, &three_host_}) {
      if (host->is_running()) host->kill();
      host->discard_tasks();
    }
  }

  static net::PeerClientOptions options() { return {}; }
  void teach(FakeController& controller, std::string name) {
    controller.answer<EnvelopeRequest, EnvelopeResponse>(
        [this, name](const EnvelopeRequest& request) {
          envelopes_.push_back(request);
          std::optional<EnvelopeResponse> response;
          if (is_silent_) return response;
          response.emplace();
          response->error_code = error_;
          if (error_ == ErrorCode::kNone) {
            response->response_data = bytes(name + " did " + text(request.request_data));
          }
          return response;
        });
  }
  void publish(std::int32_t broker, std::int32_t epoch, const FakeController& at) {
    active_.publish(
        ControllerPlace{base::BrokerId(broker), base::LeaderEpoch(epoch), at.address()});
  }
  void forward(std::string_view request, env::Duration limit = seconds(30)) {
    forwarder_->forward(
        bytes(request), {"User", "alice"}, "10.0.0.9", limit,
        [this](base::Result<base::SharedBytes> answer) { answers_.push_back(std::move(answer)); });
  }
  bool run_until_answered() {
    return simulation_.run_until([this] { return !answers_.empty(); }, seconds(60));
  }

  env::sim::SimWorld simulation_{3};
  env::sim::SimHost& self_host_ = simulation_.add_host("self");
  env::sim::SimHost& two_host_ = simulation_.add_host("two");
  env::sim::SimHost& three_host_ = simulation_.add_host("three");
  FakeController two_{two_host_};
  FakeController three_{three_host_};
  ActiveController active_;
  std::optional<Forwarder> forwarder_;
  std::vector<EnvelopeRequest> envelopes_;
  std::vector<base::Result<base::SharedBytes>> answers_;
  ErrorCode error_ = ErrorCode::kNone;
  bool is_silent_ = false;
};

TEST_F(ForwarderTest, GivesBackWhatTheControllerAnsweredToTheClient) {
  publish(2, 1, two_);
  forward("this");
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(text(answers_[0].value()), "two did this");
  ASSERT_EQ(envelopes_.size(), 1U);
  EXPECT_EQ(decode_principal(*envelopes_[0].request_principal), (Principal{"User", "alice"}));
  EXPECT_EQ(decode_host(envelopes_[0].client_host_address), "10.0.0.9");
}

TEST_F(ForwarderTest, WaitsForAController) {
  forward("this");
  simulation_.run_for(seconds(5));
  EXPECT_TRUE(answers_.empty());
  publish(2, 1, two_);
  const auto before = simulation_.elapsed();
  ASSERT_TRUE(run_until_answered());
  EXPECT_TRUE(answers_[0]);
  EXPECT_LT(simulation_.elapsed() - before, milliseconds(100));
}

TEST_F(ForwarderTest, SendsItToTheNextControllerWhereOneDies) {
  is_silent_ = true;
  publish(2, 1, two_);
  forward("this");
  simulation_.run_for(seconds(1));
  ASSERT_EQ(envelopes_.size(), 1U);
  is_silent_ = false;
  two_host_.kill();
  simulation_.run_for(seconds(1));
  publish(3, 2, three_);
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(text(answers_[0].value()), "three did this");
}

TEST_F(ForwarderTest, OneThatIsNotTheControllerIsAskedUntilTheTimeIsOver) {
  error_ = ErrorCode::kNotController;
  publish(2, 1, two_);
  const auto before = simulation_.elapsed();
  forward("this", seconds(7));
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(answers_[0].error().code, ErrorCode::kRequestTimedOut);
  EXPECT_GT(envelopes_.size(), 50U);
  EXPECT_GE(simulation_.elapsed() - before, seconds(7));
  EXPECT_LT(simulation_.elapsed() - before, seconds(7) + milliseconds(100));
}

TEST_F(ForwarderTest, ASilentControllerIsATimeOut) {
  is_silent_ = true;
  publish(2, 1, two_);
  forward("this", seconds(7));
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(answers_[0].error().code, ErrorCode::kRequestTimedOut);
}

TEST_F(ForwarderTest, SaysSoWhereThisBrokerBecomesTheController) {
  forward("this");
  simulation_.run_for(seconds(1));
  EXPECT_FALSE(forwarder_->is_controller_here());
  active_.publish(ControllerPlace{kSelf, base::LeaderEpoch(1), std::nullopt});
  EXPECT_TRUE(forwarder_->is_controller_here());
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(answers_[0].error().code, ErrorCode::kNotController);
}

TEST_F(ForwarderTest, WhatRefusesTheEnvelopeIsGivenBackAtOnce) {
  error_ = ErrorCode::kClusterAuthorizationFailed;
  publish(2, 1, two_);
  forward("this");
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(answers_[0].error().code, ErrorCode::kClusterAuthorizationFailed);
  EXPECT_EQ(envelopes_.size(), 1U);
}

TEST_F(ForwarderTest, OneThatTakesLongDoesNotHoldUpTheNext) {
  publish(2, 1, two_);
  is_silent_ = true;
  forward("slow");
  simulation_.run_for(seconds(1));
  is_silent_ = false;
  forward("fast");
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(text(answers_[0].value()), "two did fast");
}

TEST_F(ForwarderTest, NothingIsAnsweredOnceItIsGone) {
  forward("this");
  simulation_.run_for(seconds(1));
  forwarder_.reset();
  publish(2, 1, two_);
  simulation_.run_for(seconds(60));
  EXPECT_TRUE(answers_.empty());
  EXPECT_TRUE(envelopes_.empty());
}

}  // namespace
}  // namespace odradek::broker
