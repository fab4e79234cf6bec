// SPDX-License-Identifier: Apache-2.0
#include "env/sim/file_tree.h"

#include <algorithm>
#include <atomic>

#include "base/assert.h"

namespace odradek::env::sim {

// Of no influence on what a simulation does: only compared.
std::uint64_t FileNode::next_identity() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

struct FileTree::Change {
  struct Entry {
    std::shared_ptr<FileNode> directory;
    std::string name;
    std::shared_ptr<FileNode> node;  // nullptr: the name is gone

    bool has_same_name(const Entry& other) const {
      return directory == other.directory && name == other.name;
    }
  };
  std::vector<Entry> entries;
  bool is_durable = false;

  bool builds_on(const Change& older) const {
    return std::ranges::any_of(entries, [&](const Entry& mine) {
      return std::ranges::any_of(older.entries,
                                 [&](const Entry& its) { return mine.has_same_name(its); });
    });
  }
  bool touches(const FileNode& directory) const {
    return std::ranges::any_of(
        entries, [&](const Entry& entry) { return entry.directory.get() == &directory; });
  }
  bool names(const FileNode& node) const {
    return std::ranges::any_of(entries,
                               [&](const Entry& entry) { return entry.node.get() == &node; });
  }
};

namespace {

void visit_files(const FileNode& directory,
                 const std::function<void(const std::shared_ptr<FileNode>&)>& visit) {
  for (const auto& [name, node] : directory.entries) {
    if (node->is_directory) {
      visit_files(*node, visit);
    } else {
      visit(node);
    }
  }
}

void take_durable_entries(FileNode& directory) {
  directory.entries = directory.durable_entries;
  for (const auto& [name, node] : directory.entries) {
    if (node->is_directory) take_durable_entries(*node);
  }
}

}  // namespace

FileTree::FileTree() : root_(std::make_shared<FileNode>()) { root_->is_directory = true; }

std::vector<std::string> FileTree::names_of(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (name.empty() || name == ".") continue;
    if (name == ".." && !names.empty()) {
      names.pop_back();
    } else {
      names.emplace_back(name);
    }
  }
  return names;
}

std::string FileTree::last_name(std::string_view path) {
  auto names = names_of(path);
  return names.empty() ? std::string() : std::move(names.back());
}

std::shared_ptr<FileNode> FileTree::walk(std::string_view path, Entries entries) const {
  std::shared_ptr<FileNode> node = root_;
  for (const std::string& name : names_of(path)) {
    if (!node->is_directory) return nullptr;
    const auto& known = (*node).*entries;
    const auto entry = known.find(name);
    if (entry == known.end()) return nullptr;
    node = entry->second;
  }
  return node;
}

std::shared_ptr<FileNode> FileTree::find(std::string_view path) const {
  return walk(path, &FileNode::entries);
}

std::shared_ptr<FileNode> FileTree::find_durable(std::string_view path) const {
  return walk(path, &FileNode::durable_entries);
}

std::shared_ptr<FileNode> FileTree::find_parent(std::string_view path) const {
  auto names = names_of(path);
  if (names.empty()) return nullptr;
  names.pop_back();
  std::string parent;
  for (const std::string& name : names) parent += '/' + name;
  auto node = find(parent);
  return node && node->is_directory ? node : nullptr;
}

void FileTree::record(Changes::value_type change) {
  for (const Change::Entry& entry : change->entries) {
    if (entry.node) {
      entry.directory->entries[entry.name] = entry.node;
    } else {
      entry.directory->entries.erase(entry.name);
    }
  }
  pending_.push_back(std::move(change));
}

std::shared_ptr<FileNode> FileTree::create(std::string_view path, bool is_directory) {
  auto parent = find_parent(path);
  ODRADEK_ASSERT(parent);
  auto node = std::make_shared<FileNode>();
  node->is_directory = is_directory;
  auto change = std::make_shared<Change>();
  change->entries.push_back({parent, last_name(path), node});
  record(std::move(change));
  return node;
}

void FileTree::rename(std::string_view from, std::string_view to) {
  auto source = find_parent(from);
  auto target = find_parent(to);
  ODRADEK_ASSERT(source && target);
  auto change = std::make_shared<Change>();
  change->entries.push_back({source, last_name(from), nullptr});
  change->entries.push_back({target, last_name(to), find(from)});
  record(std::move(change));
}

void FileTree::remove(std::string_view path) {
  auto parent = find_parent(path);
  ODRADEK_ASSERT(parent);
  auto change = std::make_shared<Change>();
  change->entries.push_back({parent, last_name(path), nullptr});
  record(std::move(change));
}

FileTree::Changes FileTree::with_foundations(
    const std::function<bool(const Change&)>& is_wanted) const {
  Changes wanted;
  for (auto change = pending_.rbegin(); change != pending_.rend(); ++change) {
    const bool is_foundation =
        std::ranges::any_of(wanted, [&](const auto& newer) { return newer->builds_on(**change); });
    if (is_foundation || is_wanted(**change)) wanted.push_back(*change);
  }
  std::ranges::reverse(wanted);
  return wanted;
}

FileTree::Changes FileTree::changes_of(const FileNode& directory) const {
  return with_foundations([&](const Change& change) { return change.touches(directory); });
}

FileTree::Changes FileTree::changes_that_name(const FileNode& node) const {
  return with_foundations([&](const Change& change) { return change.names(node); });
}

void FileTree::make_durable(const Changes& changes) {
  for (const auto& change : changes) {
    if (change->is_durable) continue;
    change->is_durable = true;
    for (const Change::Entry& entry : change->entries) {
      if (entry.node) {
        entry.directory->durable_entries[entry.name] = entry.node;
      } else {
        entry.directory->durable_entries.erase(entry.name);
      }
    }
  }
  std::erase_if(pending_, [](const auto& change) { return change->is_durable; });
}

bool FileTree::survives(const Change& change, const Changes& lost, SeededRandom& random) const {
  const bool is_chosen = random.chance(0.5);
  return is_chosen &&
         std::ranges::none_of(lost, [&](const auto& older) { return change.builds_on(*older); });
}

void FileTree::power_cut(PowerCutStyle style, bool in_order, SeededRandom& random) {
  Changes kept;
  if (style == PowerCutStyle::kKeepAll) kept = pending_;
  if (style == PowerCutStyle::kBySeed && in_order) {
    const std::uint64_t count = random.below(pending_.size() + 1);
    kept.assign(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  if (style == PowerCutStyle::kBySeed && !in_order) {
    Changes lost;
    for (const auto& change : pending_) {
      (survives(*change, lost, random) ? kept : lost).push_back(change);
    }
  }
  make_durable(kept);
  pending_.clear();
  take_durable_entries(*root_);
  for_each_file([&](FileNode& node) { node.image.power_cut(style, random); });
}

void FileTree::for_each_node(
    const std::function<void(const std::shared_ptr<FileNode>&)>& visit) const {
  visit_files(*root_, visit);
}

void FileTree::for_each_file(const std::function<void(FileNode&)>& visit) const {
  visit_files(*root_, [&](const std::shared_ptr<FileNode>& node) { visit(*node); });
}

}  // namespace odradek::env::sim
