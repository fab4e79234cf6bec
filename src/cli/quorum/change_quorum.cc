// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <charconv>
#include <ranges>

#include "cli/admin/error_text.h"
#include "cli/client_config.h"
#include "cli/flag_checks.h"
#include "cli/quorum/quorum_actions.h"
#include "cli/subcommands.h"
#include "log/directory/log_directory.h"
#include "log/directory/meta_properties.h"
#include "wire/messages/add_raft_voter.h"
#include "wire/messages/remove_raft_voter.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;

struct Listener {
  std::string name;
  std::string host;
  std::uint16_t port = 0;
};

struct NewController {
  std::int32_t id = 0;
  base::Uuid directory_id;
  std::vector<Listener> listeners;
};

std::optional<std::string> setting(const ClientConfig& config, std::string_view key) {
  const auto found = config.find(key);
  if (found == config.end()) return std::nullopt;
  return found->second;
}

base::Result<std::int32_t> controller_id(const ClientConfig& config) {
  const auto text = setting(config, "node.id");
  if (!text) {
    return misuse(
        "node.id not found in configuration file. Is this a valid controller configuration file?");
  }
  std::int32_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc() || end != text->data() + text->size()) {
    return misuse(fmt::format("For input string: \"{}\"", *text));
  }
  if (id < 0) {
    return misuse(
        "node.id was negative in configuration file. Is this a valid controller configuration "
        "file?");
  }
  if (setting(config, "process.roles").value_or("").find("controller") == std::string::npos) {
    return misuse(
        "process.roles did not contain 'controller' in configuration file. Is this a valid "
        "controller configuration file?");
  }
  return id;
}

base::Result<base::Uuid> metadata_directory_id(const ClientConfig& config, env::Disk& disk) {
  std::string directory = setting(config, "metadata.log.dir").value_or("");
  if (directory.empty()) directory = setting(config, "log.dirs").value_or("");
  directory = directory.substr(0, directory.find(','));
  if (directory.empty()) {
    return misuse(
        "Neither metadata.log.dir nor log.dirs were found. Is this a valid controller "
        "configuration file?");
  }
  const std::string path = directory + '/' + std::string(log::directory::kMetaPropertiesFile);
  auto text = disk.read_file(path);
  if (!text) {
    return misuse(fmt::format("Unable to read meta.properties from {}", directory));
  }
  auto identity = log::directory::parse_meta_properties(*text, path);
  if (!identity) return base::fail(std::move(identity));
  if (identity->directory_id.is_zero()) {
    return misuse(fmt::format("No directory id found in {}", directory));
  }
  return identity->directory_id;
}

// "CONTROLLER://host:9093"
std::optional<Listener> parse_listener(std::string_view text) {
  const auto scheme = text.find("://");
  const auto colon = text.rfind(':');
  if (scheme == std::string_view::npos || colon < scheme + 3) return std::nullopt;
  Listener listener{std::string(text.substr(0, scheme)),
                    std::string(text.substr(scheme + 3, colon - scheme - 3)), 0};
  if (listener.host.starts_with('[') && listener.host.ends_with(']')) {
    listener.host = listener.host.substr(1, listener.host.size() - 2);
  }
  if (listener.host.empty()) listener.host = "localhost";
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), listener.port);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return listener;
}

base::Result<std::vector<Listener>> controller_listeners(const ClientConfig& config) {
  std::map<std::string, Listener> known;
  for (const char* key : {"listeners", "advertised.listeners"}) {
    const std::string list = setting(config, key).value_or("");
    for (const auto range : std::views::split(list, ',')) {
      if (auto listener = parse_listener(std::string_view(range.begin(), range.end()))) {
        known[listener->name] = *listener;
      }
    }
  }
  const auto names = setting(config, "controller.listener.names");
  if (!names) {
    return misuse(
        "controller.listener.names was not found. Is this a valid controller configuration file?");
  }
  std::vector<Listener> listeners;
  for (const auto range : std::views::split(*names, ',')) {
    const std::string name(range.begin(), range.end());
    const auto found = known.find(name);
    if (found == known.end()) {
      return misuse(
          fmt::format("Cannot find information about controller listener name: {}", name));
    }
    listeners.push_back(found->second);
  }
  return listeners;
}

base::Result<NewController> read_controller(const Invocation& invocation, env::World& world) {
  const auto path = invocation.flags.value("command-config");
  if (!path) {
    return misuse(
        "You must supply the configuration file of the controller you are adding when using "
        "add-controller.");
  }
  auto config = load_client_config(world, *path);
  if (!config) return base::fail(std::move(config));
  NewController controller;
  auto id = controller_id(*config);
  if (!id) return base::fail(std::move(id));
  controller.id = *id;
  auto directory = metadata_directory_id(*config, world.disk());
  if (!directory) return base::fail(std::move(directory));
  controller.directory_id = *directory;
  auto listeners = controller_listeners(*config);
  if (!listeners) return base::fail(std::move(listeners));
  controller.listeners = *std::move(listeners);
  return controller;
}

// Kafka's tool prints the exception whole.
std::unexpected<base::Error> refused(const Invocation& invocation, ErrorCode code,
                                     const std::optional<std::string>& message) {
  const std::string text = error_text(code, message);
  return base::fail(
      code, invocation.is_native ? text : fmt::format("{}: {}", java_exception(code), text));
}

void say(const Invocation& invocation, const std::string& text, std::int32_t id) {
  if (invocation.is_native) {
    Output(invocation.output).print(Message{.text = text, .fields = {{"controller", id}}});
  } else {
    fmt::print("{}\n", text);
  }
}

}  // namespace

base::Result<> add_controller(const Invocation& invocation, Admin& admin) {
  auto controller = read_controller(invocation, admin.world());
  if (!controller) return base::fail(std::move(controller));
  const bool is_dry_run = invocation.flags.has("dry-run");
  std::vector<std::string> endpoints;
  wire::AddRaftVoterRequest request;
  request.voter_id = base::BrokerId(controller->id);
  request.voter_directory_id = controller->directory_id;
  for (const Listener& listener : controller->listeners) {
    const bool is_bracketed = listener.host.find(':') != std::string::npos;
    endpoints.push_back(fmt::format("{}://{}{}{}:{}", listener.name, is_bracketed ? "[" : "",
                                    listener.host, is_bracketed ? "]" : "", listener.port));
    request.listeners.push_back({listener.name, listener.host, listener.port});
  }
  if (!is_dry_run) {
    auto answer = admin.ask_controller<wire::AddRaftVoterResponse>(std::move(request));
    if (!answer) return refused(invocation, answer.error().code, answer.error().message);
    if (answer->error_code != ErrorCode::kNone) {
      return refused(invocation, answer->error_code, answer->error_message);
    }
  }
  say(invocation,
      fmt::format("{} controller {} with directory id {} and endpoints: {}",
                  is_dry_run ? "DRY RUN of adding" : "Added", controller->id,
                  controller->directory_id.to_string(), fmt::join(endpoints, ", ")),
      controller->id);
  return {};
}

base::Result<> remove_controller(const Invocation& invocation, Admin& admin) {
  auto id = integer_of(invocation, "controller-id");
  if (!id) return base::fail(std::move(id));
  if (*id < 0) return misuse(fmt::format("Invalid negative --controller-id: {}", *id));
  const std::string text = invocation.flags.value_or("controller-directory-id", "");
  const auto directory = base::Uuid::parse(text);
  if (!directory) {
    // Base64 has six bits a character.
    return misuse(
        text.size() > 24
            ? fmt::format("Failed to parse --controller-directory-id: Input string with prefix "
                          "`{}` is too long to be decoded as a base64 UUID",
                          text.substr(0, 24))
            : fmt::format("Failed to parse --controller-directory-id: Input string `{}` decoded "
                          "as {} bytes, which is not equal to the expected 16 bytes of a "
                          "base64-encoded UUID",
                          text, text.size() * 6 / 8));
  }
  const bool is_dry_run = invocation.flags.has("dry-run");
  if (!is_dry_run) {
    wire::RemoveRaftVoterRequest request;
    request.voter_id = base::BrokerId(*id);
    request.voter_directory_id = *directory;
    auto answer = admin.ask_controller<wire::RemoveRaftVoterResponse>(std::move(request));
    if (!answer) return refused(invocation, answer.error().code, answer.error().message);
    if (answer->error_code != ErrorCode::kNone) {
      return refused(invocation, answer->error_code, answer->error_message);
    }
  }
  // Two spaces, as Kafka's tool has them.
  say(invocation,
      fmt::format("{} KRaft controller {} with directory id {}",
                  is_dry_run ? "DRY RUN of removing " : "Removed ", *id, directory->to_string()),
      *id);
  return {};
}

}  // namespace odradek::cli
