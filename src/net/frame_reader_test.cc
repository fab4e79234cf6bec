// SPDX-License-Identifier: Apache-2.0
#include "net/frame_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace odradek::net {
namespace {

std::string framed(std::string_view content) {
  std::string bytes(4, '\0');
  base::store_big_endian(reinterpret_cast<std::uint8_t*>(bytes.data()),
                         static_cast<std::int32_t>(content.size()));
  return bytes.append(content);
}

// Feeds `bytes` in steps of `step` and returns the frames, as far as the first error.
std::vector<std::string> frames_of(FrameReader& reader, const std::string& bytes,
                                   std::size_t step) {
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    base::ByteView input = base::as_bytes(bytes).subspan(at, std::min(step, bytes.size() - at));
    while (true) {
      auto frame = reader.next(input);
      if (!frame) return frames;
      if (!*frame) break;
      frames.emplace_back(base::as_text(**frame));
    }
  }
  return frames;
}

TEST(FrameReaderTest, FramesComeOutHoweverTheBytesCame) {
  const std::string bytes = framed("one") + framed("") + framed(std::string(10000, 'x'));
  for (const std::size_t step : {1U, 2U, 3U, 5U, 4096U, 100000U}) {
    FrameReader reader(20000, "key");
    EXPECT_THAT(frames_of(reader, bytes, step),
                testing::ElementsAre("one", "", std::string(10000, 'x')))
        << step;
    EXPECT_FALSE(reader.partial());
    EXPECT_EQ(reader.reserved_bytes(), 0U);
  }
}

TEST(FrameReaderTest, TheLengthIsCheckedFirstAndTheErrorNamesTheKey) {
  for (const std::string_view length : {"\xff\xff\xff\xff", "\x7f\xff\xff\xff", "\x80\0\0\0"}) {
    FrameReader reader(100, "socket.request.max.bytes");
    const std::string bytes = (std::string(length) + std::string(4, '\0')).substr(0, 4);
    base::ByteView input = base::as_bytes(bytes);
    const auto frame = reader.next(input);
    ASSERT_FALSE(frame);
    EXPECT_THAT(frame.error().message,
                testing::HasSubstr("allowed are 0 to 100 (socket.request.max.bytes)"));
    EXPECT_EQ(reader.reserved_bytes(), 0U);
  }
}

TEST(FrameReaderTest, TheLimitItselfIsAllowed) {
  FrameReader reader(5, "key");
  EXPECT_THAT(frames_of(reader, framed("12345"), 100), testing::ElementsAre("12345"));
  EXPECT_THAT(frames_of(reader, framed("123456"), 100), testing::IsEmpty());
}

TEST(FrameReaderTest, AClaimedLengthCostsNothingBeforeItsBytesCome) {
  FrameReader reader(100U << 20U, "key");
  const std::string start = framed(std::string(90U << 20U, 'x')).substr(0, 4 + 10);
  EXPECT_THAT(frames_of(reader, start, 100), testing::IsEmpty());
  EXPECT_LE(reader.reserved_bytes(), 4096U);
  std::size_t received = 10;
  while (received < (1U << 20U)) {
    const base::MutableByteView room = reader.direct_room();
    ASSERT_FALSE(room.empty());
    EXPECT_LE(reader.reserved_bytes(), std::max<std::size_t>(4096, (received + 1) * 16));
    const std::size_t arrived = std::min<std::size_t>(room.size(), 1000);
    reader.advance(arrived);
    received += arrived;
  }
}

TEST(FrameReaderTest, LargeFramesAreReadInPlace) {
  const std::string content(300000, 'y');
  const std::string bytes = framed(content);
  FrameReader reader(1U << 20U, "key");
  EXPECT_THAT(frames_of(reader, bytes.substr(0, 1000), 1000), testing::IsEmpty());
  std::size_t at = 1000;
  while (true) {
    const base::MutableByteView room = reader.direct_room();
    if (room.empty()) break;
    const std::size_t part = std::min({room.size(), bytes.size() - at, std::size_t{70000}});
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), part, room.begin());
    reader.advance(part);
    at += part;
  }
  const std::string rest = bytes.substr(at) + framed("next");
  EXPECT_THAT(frames_of(reader, rest, rest.size()), testing::ElementsAre(content, "next"));
}

}  // namespace
}  // namespace odradek::net
