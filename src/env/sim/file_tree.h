// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "env/sim/file_image.h"

namespace odradek::env::sim {

// A file or a directory, with the entries as the processes see them and as the disk has them.
struct FileNode {
  const std::uint64_t identity = next_identity();
  bool is_directory = false;
  FileImage image;  // of a file
  // By the host's wall clock; a power cut does not take it back.
  base::Timestamp modified{0};
  std::map<std::string, std::shared_ptr<FileNode>> entries;
  std::map<std::string, std::shared_ptr<FileNode>> durable_entries;

 private:
  static std::uint64_t next_identity();
};

// The names of a file system. A change of names is visible at once and durable when a directory
// that it touches is synced; a rename is durable in both directories or in none.
class FileTree {
 public:
  FileTree();

  // nullptr when there is none. A path is absolute or taken from "/"; "." and "//" are passed over.
  std::shared_ptr<FileNode> find(std::string_view path) const;
  // By names that a power cut leaves.
  std::shared_ptr<FileNode> find_durable(std::string_view path) const;
  // The directory that holds, or would hold, the path's last name; nullptr when there is none.
  std::shared_ptr<FileNode> find_parent(std::string_view path) const;
  static std::string last_name(std::string_view path);
  static std::vector<std::string> names_of(std::string_view path);

  // REQUIRES for all: the parents exist.
  std::shared_ptr<FileNode> create(std::string_view path, bool is_directory);
  void rename(std::string_view from, std::string_view to);
  void remove(std::string_view path);

  // Changes that a sync of the directory makes durable: all that touch it, and the older ones that
  // these build on. In order.
  struct Change;
  using Changes = std::vector<std::shared_ptr<Change>>;
  Changes changes_of(const FileNode& directory) const;
  // The change that gave the node its present name, and what it builds on.
  Changes changes_that_name(const FileNode& node) const;
  const Changes& all_changes() const { return pending_; }
  // By value: what has become durable meanwhile is passed over.
  void make_durable(const Changes& changes);

  // `in_order`: the changes that survive are the first so many, as on a journaled file system;
  // otherwise any, but for those that build on a lost one.
  void power_cut(PowerCutStyle style, bool in_order, SeededRandom& random);

  // Every file that has a name, in order of the names.
  void for_each_node(const std::function<void(const std::shared_ptr<FileNode>&)>& visit) const;
  void for_each_file(const std::function<void(FileNode&)>& visit) const;

 private:
  using Entries = std::map<std::string, std::shared_ptr<FileNode>> FileNode::*;
  std::shared_ptr<FileNode> walk(std::string_view path, Entries entries) const;
  void record(Changes::value_type change);
  Changes with_foundations(const std::function<bool(const Change&)>& is_wanted) const;
  bool survives(const Change& change, const Changes& lost, SeededRandom& random) const;

  std::shared_ptr<FileNode> root_;
  Changes pending_;
};

}  // namespace odradek::env::sim
