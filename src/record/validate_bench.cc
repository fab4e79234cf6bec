// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

#include "base/crc32c.h"
#include "record/build.h"
#include "record/validate.h"

namespace odradek::record {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;

// A batch of about 16 KiB, a producer's default, of records with `size` bytes of value.
base::SharedBytes batch_of(Codec codec, std::size_t size) {
  BatchBuilder builder({.codec = codec});
  std::string value(size, 'v');
  for (std::size_t i = 0; builder.plain_size() < 16384; ++i) {
    value[i % size] = static_cast<char>('a' + i % 26);
    builder.append(base::Timestamp(kNow + static_cast<std::int64_t>(i / 8)), std::nullopt,
                   base::as_bytes(value));
  }
  return builder.build();
}

void validate_batch(benchmark::State& state) {
  const auto codec = static_cast<Codec>(state.range(0));
  const base::SharedBytes bytes = batch_of(codec, static_cast<std::size_t>(state.range(1)));
  const auto batch = BatchView::parse(bytes);
  const ValidationOptions options = {.now = base::Timestamp(kNow)};
  for (auto step : state) benchmark::DoNotOptimize(validate(*batch, options));
  state.SetItemsProcessed(state.iterations() * batch->count());
  state.SetLabel(std::string(codec_name(codec)));
}
BENCHMARK(validate_batch)->ArgsProduct({{0, 1, 2, 3, 4}, {100}});
BENCHMARK(validate_batch)->Args({0, 10})->Args({0, 1000});

// What of it is the checksum.
void checksum(benchmark::State& state) {
  const base::SharedBytes bytes = batch_of(Codec::kNone, 100);
  const auto batch = BatchView::parse(bytes);
  for (auto step : state) benchmark::DoNotOptimize(batch->crc_matches());
  state.SetItemsProcessed(state.iterations() * batch->count());
}
BENCHMARK(checksum);

void read_records(benchmark::State& state) {
  const base::SharedBytes bytes = batch_of(static_cast<Codec>(state.range(0)), 100);
  const auto batch = BatchView::parse(bytes);
  for (auto step : state) {
    auto reader = RecordReader::open(*batch);
    for (auto record = reader->next(); *record; record = reader->next()) {
      benchmark::DoNotOptimize((*record)->value->size());
    }
  }
  state.SetItemsProcessed(state.iterations() * batch->count());
}
BENCHMARK(read_records)->Arg(0)->Arg(4);

void build_batch(benchmark::State& state) {
  const auto codec = static_cast<Codec>(state.range(0));
  for (auto step : state) benchmark::DoNotOptimize(batch_of(codec, 100));
  state.SetItemsProcessed(state.iterations() * BatchView::parse(batch_of(codec, 100))->count());
}
BENCHMARK(build_batch)->Arg(0)->Arg(4);

}  // namespace
}  // namespace odradek::record
