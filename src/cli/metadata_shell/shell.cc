// SPDX-License-Identifier: Apache-2.0
#include "cli/metadata_shell/shell.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "cli/json/json_reader.h"

namespace odradek::cli {
namespace {

struct ShellCommand {
  std::string_view name;
  std::string_view description;
  bool is_interactive;
};
constexpr std::array kCommands = {
    ShellCommand{"cat", "Show the contents of metadata files.", false},
    ShellCommand{"cd", "Set the current working directory.", true},
    ShellCommand{"exit", "Exit the metadata shell.", true},
    ShellCommand{"find", "Search for nodes in the directory hierarchy.", false},
    ShellCommand{"help", "Display this help message.", true},
    ShellCommand{"history", "Print command history.", true},
    ShellCommand{"ls", "List metadata nodes.", false},
    ShellCommand{"man", "Show the help text for a specific command.", true},
    ShellCommand{"pwd", "Print the current working directory.", true},
    ShellCommand{"tree", "Show the contents of metadata nodes in a tree structure.", false},
};

// The parts of a path, without "." and with ".." gone up.
std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.emplace_back(part);
    }
  }
  return parts;
}

// "{a,b}c" as "ac" and "bc"; nothing where the braces do not match.
std::optional<std::vector<std::string>> alternatives(std::string_view pattern) {
  const std::size_t open = pattern.find('{');
  if (open == std::string_view::npos) return std::vector<std::string>{std::string(pattern)};
  const std::size_t close = pattern.find('}', open);
  if (close == std::string_view::npos) return std::nullopt;
  std::string_view group = pattern.substr(open + 1, close - open - 1);
  if (group.find('{') != std::string_view::npos) return std::nullopt;
  const auto rests = alternatives(pattern.substr(close + 1));
  if (!rests) return std::nullopt;
  std::vector<std::string> all;
  while (true) {
    const std::size_t comma = group.find(',');
    for (const std::string& rest : *rests) {
      all.push_back(std::string(pattern.substr(0, open)) + std::string(group.substr(0, comma)) +
                    rest);
    }
    if (comma == std::string_view::npos) return all;
    group.remove_prefix(comma + 1);
  }
}

bool is_literal(std::string_view pattern) {
  return pattern.find_first_of("*?{\\") == std::string_view::npos;
}

// `*` and `?` only; no recursion, so that no pattern takes long.
bool matches_wildcards(std::string_view pattern, std::string_view name) {
  std::size_t at = 0;
  std::size_t i = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_at = 0;
  while (at < name.size()) {
    const bool is_escaped = i + 1 < pattern.size() && pattern[i] == '\\';
    const std::size_t next = is_escaped ? i + 1 : i;
    if (i < pattern.size() && !is_escaped && pattern[i] == '*') {
      star = i++;
      star_at = at;
    } else if (next < pattern.size() &&
               (pattern[next] == name[at] || (!is_escaped && pattern[next] == '?'))) {
      i = next + 1;
      ++at;
    } else if (star != std::string_view::npos) {
      i = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  while (i < pattern.size() && pattern[i] == '*') ++i;
  return i == pattern.size();
}

void print_tree(const ShellNode& node, std::size_t depth, std::string& out) {
  const std::string indentation(depth * 2, ' ');
  if (!node.is_directory) {
    out += fmt::format("{}{}\n", indentation, node.text);
    return;
  }
  for (const auto& [name, child] : node.children) {
    out += fmt::format("{}{}:\n", indentation, name);
    print_tree(child, depth + 1, out);
  }
}

void print_paths(const ShellNode& node, const std::string& path, std::string& out) {
  out += path + '\n';
  for (const auto& [name, child] : node.children) {
    print_paths(child, path == "/" ? path + name : path + '/' + name, out);
  }
}

Value content_of(const ShellNode& node) {
  if (!node.is_directory) {
    auto json = parse_json(node.text);
    return json ? *std::move(json) : Value(node.text);
  }
  Object members;
  for (const auto& [name, child] : node.children) members.emplace_back(name, content_of(child));
  return members;
}

std::string joined(const std::vector<std::string>& path) {
  std::string text;
  for (const std::string& part : path) text += '/' + part;
  return text.empty() ? "/" : text;
}

void add_paths(const ShellNode& node, const std::string& path, List& paths) {
  paths.emplace_back(path);
  for (const auto& [name, child] : node.children) {
    add_paths(child, path == "/" ? path + name : path + '/' + name, paths);
  }
}

std::vector<std::string> targets_or_here(const std::vector<std::string>& targets) {
  std::vector<std::string> given;
  std::ranges::copy_if(targets, std::back_inserter(given),
                       [](const std::string& target) { return !target.empty(); });
  if (given.empty()) given.emplace_back(".");
  return given;
}

std::string choices(bool is_interactive) {
  std::string names;
  for (const ShellCommand& command : kCommands) {
    if (command.is_interactive && !is_interactive) continue;
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", command.name);
  }
  return names;
}

// The one command that begins like this; empty: none, or several.
std::string_view meant_by(std::string_view beginning, bool is_interactive) {
  std::string_view found;
  for (const ShellCommand& command : kCommands) {
    if ((command.is_interactive && !is_interactive) || !command.name.starts_with(beginning))
      continue;
    if (!found.empty()) return {};
    found = command.name;
  }
  return found;
}

std::string manual(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return "too few arguments\n";
  const auto found = std::ranges::find(kCommands, arguments[0], &ShellCommand::name);
  if (found == kCommands.end()) {
    return fmt::format("man: unknown command {}. Type help to get a list of commands.\n",
                       arguments[0]);
  }
  return fmt::format("{}: {}\n", found->name, found->description);
}

std::string help() {
  std::string out = "Welcome to the Apache Kafka metadata shell.\n\n";
  for (const ShellCommand& command : kCommands) {
    out += fmt::format("  {:<10}{}\n", command.name, command.description);
  }
  return out;
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view name) {
  const auto all = alternatives(pattern);
  if (!all) return pattern == name;
  return std::ranges::any_of(*all,
                             [&](const std::string& one) { return matches_wildcards(one, name); });
}

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool is_inside = false;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && i + 1 < line.size()) {
      word += line[++i];
      is_inside = true;
    } else if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      is_inside = true;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      if (is_inside) words.push_back(std::exchange(word, {}));
      is_inside = false;
    } else {
      word += c;
      is_inside = true;
    }
  }
  if (is_inside) words.push_back(word);
  return words;
}

std::vector<Shell::Found> Shell::find(std::string_view glob) const {
  const std::string full =
      glob.starts_with('/') ? std::string(glob) : working_directory_ + '/' + std::string(glob);
  std::vector<Found> found = {{{}, &root_}};
  for (const std::string& part : parts_of(full)) {
    std::vector<Found> next;
    for (const Found& place : found) {
      if (is_literal(part)) {
        const auto child = place.node->children.find(part);
        if (child == place.node->children.end()) continue;
        next.push_back({place.path, &child->second});
        next.back().path.push_back(part);
        continue;
      }
      for (const auto& [name, child] : place.node->children) {
        if (!matches_glob(part, name)) continue;
        next.push_back({place.path, &child});
        next.back().path.push_back(name);
      }
    }
    found = std::move(next);
  }
  return found;
}

std::string Shell::list(const std::vector<std::string>& targets) const {
  std::string out;
  std::vector<std::string> files;
  std::vector<std::pair<std::string, const ShellNode*>> directories;
  for (const std::string& target : targets_or_here(targets)) {
    const auto found = find(target);
    if (found.empty()) out += fmt::format("ls: {}: no such file or directory.\n", target);
    for (const Found& place : found) {
      const std::string name = place.path.empty() ? "/" : place.path.back();
      if (place.node->is_directory) {
        directories.emplace_back(name, place.node);
      } else {
        files.push_back(name);
      }
    }
  }
  for (const std::string& file : files) out += file + '\n';
  const bool has_headings = !files.empty() || directories.size() > 1;
  bool is_first = files.empty();
  for (const auto& [name, node] : directories) {
    const bool separates = has_headings && !std::exchange(is_first, false);
    if (node->children.empty()) continue;
    if (separates) out += '\n';
    if (has_headings) out += name + ":\n";
    for (const auto& [child, ignored] : node->children) out += child + '\n';
  }
  return out;
}

std::string Shell::show(std::string_view command, const std::vector<std::string>& targets) const {
  if (targets.empty()) return "too few arguments\n";
  std::string out;
  for (const std::string& target : targets) {
    const auto found = find(target);
    if (found.empty()) out += fmt::format("{}: {}: No such file or directory.\n", command, target);
    for (const Found& place : found) {
      if (command == "cat" && place.node->is_directory) {
        out += fmt::format("cat: {}: Is a directory\n", target);
      } else {
        print_tree(*place.node, 0, out);
      }
    }
  }
  return out;
}

std::string Shell::search(const std::vector<std::string>& targets) const {
  std::string out;
  for (const std::string& target : targets_or_here(targets)) {
    const auto found = find(target);
    if (found.empty()) out += fmt::format("find: {}: no such file or directory.\n", target);
    for (const Found& place : found) print_paths(*place.node, target, out);
  }
  return out;
}

std::string Shell::change_directory(const std::vector<std::string>& targets) {
  const std::string target = targets.empty() ? "/" : targets[0];
  const auto found = find(target);
  if (found.empty()) return fmt::format("cd: {}: no such directory.\n", target);
  std::string out;
  for (const Found& place : found) {
    if (!place.node->is_directory) {
      out += fmt::format("cd: {}: not a directory.\n", target);
      continue;
    }
    working_directory_ = "/";
    for (const std::string& part : place.path) {
      working_directory_ += (working_directory_ == "/" ? "" : "/") + part;
    }
  }
  return out;
}

std::string Shell::history(const std::vector<std::string>& arguments) const {
  std::size_t count = history_.size();
  if (!arguments.empty()) {
    const std::string& text = arguments[0];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size()) {
      return fmt::format("'{}' is no number of commands\n", text);
    }
  }
  std::string out;
  for (std::size_t i = history_.size() - std::min(count, history_.size()); i < history_.size();
       ++i) {
    out += fmt::format("{:5}  {}\n", i, history_[i]);
  }
  return out;
}

std::string Shell::run(const std::vector<std::string>& words) {
  if (words.empty()) return "";
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  const std::string& name = words[0];
  const auto known = std::ranges::find(kCommands, name, &ShellCommand::name);
  if (known == kCommands.end() || (known->is_interactive && !is_interactive_)) {
    if (const auto meant = meant_by(name, is_interactive_); !meant.empty()) {
      return fmt::format("invalid choice: '{}': did you mean '{}'?\n", name, meant);
    }
    return fmt::format("invalid choice: '{}' (choose from {})\n", name, choices(is_interactive_));
  }
  if (name == "ls") return list(rest);
  if (name == "cat" || name == "tree") return show(name, rest);
  if (name == "find") return search(rest);
  if (name == "cd") return change_directory(rest);
  if (name == "pwd") return working_directory_ + '\n';
  if (name == "history") return history(rest);
  return name == "man" ? manual(rest) : help();
}

base::Result<Value> Shell::answer(const std::vector<std::string>& words) const {
  const std::string name = words.empty() ? "" : words[0];
  if (name != "ls" && name != "cat" && name != "tree" && name != "find") {
    return base::fail(base::ErrorCode::kInvalidRequest,
                      fmt::format("'{}' has no JSON: ls, cat, tree and find have", name));
  }
  List places;
  for (const std::string& target : targets_or_here({words.begin() + 1, words.end()})) {
    const auto found = find(target);
    if (found.empty()) {
      return base::fail(base::ErrorCode::kInvalidRequest,
                        fmt::format("{}: no such file or directory", target));
    }
    for (const Found& place : found) {
      const std::string path = joined(place.path);
      if (name == "find") {
        add_paths(*place.node, path, places);
      } else if (name != "ls") {
        places.push_back(Object{{"path", path}, {"content", content_of(*place.node)}});
      } else {
        List children;
        for (const auto& [child, ignored] : place.node->children) children.emplace_back(child);
        places.push_back(Object{{"path", path},
                                {"is_directory", place.node->is_directory},
                                {"children", std::move(children)}});
      }
    }
  }
  return places;
}

bool Shell::run_line(std::string_view line, std::string& out) {
  const auto words = split_words(line);
  if (words.empty()) return true;
  history_.emplace_back(line);
  if (words[0] == "exit") return false;
  out = run(words);
  return true;
}

}  // namespace odradek::cli
