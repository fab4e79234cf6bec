// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/assert.h"
#include "env/linux/linux_world.h"
#include "log/log_manager.h"

// What thousands of partitions cost on the real disk (TMPDIR says which): creating them, opening
// them after a clean stop, stopping.
namespace odradek::log {
namespace {

base::TopicId topic_id() {
  base::TopicId id;
  id.bytes.fill(7);
  return id;
}

class Stage {
 public:
  explicit Stage(std::int32_t partitions) : partitions_(partitions) {
    const char* parent = std::getenv("TMPDIR");
    std::string pattern =
        std::string(parent != nullptr ? parent : "/tmp") + "/log_manager_bench.XXXXXX";
    ODRADEK_ASSERT(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    world_.start();
  }
  ~Stage() {
    manager_.reset();
    const auto removed = world_.disk().remove_tree(path_);
    ODRADEK_ASSERT(removed.has_value());
    world_.stop();
  }

  void start() {
    auto opened = LogManager::open(world_, {.paths = {path_ + "/data"}, .directory = {}});
    ODRADEK_ASSERT(opened.has_value());
    manager_ = std::move(*opened);
    const auto begun = manager_->begin({.cluster_id = "bench", .node_id = base::BrokerId(1)});
    ODRADEK_ASSERT(begun.has_value());
  }
  void load() {
    const auto loaded = manager_->load_logs([](const base::TopicPartition&) {
      return LogDecision{.is_known = true, .topic_id = topic_id(), .config = {}};
    });
    ODRADEK_ASSERT(loaded.has_value());
    ODRADEK_ASSERT(manager_->all().size() == static_cast<std::size_t>(partitions_));
  }
  void create() {
    std::vector<NewLog> logs;
    for (std::int32_t i = 0; i < partitions_; ++i) {
      logs.push_back({.name = {"orders", i}, .topic_id = topic_id(), .config = {}});
    }
    for (const auto& created : manager_->create_many(logs)) ODRADEK_ASSERT(created.has_value());
  }
  void stop() {
    const auto stopped = manager_->stop(1);
    ODRADEK_ASSERT(stopped.has_value());
    manager_.reset();
  }

 private:
  const std::int32_t partitions_;
  std::string path_;
  env::LinuxWorld world_{env::LinuxWorldOptions{}};
  std::unique_ptr<LogManager> manager_;
};

void create_logs(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    Stage stage(static_cast<std::int32_t>(state.range(0)));
    stage.start();
    state.ResumeTiming();
    stage.create();
    state.PauseTiming();
    stage.stop();
    state.ResumeTiming();
  }
}

void load_logs(benchmark::State& state) {
  Stage stage(static_cast<std::int32_t>(state.range(0)));
  stage.start();
  stage.create();
  stage.stop();
  for (auto _ : state) {
    state.PauseTiming();
    stage.start();
    state.ResumeTiming();
    stage.load();
    state.PauseTiming();
    stage.stop();
    state.ResumeTiming();
  }
}

void stop_logs(benchmark::State& state) {
  Stage stage(static_cast<std::int32_t>(state.range(0)));
  stage.start();
  stage.create();
  stage.stop();
  for (auto _ : state) {
    state.PauseTiming();
    stage.start();
    stage.load();
    state.ResumeTiming();
    stage.stop();
  }
}

BENCHMARK(create_logs)->Arg(1)->Arg(5000)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(load_logs)->Arg(5000)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(stop_logs)->Arg(5000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace odradek::log
