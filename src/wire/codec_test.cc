// SPDX-License-Identifier: Apache-2.0
#include "wire/codec.h"

#include <gtest/gtest.h>

#include <memory>

#include "wire/api.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/metadata.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/produce.h"
#include "wire/messages/sync_group.h"
#include "wire/records/group.h"
#include "wire/records/metadata.h"
#include "wire/testing/random_message.h"

namespace odradek::wire {
namespace {

template <typename Message>
base::SharedBytes encoded(const Message& message, Version version) {
  Writer writer;
  auto done = message.encode(writer, version);
  EXPECT_TRUE(done) << done.error().message;
  return testing::flatten(writer.finish());
}

template <typename Message>
std::string encoding_failure(const Message& message, Version version) {
  Writer writer;
  auto done = message.encode(writer, version);
  return done ? "" : done.error().message;
}

template <typename Message>
base::Result<Message> decoded(const base::SharedBytes& bytes, Version version) {
  Reader reader(bytes);
  auto message = Message::decode(reader, version);
  EXPECT_EQ(reader.ok(), message.has_value());
  if (message) {
    EXPECT_TRUE(reader.expect_end());
  }
  return message;
}

base::SharedBytes block(const std::vector<int>& bytes) {
  std::vector<std::uint8_t> content(bytes.begin(), bytes.end());
  return base::SharedBytes::copy(content);
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

TEST(Codec, AMessageSurvivesEveryVersionThatCarriesIt) {
  for (Version version = 3; version <= 12; ++version)
    EXPECT_EQ(*decoded<ProduceRequest>(encoded(sample_request(), version), version),
              sample_request());
}

TEST(Codec, TheBytesOfAnInflexibleVersion) {
  SyncGroupRequest request;
  request.group_id = "g";
  request.generation_id = 2;
  request.member_id = "m";
  EXPECT_EQ(encoded(request, 0), block({0, 1, 'g', 0, 0, 0, 2, 0, 1, 'm', 0, 0, 0, 0}));
  // From version 3 on with the instance id, null here; from 4 on flexible; 5 has the protocol.
  EXPECT_EQ(encoded(request, 3), block({0, 1, 'g', 0, 0, 0, 2, 0, 1, 'm', 0xff, 0xff, 0, 0, 0, 0}));
  EXPECT_EQ(encoded(request, 5), block({2, 'g', 0, 0, 0, 2, 2, 'm', 0, 0, 0, 1, 0}));
}

TEST(Codec, RecordsOfADecodedMessageAreASliceOfItsFrame) {
  base::SharedBytes frame = encoded(sample_request(), 12);
  auto request = decoded<ProduceRequest>(frame, 12);
  const base::SharedBytes& records = request->topic_data[0].partition_data[0].records->bytes();
  EXPECT_GE(records.data(), frame.data());
  EXPECT_LT(records.data(), frame.data() + frame.size());
}

TEST(Codec, AVersionThatDoesNotExistIsUnsupported) {
  Writer writer;
  for (Version version : {-1, 2, 14, 32767}) {
    auto encoding = sample_request().encode(writer, version);
    ASSERT_FALSE(encoding);
    EXPECT_EQ(encoding.error().code, base::ErrorCode::kUnsupportedVersion);
    Reader reader(block({0, 0, 0, 0}));
    auto decoding = ProduceRequest::decode(reader, version);
    ASSERT_FALSE(decoding);
    EXPECT_EQ(decoding.error().code, base::ErrorCode::kUnsupportedVersion);
  }
  EXPECT_EQ(encoding_failure(sample_request(), 14),
            "ProduceRequest version 14: supported are 3 to 13");
}

TEST(Codec, AnIgnorableFieldIsLeftOutWhereItCannotTravel) {
  OffsetCommitRequest request;
  request.group_id = "g";
  request.generation_id_or_member_epoch = 5;
  request.retention_time_ms = 1000;
  EXPECT_EQ(decoded<OffsetCommitRequest>(encoded(request, 0), 0)->generation_id_or_member_epoch,
            -1);
  EXPECT_EQ(decoded<OffsetCommitRequest>(encoded(request, 5), 5)->retention_time_ms, -1);
}

TEST(Codec, AnyOtherFieldMustBeAtItsDefaultThere) {
  OffsetCommitRequest request;
  request.group_instance_id = "static-1";
  EXPECT_EQ(encoding_failure(request, 6),
            "OffsetCommitRequest version 6, GroupInstanceId: this version cannot carry the field, "
            "which is not at its default");
  EXPECT_EQ(encoding_failure(request, 7), "");
  MetadataRequest metadata;
  metadata.allow_auto_topic_creation = false;
  EXPECT_EQ(encoding_failure(metadata, 3),
            "MetadataRequest version 3, AllowAutoTopicCreation: this version cannot carry the "
            "field, which is not at its default");
}

TEST(Codec, NullNeedsAVersionThatAllowsIt) {
  MetadataRequest request;
  request.topics.reset();
  EXPECT_EQ(encoding_failure(request, 0),
            "MetadataRequest version 0, Topics: must not be null in this version");
  EXPECT_EQ(decoded<MetadataRequest>(encoded(request, 1), 1)->topics, std::nullopt);
  auto null = decoded<MetadataRequest>(block({0xff, 0xff, 0xff, 0xff}), 0);
  ASSERT_FALSE(null);
  EXPECT_EQ(null.error().message,
            "MetadataRequest version 0, Topics: must not be null in this version");
}

TEST(Codec, AnErrorNamesThePlaceOfTheField) {
  CreateTopicsRequest request;
  request.topics.resize(2);
  request.topics[1].configs.resize(3);
  request.topics[1].configs[2].name = std::string(32'768, 'x');
  EXPECT_EQ(encoding_failure(request, 7),
            "CreateTopicsRequest version 7, Topics[1].Configs[2].Name: a string of 32768 bytes, at "
            "most 32767 are allowed");
}

TEST(Codec, EveryTruncationIsAnError) {
  for (Version version : {3, 12}) {
    base::SharedBytes bytes = encoded(sample_request(), version);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Reader reader(base::SharedBytes::copy(bytes.view().first(size)));
      auto request = ProduceRequest::decode(reader, version);
      ASSERT_FALSE(request) << size << " bytes of version " << version;
      EXPECT_EQ(request.error().code, base::ErrorCode::kInvalidRequest);
      EXPECT_TRUE(request.error().message.starts_with("ProduceRequest version "));
    }
  }
}

TEST(Codec, ADecodingErrorHasTheReadersCode) {
  Reader reader(block({1}), base::ErrorCode::kCorruptMessage);
  auto record = TopicRecord::decode(reader, 0);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, base::ErrorCode::kCorruptMessage);
  EXPECT_EQ(record.error().message,
            "TopicRecord version 0, TopicId: 16 bytes are needed, 0 are left");
}

TEST(Codec, UnknownTaggedFieldsAreSkipped) {
  EXPECT_EQ(*decoded<SyncGroupRequest>(
                block({1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 40, 3, 1, 2, 3, 50, 0}), 5),
            SyncGroupRequest());
  EXPECT_FALSE(decoded<SyncGroupRequest>(block({1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 40, 3, 1, 2}), 5));
}

// PartitionChangeRecord has its optional fields in tags: 0 Isr, 1 Leader and so on.
TEST(Codec, TaggedFieldsTravelOnlyWhenTheyAreNotAtTheirDefault) {
  PartitionChangeRecord record;
  record.partition_id = 1;
  std::size_t plain = encoded(record, 2).size();
  record.leader = base::BrokerId(3);
  base::SharedBytes bytes = encoded(record, 2);
  EXPECT_EQ(bytes.size(), plain + 6);
  EXPECT_EQ(*decoded<PartitionChangeRecord>(bytes, 2), record);
}

TEST(Codec, ATaggedFieldIsThereOnceAndAsLongAsItSays) {
  base::SharedBytes start = encoded(PartitionChangeRecord(), 2);
  auto with_tags = [&start](const std::vector<int>& tags) {
    std::vector<int> bytes(start.view().begin(), start.view().end() - 1);
    bytes.insert(bytes.end(), tags.begin(), tags.end());
    auto record = decoded<PartitionChangeRecord>(block(bytes), 2);
    return record ? "" : record.error().message;
  };
  EXPECT_EQ(with_tags({1, 1, 4, 0, 0, 0, 3}), "");
  EXPECT_EQ(with_tags({2, 1, 4, 0, 0, 0, 3, 1, 4, 0, 0, 0, 3}),
            "PartitionChangeRecord version 2, Leader: the tagged field is there twice");
  EXPECT_EQ(with_tags({1, 1, 5, 0, 0, 0, 3, 0}),
            "PartitionChangeRecord version 2, Leader: the tagged field is longer than its value");
  EXPECT_EQ(with_tags({1, 1, 3, 0, 0, 0}),
            "PartitionChangeRecord version 2, Leader: 4 bytes are needed, 3 are left");
  EXPECT_EQ(with_tags({1, 1, 9, 0, 0, 0, 3}),
            "PartitionChangeRecord version 2: 9 bytes are needed, 4 are left");
}

// Kafka's generated code writes the null of a nullable structure in two ways.
TEST(Codec, ANullStructureWithATagIsAZero) {
  ConsumerGroupMemberMetadataValue value;
  EXPECT_TRUE(value.classic_member_metadata.has_value());
  value.classic_member_metadata.reset();
  base::SharedBytes bytes = encoded(value, 0);
  EXPECT_EQ(bytes.slice(bytes.size() - 4, 4), block({1, 0, 1, 0}));
  EXPECT_EQ(*decoded<ConsumerGroupMemberMetadataValue>(bytes, 0), value);
}

TEST(Codec, AnArrayDoesNotTakeMemoryThatTheBytesDoNotPayFor) {
  // A million topics, announced in a few bytes.
  std::vector<std::uint8_t> bytes(64);
  base::store_big_endian(bytes.data(), std::uint32_t{1'000'000});
  auto request = decoded<MetadataRequest>(base::SharedBytes::copy(bytes), 0);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().message,
            "MetadataRequest version 0, Topics: an array of 1000000 elements, 60 bytes are left");
  // A million topics that are there, each of them two bytes.
  std::vector<std::uint8_t> many(2'000'100);
  base::store_big_endian(many.data(), std::uint32_t{1'000'000});
  auto large = decoded<MetadataRequest>(base::SharedBytes::copy(many), 0);
  ASSERT_FALSE(large);
  EXPECT_EQ(
      large.error().message,
      "MetadataRequest version 0, Topics: the message's arrays and strings take more than the "
      "40002000 bytes of memory allowed");
}

TEST(Codec, EveryMessageOfEveryVersionComesBack) {
  std::mt19937_64 random(20261121);
  for (const MessageType& type : all_message_types()) {
    const MessageLayout& layout = type.layout();
    for (Version version = layout.versions.low; version <= layout.versions.high; ++version) {
      for (int i = 0; i < 5; ++i) {
        std::unique_ptr<void, void (*)(void*)> message(type.create(), type.destroy);
        testing::fill_with_random_values(layout, message.get(), version, random);
        Writer writer;
        ASSERT_TRUE(encode_message(layout, message.get(), writer, version));
        base::SharedBytes bytes = testing::flatten(writer.finish());
        std::unique_ptr<void, void (*)(void*)> copy(type.create(), type.destroy);
        Reader reader(bytes);
        auto done = decode_message(layout, copy.get(), reader, version);
        ASSERT_TRUE(done) << done.error().message;
        ASSERT_TRUE(reader.expect_end()) << type.name << " version " << version;
        Writer again;
        ASSERT_TRUE(encode_message(layout, copy.get(), again, version));
        ASSERT_EQ(testing::flatten(again.finish()), bytes) << type.name << " version " << version;
      }
    }
  }
}

}  // namespace
}  // namespace odradek::wire
