// SPDX-License-Identifier: Apache-2.0
#include "broker/request.h"

#include <gtest/gtest.h>

#include "wire/frame.h"
#include "wire/join_pieces.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/envelope.h"
#include "wire/messages/update_features.h"
#include "wire/reader.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using wire::CreateTopicsResponse;
using wire::EnvelopeResponse;

RequestContext context_of(wire::ApiKey key, wire::Version version) {
  RequestContext context;
  context.api = &wire::describe_api(key);
  context.version = version;
  context.correlation_id = 77;
  return context;
}

RequestContext enveloped(RequestContext context) {
  context.envelope = EnvelopeOrigin{{"User", "alice"}, 0, 5};
  return context;
}

base::SharedBytes body_of(const base::OutputChain& frame) {
  const auto whole = wire::join_pieces(frame);
  return whole.slice(wire::kFrameSizeBytes, whole.size() - wire::kFrameSizeBytes);
}

EnvelopeResponse open(const base::OutputChain& frame) {
  wire::Reader reader(body_of(frame));
  const auto header = wire::decode_response_header(reader, wire::ApiKey::kEnvelope, 0);
  EXPECT_EQ(header.value().correlation_id, 5);
  return EnvelopeResponse::decode(reader, 0).value();
}

CreateTopicsResponse created(ErrorCode code) {
  CreateTopicsResponse response;
  response.topics.emplace_back().name = "fine";
  response.topics.emplace_back().name = "second";
  response.topics.back().error_code = code;
  return response;
}

TEST(EnvelopedResponseTest, HoldsWhatTheClientWouldHaveGot) {
  const auto context = context_of(wire::ApiKey::kCreateTopics, 7);
  const auto response = created(ErrorCode::kTopicAlreadyExists);
  const auto plain = encode_response(context, CreateTopicsResponse::layout(), &response);
  const auto envelope =
      open(encode_response(enveloped(context), CreateTopicsResponse::layout(), &response));
  EXPECT_EQ(envelope.error_code, ErrorCode::kNone);
  EXPECT_EQ(envelope.response_data, body_of(plain));
}

TEST(EnvelopedResponseTest, NotControllerAtAnyDepthIsTheEnvelopes) {
  const auto context = enveloped(context_of(wire::ApiKey::kCreateTopics, 7));
  const auto deep = created(ErrorCode::kNotController);
  auto envelope = open(encode_response(context, CreateTopicsResponse::layout(), &deep));
  EXPECT_EQ(envelope.error_code, ErrorCode::kNotController);
  EXPECT_EQ(envelope.response_data, std::nullopt);

  wire::UpdateFeaturesResponse flat;
  flat.error_code = ErrorCode::kNotController;
  envelope = open(encode_response(enveloped(context_of(wire::ApiKey::kUpdateFeatures, 1)),
                                  wire::UpdateFeaturesResponse::layout(), &flat));
  EXPECT_EQ(envelope.error_code, ErrorCode::kNotController);
}

TEST(EnvelopedResponseTest, WithoutAnEnvelopeNotControllerIsTheClients) {
  const auto context = context_of(wire::ApiKey::kCreateTopics, 7);
  const auto response = created(ErrorCode::kNotController);
  wire::Reader reader(body_of(encode_response(context, CreateTopicsResponse::layout(), &response)));
  EXPECT_EQ(
      wire::decode_response_header(reader, wire::ApiKey::kCreateTopics, 7).value().correlation_id,
      77);
  EXPECT_EQ(CreateTopicsResponse::decode(reader, 7).value(), response);
}

TEST(EnvelopedResponseTest, TheRequestIsMadeInItsClientsName) {
  const auto context = context_of(wire::ApiKey::kCreateTopics, 7);
  EXPECT_EQ(principal_of(context), Principal{});
  EXPECT_EQ(principal_of(enveloped(context)), (Principal{"User", "alice"}));
}

}  // namespace
}  // namespace odradek::broker
