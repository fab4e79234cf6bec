// SPDX-License-Identifier: Apache-2.0
#include "env/sim/file_image.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace odradek::env::sim {
namespace {

std::uint64_t pages_of(std::uint64_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes; }

}  // namespace

void FileImage::copy(const Pages& pages, std::uint64_t position, base::MutableByteView buffer) {
  for (std::size_t done = 0; done < buffer.size();) {
    const std::uint64_t offset = (position + done) % kPageBytes;
    const std::size_t part = std::min<std::uint64_t>(buffer.size() - done, kPageBytes - offset);
    const auto page = pages.find((position + done) / kPageBytes);
    if (page == pages.end()) {
      std::memset(buffer.data() + done, 0, part);
    } else {
      std::memcpy(buffer.data() + done, page->second->data() + offset, part);
    }
    done += part;
  }
}

std::size_t FileImage::read(std::uint64_t position, base::MutableByteView buffer) const {
  if (position >= size_) return 0;
  const std::size_t count = std::min<std::uint64_t>(buffer.size(), size_ - position);
  copy(pages_, position, buffer.first(count));
  return count;
}

std::string FileImage::durable_content() const {
  std::string content(durable_size_, '\0');
  copy(durable_pages_, 0, {reinterpret_cast<std::uint8_t*>(content.data()), content.size()});
  return content;
}

// A page that a running flush or the durable image shares is copied before it changes.
FileImage::Page& FileImage::writable_page(std::uint64_t number) {
  auto& page = pages_[number];
  if (!page) {
    page = std::make_shared<Page>();
  } else if (page.use_count() > 1) {
    page = std::make_shared<Page>(*page);
  }
  dirty_.insert(number);
  cold_.erase(number);
  return *page;
}

void FileImage::write(std::uint64_t position, base::ByteView bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const std::uint64_t offset = (position + done) % kPageBytes;
    const std::size_t part = std::min<std::uint64_t>(bytes.size() - done, kPageBytes - offset);
    Page& page = writable_page((position + done) / kPageBytes);
    std::memcpy(page.data() + offset, bytes.data() + done, part);
    done += part;
  }
  if (!bytes.empty()) size_ = std::max(size_, position + bytes.size());
}

void FileImage::truncate(std::uint64_t size) {
  if (size < size_) {
    const auto first_gone = pages_.lower_bound(pages_of(size));
    for (auto page = first_gone; page != pages_.end(); ++page) dirty_.insert(page->first);
    pages_.erase(first_gone, pages_.end());
    const std::uint64_t offset = size % kPageBytes;
    if (offset != 0 && pages_.contains(size / kPageBytes)) {
      Page& last = writable_page(size / kPageBytes);
      std::fill(last.begin() + static_cast<std::ptrdiff_t>(offset), last.end(), 0);
    }
    reserved_end_ = std::min(reserved_end_, size);
  }
  size_ = size;
}

void FileImage::reserve(std::uint64_t end) { reserved_end_ = std::max(reserved_end_, end); }

std::uint64_t FileImage::pages_taken() const {
  const std::uint64_t reserved = pages_of(reserved_end_);
  return reserved +
         static_cast<std::uint64_t>(std::distance(pages_.lower_bound(reserved), pages_.end()));
}

std::uint64_t FileImage::pages_missing(std::uint64_t position, std::uint64_t length) const {
  std::uint64_t missing = 0;
  const std::uint64_t end = pages_of(position + length);
  for (std::uint64_t page = std::max(position / kPageBytes, pages_of(reserved_end_)); page < end;
       ++page) {
    if (!pages_.contains(page)) ++missing;
  }
  return missing;
}

FileImage::Flush FileImage::begin_flush() {
  Flush flush{++flushes_begun_, size_, {}};
  flush.pages.reserve(dirty_.size());
  for (const std::uint64_t number : dirty_) {
    const auto page = pages_.find(number);
    flush.pages.emplace_back(number, page == pages_.end() ? nullptr : page->second);
  }
  return flush;
}

// A page rewritten since the flush began is another copy, and stays dirty.
void FileImage::settle(const Flush& flush) {
  for (const auto& [number, content] : flush.pages) {
    const auto page = pages_.find(number);
    if ((page == pages_.end() ? nullptr : page->second) == content) dirty_.erase(number);
  }
}

void FileImage::complete_flush(const Flush& flush) {
  // One that began later took at least as much and is done already.
  if (flush.number < last_settled_) return;
  last_settled_ = flush.number;
  for (const auto& [number, content] : flush.pages) {
    if (content) {
      durable_pages_[number] = content;
    } else {
      durable_pages_.erase(number);
    }
  }
  durable_size_ = flush.size;
  settle(flush);
}

void FileImage::fail_flush(const Flush& flush) { settle(flush); }

bool FileImage::is_cached(std::uint64_t position, std::uint64_t length) const {
  const auto first = cold_.lower_bound(position / kPageBytes);
  return first == cold_.end() || *first >= pages_of(position + length);
}

void FileImage::load_into_cache(std::uint64_t position, std::uint64_t length) {
  cold_.erase(cold_.lower_bound(position / kPageBytes),
              cold_.lower_bound(pages_of(position + length)));
}

void FileImage::drop_cache(std::uint64_t position) {
  const std::uint64_t first = position / kPageBytes;
  for (auto page = pages_.lower_bound(first); page != pages_.end();) {
    const auto durable = durable_pages_.find(page->first);
    const bool is_dirty = dirty_.contains(page->first);
    if (!is_dirty) cold_.insert(page->first);
    if (!is_dirty && durable == durable_pages_.end()) {
      page = pages_.erase(page);
      continue;
    }
    if (!is_dirty) page->second = durable->second;
    ++page;
  }
}

void FileImage::power_cut(PowerCutStyle style, SeededRandom& random) {
  if (style == PowerCutStyle::kBySeed) {
    switch (random.below(4)) {
      case 0:
        break;
      case 1:
        style = PowerCutStyle::kKeepAll;
        break;
      case 2:
        keep_prefix(random);
        break;
      default:
        keep_any(random);
    }
  }
  if (style == PowerCutStyle::kKeepAll) {
    for (const std::uint64_t number : dirty_) keep_page(number);
    durable_size_ = size_;
  }
  become_durable_state();
}

void FileImage::keep_page(std::uint64_t number) {
  const auto page = pages_.find(number);
  if (page == pages_.end()) {
    durable_pages_.erase(number);
  } else {
    durable_pages_[number] = page->second;
  }
}

void FileImage::keep_some_sectors(std::uint64_t number, SeededRandom& random) {
  const auto page = pages_.find(number);
  if (page == pages_.end()) return;
  const auto durable = durable_pages_.find(number);
  auto torn = durable == durable_pages_.end() ? std::make_shared<Page>()
                                              : std::make_shared<Page>(*durable->second);
  for (std::uint64_t at = 0; at < kPageBytes; at += kSectorBytes) {
    if (random.chance(0.5))
      std::copy_n(page->second->begin() + at, kSectorBytes, torn->begin() + at);
  }
  durable_pages_[number] = std::move(torn);
}

// The system wrote from the front and got so far; the page at the cut is torn.
void FileImage::keep_prefix(SeededRandom& random) {
  if (dirty_.empty()) return;
  std::uint64_t kept = random.below(dirty_.size() + 1);
  for (const std::uint64_t number : dirty_) {
    if (kept == 0) {
      keep_some_sectors(number, random);
      if (size_ > durable_size_) {
        durable_size_ = std::max(durable_size_, std::min(size_, (number + 1) * kPageBytes));
      }
      return;
    }
    keep_page(number);
    --kept;
  }
  durable_size_ = size_;
}

void FileImage::keep_any(SeededRandom& random) {
  for (const std::uint64_t number : dirty_) {
    const std::uint64_t fate = random.below(3);
    if (fate == 0) keep_page(number);
    if (fate == 1) keep_some_sectors(number, random);
  }
  const std::uint64_t fate = random.below(3);
  if (fate == 0) durable_size_ = size_;
  if (fate == 1) {
    durable_size_ = random.between(std::min(durable_size_, size_), std::max(durable_size_, size_));
  }
}

void FileImage::become_durable_state() {
  const std::uint64_t size = durable_size_;
  durable_size_ = 0;
  size_ = std::max(size, pages_.empty() ? 0 : (pages_.rbegin()->first + 1) * kPageBytes);
  pages_ = durable_pages_;
  if (!pages_.empty()) size_ = std::max(size_, (pages_.rbegin()->first + 1) * kPageBytes);
  dirty_.clear();
  cold_.clear();
  truncate(size);
  // What lay beyond the size is gone for good.
  durable_pages_ = pages_;
  durable_size_ = size_;
  dirty_.clear();
  reserved_end_ = 0;
  last_settled_ = flushes_begun_;
  drop_cache();
}

}  // namespace odradek::env::sim
