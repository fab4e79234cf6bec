// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "env/sim/seeded_random.h"

namespace odradek::env::sim {

inline constexpr std::uint64_t kPageBytes = 4096;
inline constexpr std::uint64_t kSectorBytes = 512;

// What a power cut leaves of what was not flushed.
enum class PowerCutStyle : std::uint8_t {
  kBySeed,   // one of the others, or any mixture of whole pages and sectors
  kLoseAll,  // nothing
  kKeepAll,  // everything: the system had written it out by itself
};

// The content of a file, as the processes see it (the page cache) and as the disk has it. Holes
// take no memory.
class FileImage {
 public:
  std::uint64_t size() const { return size_; }
  // Returns the bytes read, fewer only where the file ends.
  std::size_t read(std::uint64_t position, base::MutableByteView buffer) const;
  // All that the disk has, which a power cut leaves.
  std::string durable_content() const;
  void write(std::uint64_t position, base::ByteView bytes);
  void truncate(std::uint64_t size);
  // Space up to `end` is taken without changing the size.
  void reserve(std::uint64_t end);
  // Pages of space taken, and how many more a write of the range would take.
  std::uint64_t pages_taken() const;
  std::uint64_t pages_missing(std::uint64_t position, std::uint64_t length) const;

  // A flush takes what is dirty when it begins; what is written meanwhile is the next one's.
  struct Flush {
    std::uint64_t number = 0;
    std::uint64_t size = 0;
    std::vector<std::pair<std::uint64_t, std::shared_ptr<std::array<std::uint8_t, kPageBytes>>>>
        pages;
  };
  Flush begin_flush();
  void complete_flush(const Flush& flush);
  // The pages count as clean although the disk never got them, as Linux has it.
  void fail_flush(const Flush& flush);

  bool is_cached(std::uint64_t position, std::uint64_t length) const;
  void load_into_cache(std::uint64_t position, std::uint64_t length);
  // Takes the clean pages from the one with `position` on out of the cache. One that a failed flush
  // did not bring to the disk is what the disk has of it then.
  void drop_cache(std::uint64_t position = 0);

  void power_cut(PowerCutStyle style, SeededRandom& random);

 private:
  using Page = std::array<std::uint8_t, kPageBytes>;
  using Pages = std::map<std::uint64_t, std::shared_ptr<Page>>;

  static void copy(const Pages& pages, std::uint64_t position, base::MutableByteView buffer);
  Page& writable_page(std::uint64_t number);
  void settle(const Flush& flush);
  void keep_page(std::uint64_t number);
  void keep_some_sectors(std::uint64_t number, SeededRandom& random);
  void keep_prefix(SeededRandom& random);
  void keep_any(SeededRandom& random);
  void become_durable_state();

  std::uint64_t size_ = 0;
  std::uint64_t reserved_end_ = 0;
  Pages pages_;
  std::uint64_t durable_size_ = 0;
  Pages durable_pages_;
  std::set<std::uint64_t> dirty_;  // numbers of pages that differ from the durable ones
  std::set<std::uint64_t> cold_;   // numbers of pages not in the cache
  std::uint64_t flushes_begun_ = 0;
  std::uint64_t last_settled_ = 0;
};

}  // namespace odradek::env::sim
