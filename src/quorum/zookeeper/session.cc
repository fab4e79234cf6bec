// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/session.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

namespace odradek::quorum::zookeeper {
namespace {

bool is_good_part(std::string_view part) {
  return !part.empty() && part != "." && part != ".." &&
         std::ranges::none_of(part, [](char character) {
           const auto byte = static_cast<unsigned char>(character);
           return byte < 0x20 || byte == 0x7f;
         });
}

}  // namespace

const char* name_of(Code code) {
  switch (code) {
    case Code::kNoNode:
      return "no node";
    case Code::kNodeExists:
      return "node exists";
    case Code::kBadVersion:
      return "bad version";
    case Code::kNotEmpty:
      return "not empty";
    case Code::kNoChildrenForEphemerals:
      return "no children for ephemerals";
    case Code::kNoAuth:
      return "no auth";
    case Code::kConnectionLoss:
      return "connection loss";
    case Code::kSessionExpired:
      return "session expired";
    case Code::kAuthFailed:
      return "auth failed";
    case Code::kReadOnly:
      return "read only";
    case Code::kTooLarge:
      return "too large";
    case Code::kBadArguments:
      return "bad arguments";
    case Code::kClosed:
      return "closed";
    case Code::kOther:
      break;
  }
  return "other";
}

const char* name_of(SessionEvent event) {
  switch (event) {
    case SessionEvent::kConnected:
      return "connected";
    case SessionEvent::kDisconnected:
      return "disconnected";
    case SessionEvent::kExpired:
      return "expired";
    case SessionEvent::kAuthFailed:
      return "auth failed";
    case SessionEvent::kReadOnly:
      return "read only";
    case SessionEvent::kNoChroot:
      return "no chroot";
    case SessionEvent::kUnreachable:
      break;
  }
  return "unreachable";
}

Outcome<> check_path(const std::string& path) {
  if (path == "/") return {};
  if (!path.starts_with('/')) {
    return fail(Code::kBadArguments, fmt::format("'{}' does not begin with a slash", path));
  }
  std::string_view rest = std::string_view(path).substr(1);
  while (true) {
    const std::size_t slash = rest.find('/');
    if (!is_good_part(rest.substr(0, slash))) {
      return fail(Code::kBadArguments,
                  fmt::format("'{}' has a part that is no name of a node", path));
    }
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

Outcome<> check_multi(const std::vector<Operation>& operations) {
  if (operations.empty()) return fail(Code::kBadArguments, "a multi without operations");
  std::size_t bytes = 0;
  for (const Operation& operation : operations) {
    if (auto good = check_path(operation.path); !good) return good;
    bytes += size_of(operation);
  }
  if (bytes > kMaxMultiBytes) {
    return fail(Code::kTooLarge, fmt::format("a multi of {} bytes, allowed are {}; it begins at {}",
                                             bytes, kMaxMultiBytes, operations.front().path));
  }
  return {};
}

void Session::multi(std::vector<Operation> operations, DoneHandler handler) {
  multi_with_versions(std::move(operations), [handler = std::move(handler)](auto done) mutable {
    if (!done) return handler(std::unexpected(std::move(done.error())));
    handler({});
  });
}

}  // namespace odradek::quorum::zookeeper
