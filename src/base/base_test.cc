// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/uuid.h"

namespace odradek::base {
namespace {

TEST(UuidTest, TextIsKafkasAndComesBack) {
  const Uuid id = Uuid::from_random(0x0123456789abcdefULL, 0xfedcba9876543210ULL);
  EXPECT_EQ(id.to_string().size(), 22U);
  EXPECT_EQ(Uuid::parse(id.to_string()), id);
  EXPECT_EQ(Uuid{}.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(kDirectoryLost.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
  EXPECT_FALSE(Uuid::parse("too short"));
  EXPECT_FALSE(Uuid::parse("AAAAAAAAAAAAAAAAAAAA+/"));
}

TEST(Crc32cTest, MatchesThePublishedCheckValueAndContinues) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
  EXPECT_EQ(crc32c(as_bytes("56789"), crc32c(as_bytes("1234"))), 0xe3069283U);
  EXPECT_EQ(crc32c({}), 0U);
}

TEST(SharedBytesTest, SlicesShareTheBlock) {
  SharedBytes slice;
  {
    const SharedBytes whole = SharedBytes::copy(as_bytes("hello world"));
    slice = whole.slice(6, 5);
  }
  EXPECT_EQ(as_text(slice), "world");
}

TEST(OutputChainTest, CountsBytesAndDropsEmptyPieces) {
  OutputChain chain;
  chain.append(SharedBytes{});
  chain.append(SharedBytes::copy(as_bytes("abc")));
  chain.append(FileRange{nullptr, 10, 5});
  EXPECT_EQ(chain.size(), 8U);
  EXPECT_EQ(chain.pieces().size(), 2U);
}

TEST(OutputChainTest, LosesItsBeginningPieceByPiece) {
  OutputChain chain;
  chain.append(SharedBytes::copy(as_bytes("abc")));
  chain.append(FileRange{nullptr, 10, 5});
  chain.append(SharedBytes::copy(as_bytes("xyz")));
  chain.remove_prefix(1);
  EXPECT_EQ(as_text(std::get<SharedBytes>(chain.pieces().front())), "bc");
  chain.remove_prefix(4);
  EXPECT_EQ(std::get<FileRange>(chain.pieces().front()), (FileRange{nullptr, 12, 3}));
  chain.remove_prefix(3);
  EXPECT_EQ(chain.size(), 3U);
  chain.remove_prefix(3);
  EXPECT_TRUE(chain.empty());
  EXPECT_TRUE(chain.pieces().empty());
}

TEST(OutputChainTest, IsCutInTwo) {
  OutputChain chain;
  chain.append(SharedBytes::copy(as_bytes("abc")));
  chain.append(FileRange{nullptr, 10, 5});
  const OutputChain first = chain.take_prefix(4);
  EXPECT_EQ(first.size(), 4U);
  EXPECT_EQ(as_text(std::get<SharedBytes>(first.pieces().front())), "abc");
  EXPECT_EQ(std::get<FileRange>(first.pieces().back()), (FileRange{nullptr, 10, 1}));
  EXPECT_EQ(std::get<FileRange>(chain.pieces().front()), (FileRange{nullptr, 11, 4}));
  EXPECT_EQ(chain.take_prefix(100).size(), 4U);
  EXPECT_TRUE(chain.empty());
}

TEST(BigEndianTest, GoesThereAndBack) {
  std::uint8_t buffer[8];
  store_big_endian<std::int64_t>(buffer, -2);
  EXPECT_EQ(load_big_endian<std::int64_t>(buffer), -2);
  store_big_endian<std::int16_t>(buffer, 0x1234);
  EXPECT_EQ(buffer[0], 0x12);
  EXPECT_EQ(buffer[1], 0x34);
}

TEST(ErrorCodeTest, KnowsNamesAndWhatPasses) {
  EXPECT_EQ(error_name(ErrorCode::kNotLeaderOrFollower), "NOT_LEADER_OR_FOLLOWER");
  EXPECT_TRUE(is_retriable(ErrorCode::kNotLeaderOrFollower));
  EXPECT_FALSE(is_retriable(ErrorCode::kInvalidTopicException));
}

}  // namespace
}  // namespace odradek::base
