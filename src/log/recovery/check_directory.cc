// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include "log/directory/checkpoint_file.h"
#include "log/directory/meta_properties.h"
#include "log/recovery/check.h"

namespace odradek::log::recovery {

namespace {

constexpr std::uint64_t kTextBytesMax = 64U << 20U;

}  // namespace

base::Result<std::vector<Finding>> check_directory_files(env::Disk& disk, const std::string& path) {
  std::vector<Finding> findings;
  const auto look = [&](std::string_view name, std::string_view kind,
                        const auto& parse) -> base::Result<> {
    const std::string file = path + '/' + std::string(name);
    auto text = disk.read_file(file, kTextBytesMax);
    if (!text && text.error().os_error == ENOENT) return {};
    if (!text) return base::fail(std::move(text));
    const auto parsed = parse(*text, file);
    if (parsed) return {};
    findings.push_back({.file = file,
                        .kind = std::string(kind),
                        .text = parsed.error().message,
                        .position = {},
                        .bytes = {},
                        .first_offset = {},
                        .last_offset = {}});
    return {};
  };
  const auto identity = [](std::string_view text, const std::string& file) {
    return directory::parse_meta_properties(text, file);
  };
  if (auto done = look(directory::kMetaPropertiesFile, "identity", identity); !done) {
    return base::fail(std::move(done));
  }
  const auto offsets = [](std::string_view text, const std::string& file) {
    return directory::parse_offset_checkpoint(text, file);
  };
  for (const std::string_view name :
       {directory::kRecoveryPointFile, directory::kLogStartOffsetFile,
        directory::kHighWatermarkFile, directory::kCleanerOffsetFile}) {
    if (auto done = look(name, "checkpoint", offsets); !done) return base::fail(std::move(done));
  }
  return findings;
}

}  // namespace odradek::log::recovery
