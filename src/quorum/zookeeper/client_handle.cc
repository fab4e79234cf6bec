// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/client_handle.h"

#include <fmt/core.h>
#include <zookeeper/zookeeper.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace odradek::quorum::zookeeper {
namespace {

Code to_code(int result) {
  switch (result) {
    case ZNONODE:
      return Code::kNoNode;
    case ZNODEEXISTS:
      return Code::kNodeExists;
    case ZBADVERSION:
      return Code::kBadVersion;
    case ZNOTEMPTY:
      return Code::kNotEmpty;
    case ZNOCHILDRENFOREPHEMERALS:
      return Code::kNoChildrenForEphemerals;
    case ZNOAUTH:
      return Code::kNoAuth;
    // The server that this connection leads to was told of the session's move: the next one is
    // asked.
    case ZSESSIONMOVED:
    case ZCONNECTIONLOSS:
    case ZOPERATIONTIMEOUT:
    case ZTHROTTLEDOP:
      return Code::kConnectionLoss;
    // A handle that is past repair; its event says why.
    case ZINVALIDSTATE:
    case ZSESSIONEXPIRED:
      return Code::kSessionExpired;
    case ZAUTHFAILED:
    case ZSESSIONCLOSEDREQUIRESASLAUTH:
      return Code::kAuthFailed;
    case ZNOTREADONLY:
      return Code::kReadOnly;
    case ZBADARGUMENTS:
    case ZINVALIDACL:
      return Code::kBadArguments;
    case ZCLOSING:
      return Code::kClosed;
    default:
      return Code::kOther;
  }
}

std::unexpected<Failure> failure(int result, const std::string& path) {
  return fail(to_code(result), fmt::format("ZooKeeper: {}: {}", path, zerror(result)));
}

Stat to_stat(const ::Stat& stat) {
  return {.version = stat.version,
          .created_zxid = stat.czxid,
          .modified_zxid = stat.mzxid,
          .ephemeral_owner = stat.ephemeralOwner,
          .children = stat.numChildren};
}

// The client writes "time:pid(thread):ZOO_LEVEL@function@line: text".
void on_log(const char* line) {
  const std::string_view whole(line);
  const std::size_t level = whole.find(":ZOO_");
  const std::size_t text = level == std::string_view::npos ? level : whole.find(": ", level);
  base::log::debug("zookeeper", "{}",
                   text == std::string_view::npos ? whole : whole.substr(text + 2));
}

// A call on its way through the C client, which gives it back once.
struct Call {
  std::shared_ptr<ClientHandle> handle;
  std::uint64_t number;
  std::string path;
  // Of a multi, by operation: filled in by the client.
  std::vector<zoo_op_result_t> results;
  std::vector<::Stat> stats;
};

std::unique_ptr<Call> take(const void* data) {
  return std::unique_ptr<Call>(static_cast<Call*>(const_cast<void*>(data)));  // NOLINT
}

void answer(const Call& call, int result, ClientHandle::Answer answer) {
  if (result != ZOK) {
    call.handle->callbacks().on_answer(call.number, failure(result, call.path));
  } else {
    call.handle->callbacks().on_answer(call.number, std::move(answer));
  }
}

void on_data(int result, const char* value, int length, const ::Stat* stat, const void* data) {
  const auto call = take(data);
  ClientHandle::Answer found;
  if (result == ZOK) {
    const std::string_view text(value, static_cast<std::size_t>(std::max(length, 0)));
    found.bytes = base::SharedBytes::copy(base::as_bytes(text));
    found.stat = to_stat(*stat);
  }
  answer(*call, result, std::move(found));
}

void on_stat(int result, const ::Stat* stat, const void* data) {
  const auto call = take(data);
  ClientHandle::Answer found;
  if (result == ZOK) found.stat = to_stat(*stat);
  answer(*call, result == ZNONODE ? ZOK : result, std::move(found));
}

void on_strings(int result, const String_vector* strings, const void* data) {
  const auto call = take(data);
  ClientHandle::Answer found;
  if (result == ZOK) {
    found.names.assign(strings->data, strings->data + strings->count);
    std::ranges::sort(found.names);
  }
  answer(*call, result, std::move(found));
}

void on_synced(int result, const char* /*path*/, const void* data) {
  answer(*take(data), result, {});
}

void on_multi(int result, const void* data) {
  const auto call = take(data);
  if (result == ZOK) {
    ClientHandle::Answer done;
    for (const ::Stat& stat : call->stats) done.versions.push_back(stat.version);
    return answer(*call, result, std::move(done));
  }
  auto failed = failure(result, call->path);
  // Those before the one that was refused have 0, those after it "inconsistency".
  const auto refused = std::ranges::find(call->results, result, &zoo_op_result_t::err);
  if (refused != call->results.end()) {
    failed.error().operation = static_cast<std::size_t>(refused - call->results.begin());
  }
  call->handle->callbacks().on_answer(call->number, std::move(failed));
}

void on_authenticated(int result, const void* /*data*/) {
  if (result == ZOK) return;
  base::log::warn("zookeeper", "zookeeper.digest.credentials: {}", zerror(result));
}

ClientHandle::State to_state(int state) {
  if (state == ZOO_CONNECTED_STATE) return ClientHandle::State::kConnected;
  if (state == ZOO_READONLY_STATE) return ClientHandle::State::kReadOnly;
  if (state == ZOO_EXPIRED_SESSION_STATE) return ClientHandle::State::kExpired;
  if (state == ZOO_AUTH_FAILED_STATE) return ClientHandle::State::kAuthFailed;
  return ClientHandle::State::kLooking;
}

void on_session(zhandle_t* zookeeper, int type, int state, const char* /*path*/, void* context) {
  if (type != ZOO_SESSION_EVENT) return;
  auto* handle = static_cast<ClientHandle*>(context);
  const ClientHandle::State told = to_state(state);
  if (told == ClientHandle::State::kConnected || told == ClientHandle::State::kReadOnly) {
    handle->give_credentials(zookeeper);
  }
  handle->callbacks().on_state(told, zoo_client_id(zookeeper)->client_id);
}

// The number of the call travels as the watch's context: nothing that could be freed too early.
void on_watch(zhandle_t* zookeeper, int type, int /*state*/, const char* /*path*/, void* context) {
  const auto* handle = static_cast<const ClientHandle*>(zoo_get_context(zookeeper));
  const auto call = reinterpret_cast<std::uintptr_t>(context);
  const auto& on_watch_event = handle->callbacks().on_watch;
  if (type == ZOO_CREATED_EVENT) return on_watch_event(call, WatchEvent::kCreated);
  if (type == ZOO_DELETED_EVENT) return on_watch_event(call, WatchEvent::kDeleted);
  if (type == ZOO_CHANGED_EVENT) return on_watch_event(call, WatchEvent::kChanged);
  if (type == ZOO_CHILD_EVENT) return on_watch_event(call, WatchEvent::kChildren);
}

void* watch_context(std::uint64_t call) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(call));  // NOLINT
}

// Everybody reads, the creator's identity does everything.
ACL_vector* readable_by_all() {
  static ACL entries[] = {{ZOO_PERM_ALL, ZOO_AUTH_IDS}, {ZOO_PERM_READ, ZOO_ANYONE_ID_UNSAFE}};
  static ACL_vector acl = {2, entries};
  return &acl;
}

const ACL_vector* access_of(const Operation& operation, bool set_acl) {
  const bool is_open = operation.readers == Operation::Readers::kOpen;
  if (!set_acl || is_open) return &ZOO_OPEN_ACL_UNSAFE;
  return operation.readers == Operation::Readers::kCreator ? &ZOO_CREATOR_ALL_ACL
                                                           : readable_by_all();
}

zoo_op_t to_operation(const Operation& operation, bool set_acl, ::Stat* stat) {
  zoo_op_t made = {};
  const char* path = operation.path.c_str();
  const char* bytes =
      operation.bytes.empty() ? "" : reinterpret_cast<const char*>(operation.bytes.data());
  const int length = static_cast<int>(operation.bytes.size());
  switch (operation.kind) {
    case Operation::Kind::kCreate:
      zoo_create_op_init(
          &made, path, bytes, length, access_of(operation, set_acl),
          operation.life == Operation::Life::kEphemeral ? ZOO_EPHEMERAL : ZOO_PERSISTENT, nullptr,
          0);
      break;
    case Operation::Kind::kSet:
      zoo_set_op_init(&made, path, bytes, length, operation.version, stat);
      break;
    case Operation::Kind::kDelete:
      zoo_delete_op_init(&made, path, operation.version);
      break;
    case Operation::Kind::kCheck:
      zoo_check_op_init(&made, path, operation.version);
      break;
  }
  return made;
}

// `send` hands the call to the client, which gives it back by a completion unless that fails.
template <typename Send>
Outcome<> start(std::unique_ptr<Call> call, Send send) {
  const int result = send(call.get());
  if (result != ZOK) return failure(result, call->path);
  (void)call.release();  // NOLINT(bugprone-unused-return-value): a completion takes it
  return {};
}

}  // namespace

ClientHandle::ClientHandle(Options options, Callbacks callbacks)
    : options_(std::move(options)), callbacks_(std::move(callbacks)) {}

ClientHandle::~ClientHandle() { close(); }

bool ClientHandle::open() {
  zoo_set_debug_level(ZOO_LOG_LEVEL_INFO);
  // With ZOO_READONLY a server without a quorum says what it is instead of hanging up.
  zhandle_t* opened =
      zookeeper_init2(options_.servers.c_str(), on_session, options_.session_timeout_ms, nullptr,
                      this, ZOO_READONLY | ZOO_NO_LOG_CLIENTENV, on_log);
  if (opened == nullptr) return false;
  // Asked at every turn of the client otherwise.
  zoo_set_servers_resolution_delay(opened, 10'000);
  const std::lock_guard lock(mutex_);
  handle_ = opened;
  return true;
}

void ClientHandle::give_credentials(zhandle_t* zookeeper) {
  const std::string& credentials = options_.digest_credentials;
  if (credentials.empty() || credentials_given_) return;
  // Refused between two connections; the next one comes here again.
  credentials_given_ =
      zoo_add_auth(zookeeper, "digest", credentials.data(), static_cast<int>(credentials.size()),
                   on_authenticated, nullptr) == ZOK;
}

void ClientHandle::close() {
  zhandle_t* closing = nullptr;
  {
    const std::lock_guard lock(mutex_);
    closing = std::exchange(handle_, nullptr);
  }
  if (closing != nullptr) zookeeper_close(closing);
}

zhandle_t* ClientHandle::handle() {
  const std::lock_guard lock(mutex_);
  return handle_;
}

Outcome<> ClientHandle::get(std::uint64_t call, const std::string& path, bool with_watch) {
  return start(std::make_unique<Call>(shared_from_this(), call, path), [&](const Call* data) {
    return zoo_awget(handle(), path.c_str(), with_watch ? on_watch : nullptr, watch_context(call),
                     on_data, data);
  });
}

Outcome<> ClientHandle::exists(std::uint64_t call, const std::string& path, bool with_watch) {
  return start(std::make_unique<Call>(shared_from_this(), call, path), [&](const Call* data) {
    return zoo_awexists(handle(), path.c_str(), with_watch ? on_watch : nullptr,
                        watch_context(call), on_stat, data);
  });
}

Outcome<> ClientHandle::children(std::uint64_t call, const std::string& path, bool with_watch) {
  return start(std::make_unique<Call>(shared_from_this(), call, path), [&](const Call* data) {
    return zoo_awget_children(handle(), path.c_str(), with_watch ? on_watch : nullptr,
                              watch_context(call), on_strings, data);
  });
}

Outcome<> ClientHandle::sync(std::uint64_t call) {
  return start(std::make_unique<Call>(shared_from_this(), call, "sync"),
               [&](const Call* data) { return zoo_async(handle(), "/", on_synced, data); });
}

Outcome<> ClientHandle::multi(std::uint64_t call, const std::vector<Operation>& operations) {
  auto made = std::make_unique<Call>(shared_from_this(), call, operations.front().path);
  made->results.resize(operations.size());
  made->stats.resize(operations.size());
  std::vector<zoo_op_t> parts;
  parts.reserve(operations.size());
  for (const Operation& operation : operations) {
    parts.push_back(to_operation(operation, options_.set_acl, &made->stats[parts.size()]));
  }
  return start(std::move(made), [&](Call* data) {
    return zoo_amulti(handle(), static_cast<int>(parts.size()), parts.data(), data->results.data(),
                      on_multi, data);
  });
}

}  // namespace odradek::quorum::zookeeper
