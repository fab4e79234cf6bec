// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.h"

#include <gtest/gtest.h>

#include "wire/messages/api_versions.h"
#include "wire/messages/heartbeat.h"
#include "wire/messages/sasl_handshake.h"
#include "wire/reader.h"
#include "wire/testing/random_message.h"

namespace odradek::wire {
namespace {

base::SharedBytes block(const std::vector<int>& bytes) {
  std::vector<std::uint8_t> content(bytes.begin(), bytes.end());
  return base::SharedBytes::copy(content);
}

// What follows the size, which must be right.
base::SharedBytes body(const base::Result<base::OutputChain>& frame) {
  EXPECT_TRUE(frame) << frame.error().message;
  base::SharedBytes bytes = testing::flatten(*frame);
  EXPECT_EQ(base::load_big_endian<std::uint32_t>(bytes.data()), bytes.size() - kFrameSizeBytes);
  return bytes.slice(kFrameSizeBytes, bytes.size() - kFrameSizeBytes);
}

TEST(Frame, ARequestComesBackWithItsHeader) {
  HeartbeatRequest request;
  request.group_id = "group";
  for (Version version = 0; version <= HeartbeatRequest::kMaxVersion; ++version) {
    Reader reader(body(frame_request(request, version, 42, "client")));
    auto header = decode_request_header(reader);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->request_api_key, 12);
    EXPECT_EQ(header->request_api_version, version);
    EXPECT_EQ(header->correlation_id, 42);
    EXPECT_EQ(header->client_id, "client");
    EXPECT_EQ(*HeartbeatRequest::decode(reader, version), request);
    EXPECT_TRUE(reader.expect_end());
  }
}

TEST(Frame, TheClientIdKeepsItsOldFormInTheFlexibleHeader) {
  // Key 12, version 4, correlation id 1, "c" with two bytes of length, no tagged fields.
  std::vector<int> header = {0, 12, 0, 4, 0, 0, 0, 1, 0, 1, 'c', 0};
  base::SharedBytes frame = body(frame_request(HeartbeatRequest(), 4, 1, "c"));
  EXPECT_EQ(frame.slice(0, header.size()), block(header));
}

TEST(Frame, AClientIdMayBeNull) {
  Reader reader(body(frame_request(HeartbeatRequest(), 0, 1, std::nullopt)));
  EXPECT_EQ(decode_request_header(reader)->client_id, std::nullopt);
}

TEST(Frame, TheHeaderOfARequestThatDoesNotExist) {
  Reader unknown(block({0, 4, 0, 0, 0, 0, 0, 1, 0xff, 0xff}));
  EXPECT_EQ(decode_request_header(unknown).error().message, "no API has the key 4");
  Reader cut(block({0, 0, 0}));
  EXPECT_EQ(decode_request_header(cut).error().message, "a request of 3 bytes has no header");
  Reader half(block({0, 12, 0, 0, 0, 0}));
  EXPECT_EQ(decode_request_header(half).error().message,
            "RequestHeader version 1, CorrelationId: 4 bytes are needed, 2 are left");
}

// A client newer than this server asks with a version that is not known here, and must be answered.
TEST(Frame, TheHeaderOfAVersionThatDoesNotExistIsRead) {
  Reader reader(block({0, 18, 0, 99, 0, 0, 0, 7, 0, 1, 'c', 0, 1, 2, 3}));
  auto header = decode_request_header(reader);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->request_api_version, 99);
  EXPECT_EQ(header->correlation_id, 7);
  EXPECT_EQ(reader.remaining(), 3U);
}

TEST(Frame, AResponsesHeaderIsFlexibleWithItsVersion) {
  EXPECT_EQ(body(frame_response(HeartbeatResponse(), 3, 7)).view().size(), 4U + 4 + 2);
  // Two empty tagged sections: the header's and the response's.
  EXPECT_EQ(body(frame_response(HeartbeatResponse(), 4, 7)).view().size(), 4U + 1 + 4 + 2 + 1);
}

TEST(Frame, TheResponseOfApiVersionsAlwaysHasTheFirstHeader) {
  for (Version version = 0; version <= ApiVersionsResponse::kMaxVersion; ++version) {
    base::SharedBytes frame = body(frame_response(ApiVersionsResponse(), version, 7));
    Reader reader(frame);
    EXPECT_EQ(decode_response_header(reader, ApiKey::kApiVersions, version)->correlation_id, 7);
    EXPECT_EQ(reader.position(), 4U);
    EXPECT_TRUE(ApiVersionsResponse::decode(reader, version));
    EXPECT_TRUE(reader.expect_end());
  }
}

TEST(Frame, SaslHandshakeIsNeverFlexible) {
  const ApiDescription& api = describe_api(ApiKey::kSaslHandshake);
  EXPECT_EQ(api.request_header_version(1), 1);
  EXPECT_EQ(api.response_header_version(1), 0);
}

TEST(Frame, AMessageThatCannotBeEncodedIsAnError) {
  HeartbeatRequest request;
  request.group_instance_id = "static";
  EXPECT_FALSE(frame_request(request, 2, 1, "client"));
}

}  // namespace
}  // namespace odradek::wire
