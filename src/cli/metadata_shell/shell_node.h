// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace odradek::cli {

// A place in the tree that kafka-metadata-shell shows: a directory, or a file with one line.
struct ShellNode {
  bool is_directory = true;
  std::string text;
  std::map<std::string, ShellNode> children;

  static ShellNode file(std::string text) { return {false, std::move(text), {}}; }
  // Of this directory; made when it is not there.
  ShellNode& directory(const std::string& name) { return children[name]; }
  void add_file(const std::string& name, std::string content) {
    children[name] = file(std::move(content));
  }
};

}  // namespace odradek::cli
