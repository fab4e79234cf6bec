// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "env/linux/linux_world.h"
#include "log/directory/fake_log.h"
#include "log/directory/log_directory.h"

// A flush group of so many logs with 100 new bytes each, log by log in parallel or by one sync of
// the file system: where max_logs_flushed_singly comes from. On the disk of TMPDIR, whose other
// users' unwritten bytes a common sync waits for as well.
namespace odradek::log::directory {
namespace {

constexpr std::size_t kNewBytes = 100;

class Stage {
 public:
  Stage(std::size_t logs, std::size_t max_logs_flushed_singly) {
    const char* parent = std::getenv("TMPDIR");
    std::string pattern =
        std::string(parent != nullptr ? parent : "/tmp") + "/flush_groups_bench.XXXXXX";
    ODRADEK_ASSERT(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    world_.start();
    DirectoryOptions options;
    options.max_logs_flushed_singly = max_logs_flushed_singly;
    auto opened = LogDirectory::open(world_, path_ + "/data", options);
    ODRADEK_ASSERT(opened.has_value());
    directory_ = std::move(*opened);
    for (std::size_t i = 0; i < logs; ++i) add_log(std::to_string(i));
  }
  ~Stage() {
    for (const auto& log : logs_) directory_->forget_log(*log);
    logs_.clear();
    directory_.reset();
    const auto removed = world_.disk().remove_tree(path_);
    ODRADEK_ASSERT(removed.has_value());
    world_.stop();
  }

  void write() {
    const std::string bytes(kNewBytes, 'x');
    for (const auto& file : files_) {
      const auto written = file->write_at(position_, base::as_bytes(bytes));
      ODRADEK_ASSERT(written.has_value());
    }
    position_ += kNewBytes;
  }
  void flush() {
    flushed_ = 0;
    for (const auto& log : logs_) directory_->request_flush(*log);
    for (std::size_t done = 0; done < logs_.size(); done = flushed_) flushed_.wait(done);
  }

 private:
  void add_log(const std::string& name) {
    auto file = world_.disk().open(path_ + "/data/" + name, env::OpenMode::kCreate);
    ODRADEK_ASSERT(file.has_value());
    files_.push_back(*file);
    logs_.push_back(std::make_unique<FakeLog>(*directory_, *file, name));
    logs_.back()->after_flush = [this] {
      ++flushed_;
      flushed_.notify_all();
    };
    const auto added = directory_->add_log(*logs_.back());
    ODRADEK_ASSERT(added.has_value());
  }

  std::string path_;
  env::LinuxWorld world_{env::LinuxWorldOptions{}};
  std::unique_ptr<LogDirectory> directory_;
  std::vector<std::shared_ptr<env::File>> files_;
  std::vector<std::unique_ptr<FakeLog>> logs_;
  std::uint64_t position_ = 0;
  std::atomic<std::size_t> flushed_ = 0;
};

void run(benchmark::State& state, std::size_t max_logs_flushed_singly) {
  Stage stage(static_cast<std::size_t>(state.range(0)), max_logs_flushed_singly);
  for (auto _ : state) {
    state.PauseTiming();
    stage.write();
    state.ResumeTiming();
    stage.flush();
  }
}

void flush_singly(benchmark::State& state) { run(state, std::numeric_limits<std::size_t>::max()); }
void flush_together(benchmark::State& state) { run(state, 0); }

BENCHMARK(flush_singly)->RangeMultiplier(4)->Range(1, 1024)->UseRealTime();
BENCHMARK(flush_together)->RangeMultiplier(4)->Range(1, 1024)->UseRealTime();

}  // namespace
}  // namespace odradek::log::directory
