// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/client_session.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "quorum/zookeeper/client_handle.h"

namespace odradek::quorum::zookeeper {
namespace {

using Answer = ClientHandle::Answer;
using Finish = std::move_only_function<void(Outcome<Answer>)>;

// After no address of the servers was found.
constexpr env::Duration kBeforeNextOpen = std::chrono::seconds(1);
// For the first answer to a handle; doubled with each one that is replaced. A server that was not
// ready when it was asked for a session never answers, and the client would wait for it for two
// thirds of the session's time-out; the next connection is answered at once.
constexpr env::Duration kFirstPatience = std::chrono::milliseconds(1500);

// What the client doubles without looking. Servers grant far less (20 of their ticks).
constexpr env::Duration kLongestTimeout = std::chrono::milliseconds(1'000'000'000);

std::int32_t to_ms(env::Duration duration) {
  return static_cast<std::int32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::min(duration, kLongestTimeout))
          .count());
}

// "/a/b" of "/a/b/c".
std::vector<std::string> path_with_parents(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    parts.push_back(path.substr(0, slash));
  }
  parts.push_back(path);
  return parts;
}

}  // namespace

// Everything runs on the executor's loop except where it says otherwise.
class ClientSession::State : public std::enable_shared_from_this<State> {
 public:
  State(env::Executor& executor, env::WorkerPool& workers, ClientOptions options,
        SessionHandler handler)
      : executor_(executor),
        closing_(workers.make_condition()),
        options_(std::move(options)),
        on_event_(std::move(handler)),
        queue_(workers.make_queue("zookeeper", 1)) {
    if (!options_.connect.chroot.empty()) {
      chroot_parts_ = path_with_parents(options_.connect.chroot);
    }
  }

  void open() {
    if (is_closed_ || handle_) return;
    is_unreachable_told_ = false;
    patience_ = kFirstPatience;
    unreachable_timer_ =
        executor_.run_after(options_.connection_timeout, [weak = weak_from_this()] {
          if (auto self = weak.lock(); self && self->on_event_) self->tell_unreachable();
        });
    open_handle();
  }

  void close(std::move_only_function<void()> done) {
    is_closed_ = true;
    for (auto& [call, pending] : std::exchange(pending_, {})) {
      refuse(failure_of(Code::kClosed), std::move(pending.finish));
    }
    stop_unreachable();
    end_handle(std::move(done));
  }

  // On whatever thread destroys the session.
  void abandon() {
    on_event_ = {};
    is_closed_ = true;
    pending_.clear();
    watches_.clear();
    end_handle({});
  }
  void wait_until_closed() {
    std::unique_lock lock(mutex_);
    closing_->wait(lock, [this] { return open_handles_ == 0; });
  }

  SessionId id() const { return id_; }
  bool is_connected() const { return is_connected_; }
  std::string full_path(const std::string& path) const {
    if (options_.connect.chroot.empty()) return path;
    return path == "/" ? options_.connect.chroot : options_.connect.chroot + path;
  }

  void after(env::Duration pause, env::Task task) {
    executor_.run_after(pause, [weak = weak_from_this(), task = std::move(task)]() mutable {
      if (auto self = weak.lock(); self && self->on_event_ && !self->is_closed_) task();
    });
  }

  // Sends by `send`, a call of the handle with the call's number, and finishes with the answer.
  template <typename Send>
  void call(const std::string& path, Finish finish, Watch watch, Send send) {
    if (auto good = check_path(path); !good) return refuse(good.error(), std::move(finish));
    if (auto ready = check_connected(); !ready) return refuse(ready.error(), std::move(finish));
    send_call(std::move(finish), std::move(watch), std::move(send));
  }
  void refuse(Failure failure, Finish finish) {
    executor_.post([weak = weak_from_this(), failure = std::move(failure),
                    finish = std::move(finish)]() mutable {
      if (auto self = weak.lock(); self && self->on_event_) {
        finish(std::unexpected(std::move(failure)));
      }
    });
  }

 private:
  struct Pending {
    Finish finish;
    Watch watch;
  };

  Outcome<> check_connected() const {
    if (is_closed_) return fail(Code::kClosed, "the session with ZooKeeper is closed");
    if (is_connected_) return {};
    if (last_end_ == SessionEvent::kExpired) {
      return fail(Code::kSessionExpired, "the session with ZooKeeper has expired");
    }
    if (last_end_ == SessionEvent::kAuthFailed) {
      return fail(Code::kAuthFailed, "ZooKeeper refused the credentials");
    }
    if (is_read_only_) return fail(Code::kReadOnly, "ZooKeeper's server has no quorum");
    return fail(Code::kConnectionLoss, "no connection to ZooKeeper");
  }

  template <typename Send>
  void send_call(Finish finish, Watch watch, Send send) {
    const std::uint64_t number = next_call_++;
    const bool with_watch = static_cast<bool>(watch);
    pending_.emplace(number, Pending{std::move(finish), std::move(watch)});
    Outcome<> sent = send(*handle_, number, with_watch);
    if (sent) return;
    Pending failed = std::move(pending_.extract(number).mapped());
    refuse(std::move(sent.error()), std::move(failed.finish));
  }

  ClientHandle::Callbacks callbacks() {
    // On the client's threads.
    const auto hand_over = [weak = weak_from_this(), &executor = executor_,
                            generation = generation_](auto step) {
      executor.post([weak, generation, step = std::move(step)]() mutable {
        auto self = weak.lock();
        if (self && self->generation_ == generation && self->on_event_) step(*self);
      });
    };
    ClientHandle::Callbacks made;
    made.on_state = [hand_over](ClientHandle::State state, SessionId id) {
      hand_over([state, id](State& self) { self.on_state(state, id); });
    };
    made.on_answer = [hand_over](std::uint64_t call, Outcome<Answer> answer) {
      hand_over([call, answer = std::move(answer)](State& self) mutable {
        self.on_answer(call, std::move(answer));
      });
    };
    made.on_watch = [hand_over](std::uint64_t call, WatchEvent event) {
      hand_over([call, event](State& self) { self.on_watch(call, event); });
    };
    return made;
  }

  void open_handle() {
    ++generation_;
    last_end_ = SessionEvent::kDisconnected;
    handle_is_open_ = false;
    handle_ = std::make_shared<ClientHandle>(
        ClientHandle::Options{.servers = options_.connect.servers_of_client(),
                              .session_timeout_ms = to_ms(options_.session_timeout),
                              .set_acl = options_.set_acl,
                              .digest_credentials = options_.digest_credentials},
        callbacks());
    {
      const std::lock_guard lock(mutex_);
      ++open_handles_;
    }
    queue_->submit([weak = weak_from_this(), handle = handle_, &executor = executor_,
                    generation = generation_] {
      const bool is_open = handle->open();
      executor.post([weak, generation, is_open] {
        auto self = weak.lock();
        if (self && self->generation_ == generation && self->on_event_) self->on_opened(is_open);
      });
    });
  }

  void on_opened(bool is_open) {
    if (is_open) {
      handle_is_open_ = true;
      replace_unanswered();
      for (const auto& [state, id] : std::exchange(early_states_, {})) on_state(state, id);
      return;
    }
    base::log::warn("zookeeper", "no address found of {}", options_.connect.servers);
    end_handle({});
    executor_.run_after(kBeforeNextOpen, [weak = weak_from_this(), generation = generation_] {
      auto self = weak.lock();
      if (self && self->generation_ == generation && !self->is_closed_) self->open_handle();
    });
  }

  // Makes another handle where this one gets no session in time.
  void replace_unanswered() {
    executor_.run_after(patience_, [weak = weak_from_this(), generation = generation_] {
      auto self = weak.lock();
      if (!self || self->generation_ != generation || self->is_closed_ || !self->on_event_) return;
      if (self->id_ != 0 || self->is_read_only_) return;
      base::log::debug("zookeeper", "no answer from {}: asked again on a new connection",
                       self->options_.connect.servers);
      self->patience_ = std::min(self->patience_ * 2, self->options_.session_timeout);
      self->end_handle({});
      self->open_handle();
    });
  }

  void end_handle(std::move_only_function<void()> done) {
    ++generation_;
    is_connected_ = false;
    id_ = 0;
    early_states_.clear();
    auto handle = std::exchange(handle_, nullptr);
    if (!handle) {
      if (done) executor_.post(std::move(done));
      return;
    }
    // The session waits for it before it goes: see wait_until_closed.
    queue_->submit([this, handle = std::move(handle), done = std::move(done)]() mutable {
      handle->close();
      if (done) executor_.post(std::move(done));
      const std::lock_guard lock(mutex_);
      --open_handles_;
      closing_->notify_all();
    });
  }

  void on_state(ClientHandle::State state, SessionId id) {
    // No call can be sent before.
    if (!handle_is_open_) {
      early_states_.emplace_back(state, id);
      return;
    }
    switch (state) {
      case ClientHandle::State::kConnected:
        id_ = id;
        is_read_only_ = false;
        return make_chroot(has_chroot_ ? chroot_parts_.size() : 0);
      case ClientHandle::State::kLooking:
        return on_lost();
      case ClientHandle::State::kReadOnly:
        if (!std::exchange(is_read_only_, true)) tell(SessionEvent::kReadOnly);
        return;
      case ClientHandle::State::kExpired:
        return on_end(SessionEvent::kExpired, Code::kSessionExpired);
      case ClientHandle::State::kAuthFailed:
        return on_end(SessionEvent::kAuthFailed, Code::kAuthFailed);
    }
  }

  void on_lost() {
    const bool was_connected = std::exchange(is_connected_, false);
    fail_calls(Code::kConnectionLoss);
    if (was_connected) tell(SessionEvent::kDisconnected);
  }

  void on_end(SessionEvent event, Code code) {
    last_end_ = event;
    is_connected_ = false;
    fail_calls(code);
    watches_.clear();
    stop_unreachable();
    end_handle({});
    tell(event);
  }

  void stop_unreachable() { executor_.cancel(std::exchange(unreachable_timer_, 0)); }
  void tell_unreachable() {
    if (is_connected_ || std::exchange(is_unreachable_told_, true)) return;
    tell(SessionEvent::kUnreachable);
  }

  // The nodes of the chroot from `index` on, then the session is ready.
  void make_chroot(std::size_t index) {
    if (index == chroot_parts_.size()) {
      stop_unreachable();
      has_chroot_ = true;
      is_connected_ = true;
      return tell(SessionEvent::kConnected);
    }
    const std::string& path = chroot_parts_[index];
    send_call(
        [this, index](Outcome<Answer> answer) {
          if (!answer) return give_up_chroot(answer.error());
          if (answer->stat) return make_chroot(index + 1);
          make_chroot_node(index);
        },
        {},
        [&path](ClientHandle& handle, std::uint64_t number, bool) {
          return handle.exists(number, path, false);
        });
  }
  void make_chroot_node(std::size_t index) {
    send_call(
        [this, index](Outcome<Answer> answer) {
          if (!answer && answer.error().code != Code::kNodeExists) {
            return give_up_chroot(answer.error());
          }
          make_chroot(index + 1);
        },
        {},
        [this, index](ClientHandle& handle, std::uint64_t number, bool) {
          return handle.multi(number, {Operation::create(chroot_parts_[index], {})});
        });
  }
  void give_up_chroot(const Failure& failure) {
    // A lost connection comes with its event, and the next one begins again.
    if (is_passing(failure) || failure.code == Code::kSessionExpired) return;
    base::log::error("zookeeper", "zookeeper.connect: the chroot {} can't be made: {}",
                     options_.connect.chroot, failure.message);
    stop_unreachable();
    tell(SessionEvent::kNoChroot);
  }

  void on_answer(std::uint64_t call, Outcome<Answer> answer) {
    auto found = pending_.extract(call);
    if (!found) return;  // has failed already, with the connection
    if (answer && found.mapped().watch) {
      watches_.emplace(call, std::move(found.mapped().watch));
    }
    found.mapped().finish(std::move(answer));
  }

  void on_watch(std::uint64_t call, WatchEvent event) {
    if (auto found = watches_.extract(call)) found.mapped()(event);
  }

  static Failure failure_of(Code code) {
    return {code, fmt::format("ZooKeeper: {}", name_of(code)), std::nullopt};
  }
  // What is called here may end the session.
  void fail_calls(Code code) {
    for (auto& [call, pending] : std::exchange(pending_, {})) {
      if (on_event_) pending.finish(std::unexpected(failure_of(code)));
    }
  }

  void tell(SessionEvent event) {
    base::log::info("zookeeper", "session {:#x}: {}", id_, name_of(event));
    if (auto on_event = on_event_) on_event(event);
  }

  env::Executor& executor_;
  const std::unique_ptr<env::Condition> closing_;
  const ClientOptions options_;
  SessionHandler on_event_;
  std::vector<std::string> chroot_parts_;
  bool has_chroot_ = false;
  env::Duration patience_ = kFirstPatience;
  std::shared_ptr<ClientHandle> handle_;
  bool handle_is_open_ = false;
  // Came before `open` of the handle was done.
  std::vector<std::pair<ClientHandle::State, SessionId>> early_states_;
  // Counts handles: what an older one tells is ignored.
  std::uint64_t generation_ = 0;
  std::uint64_t next_call_ = 1;
  std::map<std::uint64_t, Pending> pending_;  // by number: in the order of the calls
  std::map<std::uint64_t, Watch> watches_;    // by the number of the call that set it
  SessionId id_ = 0;
  bool is_connected_ = false;
  bool is_read_only_ = false;
  bool is_closed_ = false;
  SessionEvent last_end_ = SessionEvent::kDisconnected;
  env::Executor::TimerId unreachable_timer_ = 0;
  bool is_unreachable_told_ = false;
  std::mutex mutex_;
  int open_handles_ = 0;  // guarded
  // Goes first: it waits for the task that it runs.
  const std::unique_ptr<env::WorkQueue> queue_;
};

ClientSession::ClientSession(env::Executor& executor, env::WorkerPool& workers,
                             ClientOptions options, SessionHandler handler)
    : state_(std::make_shared<State>(executor, workers, std::move(options), std::move(handler))) {}

ClientSession::~ClientSession() {
  state_->abandon();
  state_->wait_until_closed();
}

void ClientSession::open() { state_->open(); }
void ClientSession::close(std::move_only_function<void()> done) { state_->close(std::move(done)); }
SessionId ClientSession::id() const { return state_->id(); }
bool ClientSession::is_connected() const { return state_->is_connected(); }

void ClientSession::get(const std::string& path, GetHandler handler, Watch watch) {
  state_->call(
      path,
      [handler = std::move(handler)](Outcome<Answer> answer) mutable {
        if (!answer) return handler(std::unexpected(std::move(answer.error())));
        handler(Node{std::move(answer->bytes), *answer->stat});
      },
      std::move(watch),
      [path = state_->full_path(path)](ClientHandle& handle, std::uint64_t call, bool with_watch) {
        return handle.get(call, path, with_watch);
      });
}

void ClientSession::exists(const std::string& path, ExistsHandler handler, Watch watch) {
  state_->call(
      path,
      [handler = std::move(handler)](Outcome<Answer> answer) mutable {
        if (!answer) return handler(std::unexpected(std::move(answer.error())));
        handler(answer->stat);
      },
      std::move(watch),
      [path = state_->full_path(path)](ClientHandle& handle, std::uint64_t call, bool with_watch) {
        return handle.exists(call, path, with_watch);
      });
}

void ClientSession::children(const std::string& path, ChildrenHandler handler, Watch watch) {
  state_->call(
      path,
      [handler = std::move(handler)](Outcome<Answer> answer) mutable {
        if (!answer) return handler(std::unexpected(std::move(answer.error())));
        handler(std::move(answer->names));
      },
      std::move(watch),
      [path = state_->full_path(path)](ClientHandle& handle, std::uint64_t call, bool with_watch) {
        return handle.children(call, path, with_watch);
      });
}

namespace {

Finish without_value(Session::DoneHandler handler) {
  return [handler = std::move(handler)](Outcome<Answer> answer) mutable {
    if (!answer) return handler(std::unexpected(std::move(answer.error())));
    handler({});
  };
}

}  // namespace

void ClientSession::sync(DoneHandler handler) {
  state_->call("/", without_value(std::move(handler)), {},
               [](ClientHandle& handle, std::uint64_t call, bool) { return handle.sync(call); });
}

void ClientSession::after(env::Duration pause, env::Task task) {
  state_->after(pause, std::move(task));
}

void ClientSession::multi_with_versions(std::vector<Operation> operations,
                                        VersionsHandler handler) {
  auto finish = [handler = std::move(handler)](Outcome<Answer> answer) mutable {
    if (!answer) return handler(std::unexpected(std::move(answer.error())));
    handler(std::move(answer->versions));
  };
  if (auto good = check_multi(operations); !good) {
    return state_->refuse(std::move(good.error()), std::move(finish));
  }
  for (Operation& operation : operations) operation.path = state_->full_path(operation.path);
  state_->call(
      "/", std::move(finish), {},
      [operations = std::move(operations)](ClientHandle& handle, std::uint64_t call, bool) {
        return handle.multi(call, operations);
      });
}

}  // namespace odradek::quorum::zookeeper
