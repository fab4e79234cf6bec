// SPDX-License-Identifier: Apache-2.0
#include "log/transaction_index.h"

#include <fmt/core.h>

#include <array>
#include <cerrno>

#include "base/assert.h"

namespace odradek::log {
namespace {

constexpr std::int16_t kVersion = 0;

std::array<std::uint8_t, kAbortedTransactionSize> encode(const AbortedTransaction& transaction) {
  std::array<std::uint8_t, kAbortedTransactionSize> bytes;
  base::store_big_endian(bytes.data(), kVersion);
  base::store_big_endian(bytes.data() + 2, transaction.producer_id.value());
  base::store_big_endian(bytes.data() + 10, transaction.first_offset.value());
  base::store_big_endian(bytes.data() + 18, transaction.last_offset.value());
  base::store_big_endian(bytes.data() + 26, transaction.last_stable_offset.value());
  return bytes;
}

AbortedTransaction decode(const std::uint8_t* from) {
  return {.producer_id = base::ProducerId(base::load_big_endian<std::int64_t>(from + 2)),
          .first_offset = base::Offset(base::load_big_endian<std::int64_t>(from + 10)),
          .last_offset = base::Offset(base::load_big_endian<std::int64_t>(from + 18)),
          .last_stable_offset = base::Offset(base::load_big_endian<std::int64_t>(from + 26))};
}

std::unexpected<base::Error> corrupt(const std::string& path, std::size_t entry,
                                     std::string_view why) {
  return base::fail(base::ErrorCode::kCorruptMessage,
                    fmt::format("transaction index {}: entry {}: {}", path, entry, why));
}

// What no aborted transaction can be; empty for one that can.
std::string insanity_of(const AbortedTransaction& entry) {
  if (entry.producer_id.value() < 0)
    return fmt::format("producer id {}", entry.producer_id.value());
  if (entry.first_offset.value() < 0 || entry.first_offset > entry.last_offset) {
    return fmt::format("offsets {} to {}", entry.first_offset.value(), entry.last_offset.value());
  }
  const bool is_stable_offset_sane =
      entry.last_stable_offset.value() >= 0 && entry.last_stable_offset <= entry.last_offset + 1;
  if (is_stable_offset_sane) return {};
  return fmt::format("last stable offset {} with last offset {}", entry.last_stable_offset.value(),
                     entry.last_offset.value());
}

// Nothing where there is no such file.
base::Result<std::shared_ptr<env::File>> open_existing(env::Disk& disk, const std::string& path) {
  auto file = disk.open(path, env::OpenMode::kReadWrite);
  if (!file && file.error().os_error == ENOENT) return std::shared_ptr<env::File>();
  return file;
}

base::Result<std::vector<AbortedTransaction>> read_entries(env::File& file, std::size_t count) {
  std::vector<std::uint8_t> bytes(count * kAbortedTransactionSize);
  auto read = file.read_at(0, bytes);
  if (!read) return base::fail(std::move(read));
  if (*read != bytes.size()) return corrupt(file.path(), count, "the file ends before it");
  return parse_transaction_index(bytes, file.path());
}

}  // namespace

base::Result<std::vector<AbortedTransaction>> parse_transaction_index(base::ByteView bytes,
                                                                      const std::string& path) {
  std::vector<AbortedTransaction> entries;
  const std::size_t count = bytes.size() / kAbortedTransactionSize;
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* entry = bytes.data() + i * kAbortedTransactionSize;
    const auto version = base::load_big_endian<std::int16_t>(entry);
    if (version != kVersion) return corrupt(path, i, fmt::format("version {}", version));
    entries.push_back(decode(entry));
  }
  if (bytes.size() % kAbortedTransactionSize == 0) return entries;
  return corrupt(path, count, "it is not complete");
}

base::Result<TransactionIndex> TransactionIndex::open(env::Disk& disk, std::string path,
                                                      base::Offset base_offset) {
  TransactionIndex index(disk, std::move(path));
  auto opened = open_existing(disk, index.path_);
  if (!opened) return base::fail(std::move(opened));
  if (!*opened) return index;
  env::File& file = **opened;
  auto size = file.size();
  if (!size) return base::fail(std::move(size));
  const std::size_t count = *size / kAbortedTransactionSize;
  auto entries = read_entries(file, count);
  if (!entries) return base::fail(std::move(entries));
  base::Offset previous = base_offset - 1;
  for (std::size_t i = 0; i < count; ++i) {
    const base::Offset last_offset = (*entries)[i].last_offset;
    if (last_offset <= previous) {
      return corrupt(index.path_, i,
                     fmt::format("last offset {} after {}", last_offset.value(), previous.value()));
    }
    previous = last_offset;
    if (const auto why = insanity_of((*entries)[i]); !why.empty()) {
      return corrupt(index.path_, i, why);
    }
  }
  if (*size % kAbortedTransactionSize != 0) {
    if (auto done = file.truncate(count * kAbortedTransactionSize); !done) {
      return base::fail(std::move(done));
    }
  }
  index.exists_ = true;
  index.count_ = count;
  if (count > 0) index.last_offset_ = previous;
  return index;
}

base::Result<> TransactionIndex::append(const AbortedTransaction& transaction) {
  ODRADEK_ASSERT(transaction.last_offset > last_offset_);
  if (!file_) {
    auto file = disk_->open(path_, env::OpenMode::kCreate);
    if (!file) return base::fail(std::move(file));
    file_ = std::move(*file);
    exists_ = true;
  }
  const auto bytes = encode(transaction);
  if (auto done = file_->write_at(count_ * kAbortedTransactionSize, base::ByteView(bytes)); !done) {
    return done;
  }
  ++count_;
  last_offset_ = transaction.last_offset;
  return {};
}

base::Result<std::vector<AbortedTransaction>> TransactionIndex::all() const {
  if (count_ == 0) return std::vector<AbortedTransaction>{};
  if (file_) return read_entries(*file_, count_);
  auto file = disk_->open(path_, env::OpenMode::kRead);
  if (!file) return base::fail(std::move(file));
  return read_entries(**file, count_);
}

base::Result<bool> TransactionIndex::collect(base::Offset from, base::Offset until,
                                             std::vector<AbortedTransaction>& found) const {
  auto entries = all();
  if (!entries) return base::fail(std::move(entries));
  for (const AbortedTransaction& transaction : *entries) {
    if (transaction.last_offset >= from && transaction.first_offset < until) {
      found.push_back(transaction);
    }
    if (transaction.last_stable_offset >= until) return true;
  }
  return false;
}

base::Result<> TransactionIndex::truncate_to(base::Offset offset) {
  if (count_ == 0 || last_offset_ < offset) return {};
  auto entries = all();
  if (!entries) return base::fail(std::move(entries));
  std::size_t kept = 0;
  while (kept < entries->size() && (*entries)[kept].last_offset < offset) ++kept;
  auto file = disk_->open(path_, env::OpenMode::kReadWrite);
  if (!file) return base::fail(std::move(file));
  if (auto done = (*file)->truncate(kept * kAbortedTransactionSize); !done) return done;
  count_ = kept;
  last_offset_ = kept == 0 ? base::kNoOffset : (*entries)[kept - 1].last_offset;
  return {};
}

base::Result<> TransactionIndex::reset(env::Disk& disk, const std::string& path) {
  auto file = open_existing(disk, path);
  if (!file) return base::fail(std::move(file));
  if (!*file) return {};
  return (*file)->truncate(0);
}

base::Result<> TransactionIndex::flush() const { return file_ ? file_->flush() : base::Result<>(); }

void TransactionIndex::set_path(std::string path) {
  path_ = std::move(path);
  file_.reset();
}

}  // namespace odradek::log
