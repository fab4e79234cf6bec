// SPDX-License-Identifier: Apache-2.0
#include "log/move/copy_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace odradek::log::move {
namespace {

using base::Offset;

// A partition that changes as real ones do, and a copy that follows it by next_step alone.
class Model {
 public:
  explicit Model(unsigned seed) : random_(seed) { add_segment(Offset(0)); }

  void change() {
    switch (random_() % 8) {
      case 0:
        source_.segments.back().is_complete = true;
        source_.snapshots.push_back(next_);
        add_segment(next_);
        break;
      case 1:  // retention
        if (source_.segments.size() > 1) source_.segments.erase(source_.segments.begin());
        std::erase_if(source_.snapshots, [this](Offset snapshot) {
          return snapshot < source_.segments.front().base_offset;
        });
        break;
      case 2:  // truncation: the last segment is another one, and shorter
        source_.segments.back().identity = std::make_shared<int>();
        source_.segments.back().bytes /= 2;
        break;
      case 3: {  // compaction
        auto& segment = source_.segments[random_() % source_.segments.size()];
        if (&segment == &source_.segments.back()) break;
        segment.identity = std::make_shared<int>();
        segment.bytes /= 3;
        break;
      }
      default:
        source_.segments.back().bytes += random_() % 1000;
        next_ = next_ + 1 + static_cast<std::int64_t>(random_() % 10);
    }
  }

  // One step of the copier; false when there is nothing to do.
  bool follow(std::uint64_t max_bytes) {
    const Step step = next_step(source_, copied_);
    switch (step.kind) {
      case StepKind::kNothing:
        return false;
      case StepKind::kDropSegment:
        EXPECT_EQ(copied_.segments.erase(step.offset), 1U);
        break;
      case StepKind::kCopyBytes: {
        const SourceSegment& original = segment(step.offset);
        CopiedSegment& copy = copied_.segments[step.offset];
        EXPECT_EQ(step.from, copy.bytes);
        copy.identity = original.identity;
        copy.bytes += std::min(step.bytes, max_bytes);
        break;
      }
      case StepKind::kCopyIndexes:
        EXPECT_TRUE(segment(step.offset).is_complete);
        EXPECT_EQ(copied_.segments[step.offset].bytes, segment(step.offset).bytes);
        copied_.segments[step.offset].has_indexes = true;
        break;
      case StepKind::kDropSnapshot:
        EXPECT_EQ(copied_.snapshots.erase(step.offset), 1U);
        break;
      case StepKind::kCopySnapshot:
        EXPECT_TRUE(copied_.snapshots.insert(step.offset).second);
        break;
    }
    return true;
  }

  void expect_same() const {
    ASSERT_EQ(copied_.segments.size(), source_.segments.size());
    for (const SourceSegment& original : source_.segments) {
      const CopiedSegment& copy = copied_.segments.at(original.base_offset);
      EXPECT_EQ(copy.identity, original.identity);
      EXPECT_EQ(copy.bytes, original.bytes);
      EXPECT_EQ(copy.has_indexes, &original != &source_.segments.back());
    }
    EXPECT_TRUE(std::ranges::equal(copied_.snapshots, source_.snapshots));
    EXPECT_EQ(missing_bytes(source_, copied_), 0U);
  }
  std::uint64_t missing() const { return missing_bytes(source_, copied_); }
  unsigned random() { return static_cast<unsigned>(random_()); }

 private:
  void add_segment(Offset base_offset) {
    if (!source_.segments.empty() && source_.segments.back().base_offset == base_offset) return;
    source_.segments.push_back({base_offset, std::make_shared<int>(), 0, false});
    next_ = base_offset + 1;
  }
  const SourceSegment& segment(Offset base_offset) const {
    return *std::ranges::find(source_.segments, base_offset, &SourceSegment::base_offset);
  }

  std::mt19937 random_;
  CopySource source_;
  Copied copied_;
  Offset next_{0};
};

TEST(CopyPlan, FollowsWhateverTheSourceDoes) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    Model model(seed);
    for (int i = 0; i < 200; ++i) {
      if (model.random() % 3 == 0) model.change();
      model.follow(1 + model.random() % 300);
    }
    int steps = 0;
    while (model.follow(200)) ASSERT_LT(++steps, 10000);
    model.expect_same();
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

TEST(CopyPlan, CountsWhatIsMissing) {
  const auto first = std::make_shared<int>();
  const auto second = std::make_shared<int>();
  CopySource source;
  source.segments = {{Offset(0), first, 100, true}, {Offset(10), second, 50, false}};
  Copied copied;
  EXPECT_EQ(missing_bytes(source, copied), 150U);
  copied.segments[Offset(0)] = {first, 60, false};
  EXPECT_EQ(missing_bytes(source, copied), 90U);
  // Of another one in its place nothing counts.
  copied.segments[Offset(0)].identity = second;
  EXPECT_EQ(missing_bytes(source, copied), 150U);
}

}  // namespace
}  // namespace odradek::log::move
