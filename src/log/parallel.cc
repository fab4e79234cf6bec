// SPDX-License-Identifier: Apache-2.0
#include "log/parallel.h"

#include <algorithm>
#include <atomic>

#include "base/assert.h"

namespace odradek::log {

std::size_t run_in_parallel(env::WorkerPool& pool, const std::string& name, int max_parallel,
                            std::size_t count, const std::function<void(std::size_t)>& task) {
  ODRADEK_ASSERT(max_parallel > 0);
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> threads = 0;
  const auto work = [&next, &threads, count, &task] {
    std::size_t i = next++;
    if (i < count) ++threads;
    for (; i < count; i = next++) task(i);
  };
  const std::size_t helpers = std::min(count, static_cast<std::size_t>(max_parallel)) - (count > 0);
  if (helpers == 0) {
    work();
    return threads;
  }
  // Its end drops the helpers that did not start and waits for those that did.
  {
    const auto queue = pool.make_queue(name, static_cast<int>(helpers));
    for (std::size_t i = 0; i < helpers; ++i) queue->submit(work);
    work();
  }
  return threads;
}

}  // namespace odradek::log
