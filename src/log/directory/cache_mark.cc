// SPDX-License-Identifier: Apache-2.0
#include "log/directory/cache_mark.h"

#include <cerrno>

#include "base/log.h"

namespace odradek::log::directory {

void CacheMark::set() const { (void)disk_.open(path_, env::OpenMode::kCreate); }

void CacheMark::remove() const {
  auto removed = disk_.remove_file(path_);
  if (removed || removed.error().os_error == ENOENT) return;
  // A file system that takes no change any more has to be mounted anew, which empties the cache.
  base::log::warn("log", "{}", removed.error().message);
}

}  // namespace odradek::log::directory
