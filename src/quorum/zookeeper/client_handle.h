// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "quorum/zookeeper/session.h"

struct _zhandle;

namespace odradek::quorum::zookeeper {

// One handle of the C client: its calls and callbacks in our types. Callbacks come on the client's
// threads.
class ClientHandle : public std::enable_shared_from_this<ClientHandle> {
 public:
  // What a call was answered with; the parts that the call asks for.
  struct Answer {
    base::SharedBytes bytes;
    std::optional<Stat> stat;
    std::vector<std::string> names;
    // Of a multi (session.h).
    std::vector<std::int32_t> versions;
  };
  enum class State : std::uint8_t { kLooking, kConnected, kReadOnly, kExpired, kAuthFailed };
  struct Callbacks {
    std::function<void(State state, SessionId id)> on_state;
    // `call` is the number that the call was given.
    std::function<void(std::uint64_t call, Outcome<Answer> answer)> on_answer;
    std::function<void(std::uint64_t call, WatchEvent event)> on_watch;
  };
  struct Options {
    std::string servers;
    std::int32_t session_timeout_ms = 0;
    bool set_acl = false;
    std::string digest_credentials;
  };

  ClientHandle(Options options, Callbacks callbacks);
  ~ClientHandle();
  ClientHandle(const ClientHandle&) = delete;
  ClientHandle& operator=(const ClientHandle&) = delete;

  // Finds the servers' addresses and starts the client's threads. Blocks. False: no address was
  // found.
  [[nodiscard]] bool open();
  // Ends the session and the client's threads; what is in flight is answered kClosed before it
  // returns. Blocks. Not on the client's threads.
  void close();

  // Each answers once, unless it fails at once: then never. Threads: any, between open and close.
  [[nodiscard]] Outcome<> get(std::uint64_t call, const std::string& path, bool with_watch);
  [[nodiscard]] Outcome<> exists(std::uint64_t call, const std::string& path, bool with_watch);
  [[nodiscard]] Outcome<> children(std::uint64_t call, const std::string& path, bool with_watch);
  [[nodiscard]] Outcome<> sync(std::uint64_t call);
  [[nodiscard]] Outcome<> multi(std::uint64_t call, const std::vector<Operation>& operations);

  // For the client's callbacks.
  const Callbacks& callbacks() const { return callbacks_; }
  // Once there is a connection, before anybody is told of it: the client takes none earlier, and
  // gives them again itself at each later connection. On its thread of callbacks.
  void give_credentials(struct _zhandle* zookeeper);

 private:
  struct _zhandle* handle();

  const Options options_;
  const Callbacks callbacks_;
  bool credentials_given_ = false;  // of the client's thread of callbacks
  std::mutex mutex_;
  struct _zhandle* handle_ = nullptr;  // guarded
};

}  // namespace odradek::quorum::zookeeper
