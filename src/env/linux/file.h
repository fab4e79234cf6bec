// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "env/disk.h"
#include "env/linux/descriptor.h"

namespace odradek::env {

// The error of a failed call: path, operation, the system's words for `os_error`.
std::unexpected<base::Error> storage_error(const std::string& path, const char* operation,
                                           int os_error);

class LinuxFile final : public File {
 public:
  LinuxFile(std::string path, Descriptor descriptor);

  int descriptor() const { return descriptor_.get(); }

  const std::string& path() const override { return path_; }
  std::uint64_t identity() const override;
  base::Result<std::size_t> read_at(std::uint64_t position, base::MutableByteView buffer) override;
  base::Result<> write_at(std::uint64_t position, std::span<const base::ByteView> parts) override;
  base::Result<> truncate(std::uint64_t size) override;
  base::Result<> allocate(std::uint64_t position, std::uint64_t length) override;
  base::Result<> flush() override;
  base::Result<std::uint64_t> size() const override;
  bool is_cached(std::uint64_t position, std::uint64_t length) const override;
  void load_into_cache(std::uint64_t position, std::uint64_t length) override;
  void drop_from_cache(std::uint64_t position) override;

 private:
  const std::string path_;
  const Descriptor descriptor_;
};

// Whether the pages of [position, position + length) are in the page cache, by mincore(): for
// kernels without cachestat() (before 6.5). Only for files of the caller's own.
bool is_cached_by_mincore(int descriptor, std::uint64_t position, std::uint64_t length);

}  // namespace odradek::env
