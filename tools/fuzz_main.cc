// SPDX-License-Identifier: Apache-2.0
// A main for the fuzz targets where libFuzzer is not at hand: inputs from a seed, so that the same
// seed and run give the same input everywhere.
//
//   <target> [--seed N] [--first N] [--runs N] [file]...
//
// Files are example inputs: each is tried as it is, and most runs mutate one of them. A run that
// crashes names the seed and the run that repeat it.

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// There only under a sanitizer, which then reports faults itself.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kMaxRandomSize = 4096;

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t first = 0;
  std::uint64_t runs = 10'000;
  std::vector<Input> examples;
};

// Written before each run, read when it crashes.
char current_run[128];

void name_run() {
  [[maybe_unused]] auto written =
      ::write(STDERR_FILENO, current_run, std::string_view(current_run).size());
}

void on_signal(int signal) {
  name_run();
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void watch_for_crashes() {
  ::signal(SIGABRT, on_signal);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(name_run);
    return;
  }
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) ::signal(signal, on_signal);
}

Input read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path);
    std::exit(2);
  }
  return Input(std::istreambuf_iterator<char>(file), {});
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    auto number = [&] { return std::strtoull(i + 1 < argc ? argv[++i] : "", nullptr, 10); };
    if (argument == "--seed") {
      options.seed = number();
    } else if (argument == "--first") {
      options.first = number();
    } else if (argument == "--runs") {
      options.runs = number();
    } else {
      options.examples.push_back(read_file(argv[i]));
    }
  }
  return options;
}

std::size_t below(std::mt19937_64& random, std::size_t bound) {
  return bound == 0 ? 0 : random() % bound;
}

Input random_input(std::mt19937_64& random) {
  // Short inputs more often than long ones; half of them poor in values, as real headers are.
  Input input(below(random, std::size_t{1} << below(random, 13)) % kMaxRandomSize);
  bool poor = below(random, 2) == 0;
  for (auto& byte : input) {
    std::uint64_t value = random();
    byte = static_cast<std::uint8_t>(poor && (value & 0x300) != 0 ? value & 3 : value);
  }
  return input;
}

void mutate(std::mt19937_64& random, Input& input) {
  std::size_t at = below(random, input.size());
  auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
  switch (below(random, 6)) {
    case 0:
      if (!input.empty()) input[at] ^= static_cast<std::uint8_t>(1U << below(random, 8));
      break;
    case 1:
      if (!input.empty()) input[at] = static_cast<std::uint8_t>(random());
      break;
    case 2:
      input.resize(at);
      break;
    case 3:
      input.insert(place, static_cast<std::uint8_t>(random()));
      break;
    case 4:
      // Lengths and counts break at their ends.
      for (std::size_t i = at; i < std::min(at + 4, input.size()); ++i) input[i] = 0xff;
      break;
    default:
      if (!input.empty()) input.erase(place);
      break;
  }
}

Input input_of_run(const Options& options, std::uint64_t run) {
  if (run < options.examples.size()) return options.examples[run];
  std::seed_seq sequence{options.seed, options.seed >> 32, run, run >> 32};
  std::mt19937_64 random(sequence);
  if (options.examples.empty() || below(random, 8) == 0) return random_input(random);
  Input input = options.examples[below(random, options.examples.size())];
  for (std::size_t i = 1 + below(random, 4); i > 0; --i) mutate(random, input);
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  Options options = parse(argc, argv);
  watch_for_crashes();
  for (std::uint64_t run = options.first; run < options.first + options.runs; ++run) {
    std::snprintf(current_run, sizeof current_run,
                  "\nrepeat with: --seed %llu --first %llu --runs 1 (and the same files)\n",
                  static_cast<unsigned long long>(options.seed),
                  static_cast<unsigned long long>(run));
    Input input = input_of_run(options, run);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%llu runs, seed %llu: no crash\n", static_cast<unsigned long long>(options.runs),
              static_cast<unsigned long long>(options.seed));
}
