// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "env/disk.h"

namespace odradek::log::directory {

// A file of a log directory whose being there says: what the page cache has of this directory is
// what was written, for no flush of it has failed. It is there while a server has the directory,
// and stays when one is killed; a failure takes it away. It lives and dies with the cache that it
// speaks of: a power cut may bring it back or take it, but then all is read from the disk. So it is
// never flushed.
inline constexpr std::string_view kCacheMarkFile = ".page-cache-is-true";

// Blocks. Threads: any; the caller orders `set` before `remove`.
class CacheMark {
 public:
  CacheMark(env::Disk& disk, const std::string& directory)
      : disk_(disk), path_(directory + '/' + std::string(kCacheMarkFile)) {}

  bool is_set() const { return disk_.exists(path_); }
  // Where it can't be made, the next start reads from the disk.
  void set() const;
  void remove() const;

 private:
  env::Disk& disk_;
  const std::string path_;
};

}  // namespace odradek::log::directory
