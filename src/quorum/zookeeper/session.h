// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "env/clock.h"
#include "env/executor.h"

// What the engine needs of ZooKeeper, whoever gives it: the official client (client_session.h) or a
// simulated ensemble (sim/).
namespace odradek::quorum::zookeeper {

enum class Code : std::uint8_t {
  kNoNode,
  kNodeExists,
  kBadVersion,
  kNotEmpty,
  kNoChildrenForEphemerals,
  // The node's access list does not let this session's identity do that.
  kNoAuth,
  // The connection went before the answer came. Of a multi the outcome is unknown: all of it was
  // done, or is about to be, or never will be. A `sync` and a read on the next connection tell. A
  // call without a connection fails so, too.
  kConnectionLoss,
  // The session is over. What was in flight may have been done before it ended, and nothing of it
  // will be from here on.
  kSessionExpired,
  kAuthFailed,
  // The only servers reachable answer reads and decide nothing.
  kReadOnly,
  // Over kMaxMultiBytes; nothing was sent.
  kTooLarge,
  // A path or a set of operations that ZooKeeper does not take; nothing was sent.
  kBadArguments,
  // `close` was called.
  kClosed,
  // Anything else; the message has it.
  kOther,
};
const char* name_of(Code code);

// What went wrong, with a sentence that names the path.
struct Failure {
  Code code = Code::kOther;
  std::string message;
  // Of a multi: which of its operations was refused, where ZooKeeper says.
  std::optional<std::size_t> operation = std::nullopt;
};
template <typename T = void>
using Outcome = std::expected<T, Failure>;

inline std::unexpected<Failure> fail(Code code, std::string message) {
  return std::unexpected(Failure{code, std::move(message)});
}
// Whether the same call may be answered otherwise on the next connection.
inline bool is_passing(const Failure& failure) {
  return failure.code == Code::kConnectionLoss || failure.code == Code::kReadOnly;
}

// The name of a session at the ensemble. 0 names none.
using SessionId = std::int64_t;

struct Stat {
  // Counts the changes of the data; 0 when created.
  std::int32_t version = 0;
  // The ensemble's number of the transaction that created the node: another node at the same path
  // has another one.
  std::int64_t created_zxid = 0;
  std::int64_t modified_zxid = 0;
  // The session whose end removes the node; 0 where it stays.
  SessionId ephemeral_owner = 0;
  std::int32_t children = 0;

  friend bool operator==(const Stat&, const Stat&) = default;
};

struct Node {
  base::SharedBytes bytes;
  Stat stat;
};

// One part of a multi.
struct Operation {
  enum class Kind : std::uint8_t { kCreate, kSet, kDelete, kCheck };
  enum class Life : std::uint8_t {
    kPersistent,
    // Goes with the session that made it. Has no children.
    kEphemeral,
  };
  // Who may read the node, where the session's options ask for access lists at all
  // (`zookeeper.set.acl`). Only the creator's identity may change it, but for what is open.
  enum class Readers : std::uint8_t { kEveryone, kCreator, kOpen };

  static constexpr std::int32_t kAnyVersion = -1;

  Kind kind = Kind::kCheck;
  std::string path;
  base::SharedBytes bytes;
  // The node's version must be this one.
  std::int32_t version = kAnyVersion;
  Life life = Life::kPersistent;
  Readers readers = Readers::kEveryone;

  static Operation create(std::string path, base::SharedBytes bytes, Life life = Life::kPersistent,
                          Readers readers = Readers::kEveryone) {
    return {Kind::kCreate, std::move(path), std::move(bytes), kAnyVersion, life, readers};
  }
  static Operation set(std::string path, base::SharedBytes bytes,
                       std::int32_t version = kAnyVersion) {
    return {
        .kind = Kind::kSet, .path = std::move(path), .bytes = std::move(bytes), .version = version};
  }
  static Operation remove(std::string path, std::int32_t version = kAnyVersion) {
    return {.kind = Kind::kDelete, .path = std::move(path), .bytes = {}, .version = version};
  }
  static Operation check(std::string path, std::int32_t version = kAnyVersion) {
    return {.kind = Kind::kCheck, .path = std::move(path), .bytes = {}, .version = version};
  }
};

// What a multi may take, so that it stays well below ZooKeeper's own bound (`jute.maxbuffer`, 1 MiB
// less a little by default, of requests and of what servers send each other).
inline constexpr std::size_t kMaxMultiBytes = 512 * 1024;
// What an operation takes of it: path, data and what stands around them.
inline std::size_t size_of(const Operation& operation) {
  constexpr std::size_t kAround = 128;
  return kAround + operation.path.size() + operation.bytes.size();
}
[[nodiscard]] Outcome<> check_multi(const std::vector<Operation>& operations);
// Absolute, without empty, `.` and `..` parts, without a slash at the end (except "/") and control
// characters.
[[nodiscard]] Outcome<> check_path(const std::string& path);

enum class WatchEvent : std::uint8_t { kCreated, kDeleted, kChanged, kChildren };
// Called at most once.
using Watch = std::move_only_function<void(WatchEvent)>;

enum class SessionEvent : std::uint8_t {
  // Calls are answered from now on. After kDisconnected it is the same session, with its ephemeral
  // nodes and watches; else a new one.
  kConnected,
  // The session looks for a server by itself. What was in flight has failed before this.
  kDisconnected,
  // The ensemble ended the session: its ephemeral nodes are gone or about to go, its watches with
  // them. Nothing more happens until `open`.
  kExpired,
  // The credentials were refused. Nothing more happens until `open`.
  kAuthFailed,
  // Connected to a server without a quorum that answers reads only: not used, the session goes on
  // looking. Told once until connected.
  kReadOnly,
  // Nobody answered within `zookeeper.connection.timeout.ms` after `open`. Told once; the session
  // goes on looking.
  kUnreachable,
  // The chroot is not there and can't be made, as the log says. Told once; nothing more happens.
  kNoChroot,
};
const char* name_of(SessionEvent event);
using SessionHandler = std::function<void(SessionEvent)>;

// One client's standing with the ensemble.
//
// Threads: every function is called on the loop of the executor that the implementation was handed,
// and every handler, watch and event comes there, never in the middle of a call. They may call the
// session again. A session destroyed calls nothing any more.
//
// Order: the ensemble works off the calls of one connection in the order in which they were made,
// and their handlers are called in that order. A watch is called before the handler of any read
// that shows the change which set it off. A session never sees an older state than it saw before,
// but it may see one older than what another session has seen: `sync` catches up.
//
// Each handler is called exactly once, unless the session is destroyed first.
class Session {
 public:
  using GetHandler = std::move_only_function<void(Outcome<Node>)>;
  // Nothing: the node is not there.
  using ExistsHandler = std::move_only_function<void(Outcome<std::optional<Stat>>)>;
  // Names, without the path, sorted.
  using ChildrenHandler = std::move_only_function<void(Outcome<std::vector<std::string>>)>;
  using DoneHandler = std::move_only_function<void(Outcome<>)>;
  // Of a multi, the version of each operation's node at its place in it; 0 of a removal and a
  // check.
  using VersionsHandler = std::move_only_function<void(Outcome<std::vector<std::int32_t>>)>;

  virtual ~Session() = default;

  // Begins to look for a server; the first time, and for a new session after kExpired or
  // kAuthFailed.
  virtual void open() = 0;
  // Ends the session at the ensemble, where it is connected, so that its ephemeral nodes go at
  // once. Calls in flight fail with kClosed before `done` is called. Final.
  virtual void close(std::move_only_function<void()> done) = 0;
  // Of the last kConnected; 0 before, and from kExpired on.
  virtual SessionId id() const = 0;
  virtual bool is_connected() const = 0;

  // The watches: set where the call succeeds (and `exists` also where it finds no node), called
  // once, by the change or removal of the node; of `exists` also by its creation; of `children` by
  // the coming or going of a child or by the removal of the node. A lost connection keeps them:
  // what happened meanwhile is told on the next one, several changes as one.
  virtual void get(const std::string& path, GetHandler handler, Watch watch = {}) = 0;
  virtual void exists(const std::string& path, ExistsHandler handler, Watch watch = {}) = 0;
  virtual void children(const std::string& path, ChildrenHandler handler, Watch watch = {}) = 0;
  // Reads after it show everything that was decided before it was called, by whomever.
  virtual void sync(DoneHandler handler) = 0;
  // All of the operations, in order, or none.
  virtual void multi_with_versions(std::vector<Operation> operations, VersionsHandler handler) = 0;
  // The same for who needs no versions.
  void multi(std::vector<Operation> operations, DoneHandler handler);
  // Calls `task` after the pause, whatever has become of the connection by then; never once the
  // session is closed.
  virtual void after(env::Duration pause, env::Task task) = 0;
};

}  // namespace odradek::quorum::zookeeper
