// SPDX-License-Identifier: Apache-2.0
#include "cli/dump_log/dump_log_command.h"

#include <fmt/core.h>

#include <array>
#include <cstdio>

#include "cli/dump_log/dump_log.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/signals.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::string_view kStringDecoder = "org.apache.kafka.tools.api.StringDecoder";

constexpr std::array kFlags = {
    FlagSpec{"files", kRequired, "file,...",
             "The files to print: .log, .index, .timeindex, .txnindex, .snapshot (producers) and "
             ".checkpoint (a metadata snapshot)."},
    FlagSpec{"print-data-log", kNone, "",
             "Print keys and values of the records, too; every decoder does that, too."},
    FlagSpec{"deep-iteration", kNone, "", "Print each record, not only the batches."},
    FlagSpec{"skip-record-metadata", kNone, "",
             "Leave offsets, timestamps and sizes of records out, and control records."},
    FlagSpec{"verify-index-only", kNone, "", "Compare indexes with their segment in silence."},
    FlagSpec{"index-sanity-check", kNone, "",
             "Only check of indexes what a server checks at its start."},
    FlagSpec{"max-message-size", kRequired, "bytes", "The largest batch there is (5242880)."},
    FlagSpec{"max-bytes", kRequired, "bytes", "Read no more of a segment than its first bytes."},
    FlagSpec{"offsets-decoder", kNone, "", "The records are those of __consumer_offsets."},
    FlagSpec{"transaction-log-decoder", kNone, "", "The records are those of __transaction_state."},
    FlagSpec{"cluster-metadata-decoder", kNone, "", "The records are those of __cluster_metadata."},
    FlagSpec{"remote-log-metadata-decoder", kNone, "",
             "The records are those of __remote_log_metadata."},
    FlagSpec{"share-group-state-decoder", kNone, "",
             "The records are those of __share_group_state."},
    FlagSpec{"key-decoder-class", kOptional, "class",
             "How keys are printed: StringDecoder, IntegerDecoder or LongDecoder of "
             "org.apache.kafka.tools.api."},
    FlagSpec{"value-decoder-class", kOptional, "class", "The same for values."},
};

constexpr std::string_view kExamples =
    "  odradek dump-log data/orders-0/00000000000000000000.log --print-data-log\n"
    "  odradek dump-log data/__cluster_metadata-0/00000000000000000000.log "
    "--cluster-metadata-decoder\n"
    "  kafka-dump-log --files 00000000000000000000.index,00000000000000000000.timeindex "
    "--verify-index-only\n";

// The flags that print keys and values.
constexpr std::array<std::string_view, 8> kPrinting = {"print-data-log",
                                                       "offsets-decoder",
                                                       "transaction-log-decoder",
                                                       "cluster-metadata-decoder",
                                                       "remote-log-metadata-decoder",
                                                       "share-group-state-decoder",
                                                       "value-decoder-class",
                                                       "key-decoder-class"};

base::Result<RecordDecoder> decoder_of(const Flags& flags) {
  if (flags.has("offsets-decoder")) return group_decoder();
  if (flags.has("transaction-log-decoder")) return transaction_decoder();
  if (flags.has("cluster-metadata-decoder")) return metadata_decoder();
  if (flags.has("remote-log-metadata-decoder")) return remote_log_metadata_decoder();
  if (flags.has("share-group-state-decoder")) return share_state_decoder();
  return plain_decoder(flags.value_or("key-decoder-class", kStringDecoder),
                       flags.value_or("value-decoder-class", kStringDecoder));
}

base::Result<DumpOptions> options_of(const Flags& flags) {
  if (auto ok = require(flags, {"files"}); !ok) return base::fail(std::move(ok));
  DumpOptions options;
  options.print_records = count_given(flags, kPrinting) > 0;
  options.deep_iteration = options.print_records || flags.has("deep-iteration");
  options.skip_record_metadata = flags.has("skip-record-metadata");
  options.verify_only = flags.has("verify-index-only");
  options.index_sanity_only = flags.has("index-sanity-check");
  const auto max_bytes = flags.number("max-bytes", INT32_MIN, INT32_MAX);
  if (!max_bytes) return base::fail(max_bytes.error());
  if (*max_bytes) options.max_bytes = static_cast<std::int32_t>(**max_bytes);
  const auto max_message_size = flags.number("max-message-size", INT32_MIN, INT32_MAX);
  if (!max_message_size) return base::fail(max_message_size.error());
  if (*max_message_size) options.max_message_size = static_cast<std::int32_t>(**max_message_size);
  auto decoder = decoder_of(flags);
  if (!decoder) return base::fail(std::move(decoder));
  options.decoder = *std::move(decoder);
  return options;
}

// As Java's String.split: empty parts at the end do not count.
std::vector<std::string> split_files(std::string_view list) {
  std::vector<std::string> files;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    files.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  while (!files.empty() && files.back().empty()) files.pop_back();
  return files;
}

int run_dump_log(const Invocation& invocation) {
  auto options = options_of(invocation.flags);
  if (!options) return usage_error(invocation, options.error().message);
  Output output(invocation.output);
  if (invocation.is_native && output.form() == OutputForm::kJson) options->json = &output;
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  catch_ending_signals();
  DumpProblems problems;
  for (const std::string& file : split_files(*invocation.flags.value("files"))) {
    if (is_ended()) break;
    const auto dumped = dump_file(world.disk(), file, *options, problems);
    if (!dumped) {
      std::fflush(stdout);
      fmt::print(stderr, "{}\n", dumped.error().message);
      return 1;
    }
  }
  std::fflush(stdout);
  if (!is_ended()) problems.print();
  return exit_code_after_signal(0);
}

}  // namespace

Command dump_log_command() {
  return {.name = "dump-log",
          .script_name = "kafka-dump-log",
          .summary = "Print what segments, indexes and snapshots hold.",
          .verbs = {},
          .subject = "files",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_dump_log,
          .section = Section::kForensics,
          .prints_data = true};
}

}  // namespace odradek::cli
