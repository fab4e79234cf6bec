// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "base/assert.h"
#include "env/linux/linux_world.h"
#include "log/directory/log_directory.h"
#include "log/log.h"
#include "record/build.h"

// Appending, reading and opening one partition's log, in the page cache of the machine at hand.
namespace odradek::log {
namespace {

struct Bench {
  Bench() {
    const char* parent = std::getenv("TMPDIR");
    std::string pattern = std::string(parent != nullptr ? parent : "/tmp") + "/log_bench.XXXXXX";
    root = mkdtemp(pattern.data());
    directory = std::move(*directory::LogDirectory::open(world, root + "/data"));
  }
  ~Bench() {
    log.reset();
    directory.reset();
    (void)world.disk().remove_tree(root);
  }
  void open(bool is_clean = true) {
    LogConfig config;
    config.write_caching = true;
    config.segment_bytes = 64 << 20;
    config.file_delete_delay_ms = 0;
    log =
        std::move(*Log::open(*directory, {.name = {"bench", 0},
                                          .topic_id = base::Uuid::from_random(1, 1),
                                          .config = config,
                                          .recovery_point = directory->recovery_point({"bench", 0}),
                                          .was_clean = is_clean}));
  }
  static base::SharedBytes batch(std::size_t bytes) {
    record::BatchBuilder builder;
    const std::string value(100, 'v');
    while (builder.plain_size() < bytes) {
      builder.append(base::Timestamp(1'700'000'000'000), std::nullopt, base::as_bytes(value));
    }
    return builder.build();
  }
  void append(const base::SharedBytes& bytes) {
    auto info = log->append(bytes, base::LeaderEpoch(0), AppendOrigin::kClient);
    ODRADEK_ASSERT(info.has_value());
    log->write_out();
  }

  env::LinuxWorld world{{.loop_count = 1, .worker_threads = 2}};
  std::string root;
  std::unique_ptr<directory::LogDirectory> directory;
  std::unique_ptr<Log> log;
};

// One batch an append, written out at once.
void append_batches(benchmark::State& state) {
  Bench bench;
  bench.open();
  const auto bytes = Bench::batch(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    bench.append(bytes);
    if (bench.log->size_bytes() > (256U << 20U)) {
      state.PauseTiming();
      (void)bench.log->delete_records(bench.log->log_end_offset(), bench.log->log_end_offset());
      state.ResumeTiming();
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
// So many that a run writes no more than some GiB.
BENCHMARK(append_batches)->Arg(200)->Iterations(1'000'000)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(append_batches)->Arg(16384)->Iterations(100'000)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(append_batches)->Arg(1 << 20)->Iterations(1'000)->MeasureProcessCPUTime()->UseRealTime();

// What a consumer at the tail asks for.
void read_at_the_tail(benchmark::State& state) {
  Bench bench;
  bench.open();
  for (int i = 0; i < 1000; ++i) bench.append(Bench::batch(1000));
  const base::Offset end = bench.log->log_end_offset();
  for (auto _ : state) {
    benchmark::DoNotOptimize(bench.log->read(end - 1, end, 1 << 20, true));
  }
}
BENCHMARK(read_at_the_tail);

// What a consumer behind asks for: by the index.
void read_anywhere(benchmark::State& state) {
  Bench bench;
  bench.open();
  for (int i = 0; i < 20000; ++i) bench.append(Bench::batch(1000));
  const base::Offset end = bench.log->log_end_offset();
  std::int64_t offset = 0;
  for (auto _ : state) {
    offset = (offset + 12345) % (end.value() - 5000);
    benchmark::DoNotOptimize(bench.log->read(base::Offset(offset), end, 1 << 20, true));
  }
}
BENCHMARK(read_anywhere);

// A closed log, opened and closed again.
void open_and_close(benchmark::State& state) {
  Bench bench;
  bench.open();
  for (int i = 0; i < 100; ++i) bench.append(Bench::batch(1000));
  (void)bench.log->close();
  for (auto _ : state) {
    bench.open();
    (void)bench.log->close();
  }
}
BENCHMARK(open_and_close);

// 64 MiB above the recovery point, after an unclean stop.
void recover(benchmark::State& state) {
  Bench bench;
  bench.open();
  const auto bytes = Bench::batch(16384);
  for (int i = 0; i < 4000; ++i) bench.append(bytes);
  for (auto _ : state) {
    state.PauseTiming();
    bench.log.reset();
    state.ResumeTiming();
    bench.open(false);
  }
  state.SetBytesProcessed(state.iterations() * 4000 * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(recover)->Iterations(5)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace odradek::log
