// SPDX-License-Identifier: Apache-2.0
#include "wire/codec.h"

#include <gtest/gtest.h>

#include "wire/frame.h"
#include "wire/messages/fetch.h"
#include "wire/messages/produce.h"

namespace odradek::wire {
namespace {

// All bytes of a chain that has no file ranges.
base::SharedBytes flatten(const base::OutputChain& chain) {
  std::vector<std::uint8_t> all;
  for (const base::OutputPiece& piece : chain.pieces()) {
    base::ByteView view = std::get<base::SharedBytes>(piece);
    all.insert(all.end(), view.begin(), view.end());
  }
  return base::SharedBytes::copy(all);
}

ProduceRequest sample_request() {
  ProduceRequest::PartitionProduceData partition;
  partition.index = 7;
  partition.records = base::SharedBytes::copy(base::as_bytes("a batch"));
  ProduceRequest::TopicProduceData topic;
  topic.name = "orders";
  topic.partition_data.push_back(partition);
  ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = 1500;
  request.topic_data.push_back(topic);
  return request;
}

TEST(Codec, AMessageSurvivesEveryVersion) {
  for (Version version = 3; version <= 12; ++version) {
    Writer writer;
    ASSERT_TRUE(sample_request().encode(writer, version));
    Reader reader(flatten(writer.finish()));
    auto decoded = ProduceRequest::decode(reader, version);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_TRUE(reader.expect_end());
    EXPECT_EQ(*decoded, sample_request());
  }
}

TEST(Codec, RecordsOfADecodedMessageAreASliceOfItsFrame) {
  Writer writer;
  ASSERT_TRUE(sample_request().encode(writer, 12));
  base::SharedBytes frame = flatten(writer.finish());
  Reader reader(frame);
  auto decoded = ProduceRequest::decode(reader, 12);
  ASSERT_TRUE(decoded);
  const std::uint8_t* records = decoded->topic_data[0].partition_data[0].records->bytes().data();
  EXPECT_GE(records, frame.data());
  EXPECT_LT(records, frame.data() + frame.size());
}

TEST(Frame, ARequestComesBackWithItsHeader) {
  auto frame = frame_request(sample_request(), 9, 42, "client");
  ASSERT_TRUE(frame);
  base::SharedBytes bytes = flatten(*frame);
  EXPECT_EQ(base::load_big_endian<std::uint32_t>(bytes.data()), bytes.size() - kFrameSizeBytes);
  Reader reader(bytes.slice(kFrameSizeBytes, bytes.size() - kFrameSizeBytes));
  auto header = decode_request_header(reader);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->correlation_id, 42);
  EXPECT_EQ(header->client_id, "client");
  EXPECT_EQ(*ProduceRequest::decode(reader, 9), sample_request());
}

}  // namespace
}  // namespace odradek::wire
