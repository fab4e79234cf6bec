// SPDX-License-Identifier: Apache-2.0
#include "cli/guide/completion.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <set>

#include "cli/admin/admin.h"
#include "cli/flag_checks.h"
#include "cli/groups/group_client.h"
#include "cli/guide/sections.h"
#include "cli/topics/topic_description.h"
#include "config/table.h"

namespace odradek::cli {
namespace {

// Of each of the two or three questions; whoever types does not wait longer.
constexpr env::Duration kTimeout = std::chrono::milliseconds(150);

// The command line up to the word that is completed.
class Line {
 public:
  explicit Line(const std::vector<std::string>& words) : words_(words) { find_command(); }

  Completion complete() {
    if (command_ == nullptr) return commands_beginning();
    const std::string& word = words_.back();
    read_arguments();
    if (awaited_ != nullptr) {
      add_values(*awaited_, "");
    } else if (const auto equals = word.find('=');
               word.starts_with("--") && equals != std::string::npos) {
      if (const FlagSpec* flag = find_flag(word.substr(2, equals - 2))) {
        add_values(*flag, word.substr(0, equals + 1));
      }
    } else if (word.starts_with('-') || !is_native_) {
      add_flags();
    } else {
      add_words();
    }
    keep_fitting();
    return std::move(found_);
  }

 private:
  // The program's name without its path and without .sh.
  static std::string_view base_name(std::string_view path) {
    path.remove_prefix(std::min(path.rfind('/') + 1, path.size()));
    if (path.ends_with(".sh")) path.remove_suffix(3);
    return path;
  }

  void find_command() {
    const auto script = [](std::string_view name) {
      const auto found = std::ranges::find(commands(), name, &Command::script_name);
      return name.empty() || found == commands().end() ? nullptr : &*found;
    };
    next_ = 1;
    if (words_.empty()) return;
    command_ = script(base_name(words_[0]));
    if (command_ != nullptr || words_.size() < 3) return;
    is_native_ = true;
    for (const Command& command : commands()) {
      const auto size = static_cast<std::size_t>(std::ranges::count(command.name, ' ')) + 1;
      if (words_.size() < size + 2) continue;
      std::string name = words_[1];
      if (size == 2) name += " " + words_[2];
      if (command.name != name) continue;
      command_ = &command;
      next_ = 1 + size;
      return;
    }
    command_ = script(base_name(words_[1]));
    is_native_ = command_ == nullptr;
    next_ = 2;
  }

  // The first word of the commands, or the second one of those with two.
  Completion commands_beginning() {
    if (words_.size() > 3 || words_.empty()) return {};
    const bool is_second = words_.size() == 3;
    std::set<std::string> seen;
    for (const Section section : kSections) {
      for (const Command* command : commands_of(section)) {
        const auto space = command->name.find(' ');
        const std::string first(command->name.substr(0, space));
        if (is_second && (first != words_[1] || space == std::string::npos)) continue;
        const std::string word = is_second ? std::string(command->name.substr(space + 1)) : first;
        if (seen.insert(word).second) found_.candidates.push_back({word, command->summary});
      }
    }
    if (!is_second && words_.back().starts_with("k")) {
      for (const Command& command : commands()) {
        if (!command.script_name.empty()) {
          found_.candidates.push_back({std::string(command.script_name), command.summary});
        }
      }
    }
    keep_fitting();
    return std::move(found_);
  }

  const FlagSpec* find_flag(std::string_view name) const {
    const auto found = std::ranges::find_if(flags_, [&](const FlagSpec& flag) {
      return flag.name == name || (name.size() == 1 && flag.letter == name[0]);
    });
    return found == flags_.end() ? nullptr : &*found;
  }

  // What the words before the last one say: given_, arguments_, and the flag whose value is next.
  void read_arguments() {
    flags_ = listed_flags(*command_, is_native_);
    for (std::size_t i = next_; i + 1 < words_.size(); ++i) {
      const std::string& word = words_[i];
      if (!word.starts_with('-') || word.size() < 2) {
        arguments_.push_back(word);
        continue;
      }
      std::string_view name = word;
      name.remove_prefix(name.starts_with("--") ? 2 : 1);
      const auto equals = name.find('=');
      const FlagSpec* flag = find_flag(name.substr(0, equals));
      if (flag == nullptr) continue;
      std::optional<std::string> value;
      if (equals != std::string_view::npos) {
        value = name.substr(equals + 1);
      } else if (flag->arity != Arity::kNone && i + 2 < words_.size()) {
        const bool has_value = flag->arity == Arity::kRequired || !words_[i + 1].starts_with('-');
        if (has_value) value = words_[++i];
      } else if (flag->arity != Arity::kNone) {
        if (flag->arity == Arity::kRequired || !words_.back().starts_with('-')) awaited_ = flag;
      }
      given_.set(flag->name, std::move(value));
    }
  }

  void add_flags() {
    for (const FlagSpec& flag : flags_) {
      if (flag.repeats || !given_.has(flag.name)) {
        found_.candidates.push_back({"--" + std::string(flag.name), flag.help});
      }
    }
    found_.candidates.push_back({"--help", "Print the command's help."});
  }

  // Under its own name: a verb, then the value of the subject.
  void add_words() {
    const bool has_verb =
        (!arguments_.empty() && std::ranges::count(command_->verbs, arguments_[0]) > 0) ||
        count_given(given_, command_->verbs) > 0;
    const std::size_t subject_at =
        !arguments_.empty() && std::ranges::count(command_->verbs, arguments_[0]) > 0 ? 1 : 0;
    if (!command_->verbs.empty() && !has_verb) {
      for (const std::string_view verb : command_->verbs) {
        const FlagSpec* flag = find_flag(verb);
        found_.candidates.push_back(
            {std::string(verb), flag == nullptr ? std::string_view() : flag->help});
      }
      return;
    }
    const FlagSpec* subject = find_flag(command_->subject);
    if (subject == nullptr || given_.has(subject->name) || arguments_.size() > subject_at) return;
    add_values(*subject, "");
  }

  void add_values(const FlagSpec& flag, const std::string& before) {
    std::string_view kind = flag.value;
    if (kind.find('|') != std::string_view::npos) {
      if (kind.ends_with(",...")) kind.remove_suffix(4);
      for (const auto choice : std::views::split(kind, '|')) {
        const std::string text(choice.begin(), choice.end());
        // What stands for a value, not for itself.
        if (text != "number" && text != "id") found_.candidates.push_back({before + text});
      }
    } else if (kind == "file") {
      found_.paths = Completion::Paths::kFiles;
    } else if (kind == "directory") {
      found_.paths = Completion::Paths::kDirectories;
    } else if (kind == "key=value" || kind == "key") {
      add_keys(before, kind == "key=value");
    } else if (kind == "command") {
      for (const Command& command : commands()) {
        if (!command.summary.empty()) found_.candidates.push_back({std::string(command.name)});
      }
    } else if (kind.starts_with("topic")) {
      add_topics(before);
    } else if (kind.starts_with("group")) {
      add_groups(before);
    }
  }

  void add_keys(const std::string& before, bool with_value) {
    const bool is_server = command_->section == Section::kServer;
    if (!is_server && command_->name != "topics") return;
    const auto settings = is_server ? config::broker_settings() : config::topic_settings();
    for (const config::Setting& setting : settings) {
      found_.candidates.push_back(
          {before + std::string(setting.name) + (with_value ? "=" : ""), setting.description});
    }
    found_.goes_on = with_value;
  }

  std::unique_ptr<Admin> connect() const {
    const std::string servers =
        given_.value_or("bootstrap-server", given_.value_or("broker-list", "127.0.0.1:9092"));
    auto addresses = parse_servers(servers);
    if (!addresses) return nullptr;
    auto admin = Admin::connect(*addresses, {}, kTimeout);
    return admin ? *std::move(admin) : nullptr;
  }

  void add_topics(const std::string& before) {
    const auto admin = connect();
    if (admin == nullptr) return;
    const auto topics = list_topics(*admin);
    if (!topics) return;
    const bool wants_internal = words_.back().substr(before.size()).starts_with("__");
    for (const TopicName& topic : *topics) {
      if (!topic.is_internal || wants_internal) found_.candidates.push_back({before + topic.name});
    }
  }

  void add_groups(const std::string& before) {
    const auto admin = connect();
    if (admin == nullptr) return;
    const auto groups = list_groups(*admin, {}, {});
    if (!groups) return;
    for (const GroupListing& group : *groups) found_.candidates.push_back({before + group.id});
  }

  void keep_fitting() {
    std::erase_if(found_.candidates, [&](const Candidate& candidate) {
      return !candidate.text.starts_with(words_.back());
    });
  }

  const std::vector<std::string>& words_;
  const Command* command_ = nullptr;
  bool is_native_ = false;
  std::size_t next_ = 1;
  std::vector<FlagSpec> flags_;
  Flags given_;
  std::vector<std::string> arguments_;
  const FlagSpec* awaited_ = nullptr;
  Completion found_;
};

std::string_view first_line(const Completion& found) {
  if (found.paths == Completion::Paths::kFiles) return "files\n";
  if (found.paths == Completion::Paths::kDirectories) return "directories\n";
  return found.goes_on ? "goes-on\n" : "words\n";
}

// With a backslash before what a shell would read as more than the character.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(" \t\\'\"`$&|;<>()[]{}*?!#~").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

bool is_line_breaking(std::string_view text) {
  return text.find_first_of("\n\r\t") != std::string_view::npos;
}

}  // namespace

Completion complete(const std::vector<std::string>& words) { return Line(words).complete(); }

std::vector<std::string> split_line(std::string_view line) {
  std::vector<std::string> words(1);
  char quote = '\0';
  bool in_word = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == '\0' && (c == ' ' || c == '\t')) {
      if (in_word) words.emplace_back();
      in_word = false;
      continue;
    }
    in_word = true;
    if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    } else if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      words.back() += line[++i];
    } else {
      words.back() += c;
    }
  }
  return words;
}

std::string complete_for_bash(std::string_view line) {
  const std::vector<std::string> words = split_line(line);
  const Completion found = complete(words);
  std::string out(first_line(found));
  const std::size_t kept = words.back().find_last_of("=:") + 1;
  for (const Candidate& candidate : found.candidates) {
    if (!is_line_breaking(candidate.text)) out += quoted(candidate.text.substr(kept)) + "\n";
  }
  return out;
}

std::string complete_for_zsh(const std::vector<std::string>& words) {
  const Completion found = complete(words);
  std::string out(first_line(found));
  for (const Candidate& candidate : found.candidates) {
    if (is_line_breaking(candidate.text)) continue;
    out += candidate.text;
    if (!candidate.description.empty()) {
      out += '\t';
      out += candidate.description;
    }
    out += '\n';
  }
  return out;
}

}  // namespace odradek::cli
