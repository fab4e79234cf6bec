// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <optional>
#include <vector>

#include "cli/storage/storage_actions.h"
#include "log/directory/log_directory.h"
#include "log/directory/meta_properties.h"

namespace odradek::cli {
namespace {

using log::directory::DirectoryIdentity;

struct Info {
  std::vector<std::string> found;
  std::optional<DirectoryIdentity> identity;
  std::vector<std::string> problems;
};

void add_identity(env::Disk& disk, const std::string& directory, Info& info) {
  const std::string path = directory + '/' + std::string(log::directory::kMetaPropertiesFile);
  if (!disk.exists(path)) {
    info.problems.push_back(fmt::format("{} is not formatted.", directory));
    return;
  }
  base::Result<DirectoryIdentity> identity;
  if (auto text = disk.read_file(path); !text) {
    identity = base::fail(std::move(text));
  } else {
    identity = log::directory::parse_meta_properties(*text, path);
  }
  if (!identity) {
    info.problems.push_back(fmt::format("Error loading {}: {}", path, identity.error().message));
  } else if (!info.identity) {
    info.identity = *identity;
  } else if (info.identity->cluster_id != identity->cluster_id) {
    info.problems.emplace_back("Mismatched cluster IDs between storage directories.");
  } else if (info.identity->node_id != identity->node_id) {
    info.problems.emplace_back("Mismatched node IDs between storage directories.");
  }
}

Info read_info(env::Disk& disk, const std::set<std::string>& directories) {
  Info info;
  for (const std::string& directory : directories) {
    if (!disk.exists(directory)) {
      info.problems.push_back(fmt::format("{} does not exist", directory));
    } else if (!disk.list(directory)) {
      info.problems.push_back(fmt::format("{} is not a directory", directory));
    } else {
      info.found.push_back(directory);
      add_identity(disk, directory, info);
    }
  }
  if (info.identity && info.identity->version == 0) {
    info.problems.emplace_back(
        "The kafka configuration file appears to be for a cluster in KRaft mode, but the "
        "directories are formatted for legacy mode.");
  }
  return info;
}

Object facts_of(const DirectoryIdentity& identity) {
  Object facts = {{"cluster.id", identity.cluster_id}};
  if (!identity.directory_id.is_zero()) {
    facts.emplace_back("directory.id", identity.directory_id.to_string());
  }
  facts.emplace_back(identity.version == 0 ? "broker.id" : "node.id", identity.node_id.value());
  facts.emplace_back("version", identity.version);
  return facts;
}

void print_list(std::string_view one, std::string_view many,
                const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  fmt::print("{}\n", lines.size() == 1 ? one : many);
  for (const std::string& line : lines) fmt::print("  {}\n", line);
  fmt::print("\n");
}

void print_as_kafka(const Info& info) {
  print_list("Found log directory:", "Found log directories:", info.found);
  if (info.identity) {
    std::string text;
    for (const auto& [key, value] : facts_of(*info.identity)) {
      text += fmt::format("{}{}={}", text.empty() ? "" : ", ", key, one_line(value));
    }
    fmt::print("Found metadata: {{{}}}\n\n", text);
  }
  print_list("Found problem:", "Found problems:", info.problems);
}

void print_document(const Invocation& invocation, const Info& info) {
  Document document;
  List directories(info.found.begin(), info.found.end());
  document.facts.emplace_back("directories", std::move(directories));
  if (info.identity) {
    document.facts.emplace_back("cluster_id", info.identity->cluster_id);
    document.facts.emplace_back("node_id", info.identity->node_id.value());
    document.facts.emplace_back("directory_id", info.identity->directory_id.to_string());
    document.facts.emplace_back("version", info.identity->version);
  }
  Table problems{.columns = {{"problem"}}, .rows = {}};
  for (const std::string& problem : info.problems) {
    problems.rows.push_back({Cell(problem, Tone::kBad)});
  }
  document.tables.emplace_back("problems", std::move(problems));
  Output(invocation.output).print(document);
}

}  // namespace

base::Result<bool> print_storage_info(const Invocation& invocation, env::World& world,
                                      const std::set<std::string>& directories) {
  const Info info = read_info(world.disk(), directories);
  if (invocation.is_native) {
    print_document(invocation, info);
  } else {
    print_as_kafka(info);
  }
  return info.problems.empty();
}

}  // namespace odradek::cli
