// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "quorum/zookeeper/sim/client.h"

namespace odradek::quorum::zookeeper::sim {
namespace {

// The session as its user has it.
class SimSession final : public Session {
 public:
  explicit SimSession(std::shared_ptr<Client> client) : client_(std::move(client)) {}
  ~SimSession() override { client_->abandon(); }

  void open() override { client_->open(); }
  void close(std::move_only_function<void()> done) override { client_->close(std::move(done)); }
  SessionId id() const override { return client_->id(); }
  bool is_connected() const override { return client_->is_connected(); }

  void get(const std::string& path, GetHandler handler, Watch watch) override {
    client_->call(
        {.kind = Request::Kind::kGet, .path = path},
        [handler = std::move(handler)](Outcome<Answer> answer) mutable {
          if (!answer) return handler(std::unexpected(std::move(answer.error())));
          handler(Node{std::move(answer->bytes), *answer->stat});
        },
        std::move(watch));
  }
  void exists(const std::string& path, ExistsHandler handler, Watch watch) override {
    client_->call(
        {.kind = Request::Kind::kExists, .path = path},
        [handler = std::move(handler)](Outcome<Answer> answer) mutable {
          if (!answer) return handler(std::unexpected(std::move(answer.error())));
          handler(answer->stat);
        },
        std::move(watch));
  }
  void children(const std::string& path, ChildrenHandler handler, Watch watch) override {
    client_->call(
        {.kind = Request::Kind::kChildren, .path = path},
        [handler = std::move(handler)](Outcome<Answer> answer) mutable {
          if (!answer) return handler(std::unexpected(std::move(answer.error())));
          handler(std::move(answer->names));
        },
        std::move(watch));
  }
  void sync(DoneHandler handler) override {
    client_->call({.kind = Request::Kind::kSync, .path = "/"}, without_value(std::move(handler)),
                  {});
  }
  void multi_with_versions(std::vector<Operation> operations, VersionsHandler handler) override {
    auto finish = [handler = std::move(handler)](Outcome<Answer> answer) mutable {
      if (!answer) return handler(std::unexpected(std::move(answer.error())));
      handler(std::move(answer->versions));
    };
    if (auto good = check_multi(operations); !good) {
      return client_->refuse(std::move(good.error()), std::move(finish));
    }
    Request request{.kind = Request::Kind::kMulti, .path = "/"};
    request.operations = std::move(operations);
    client_->call(std::move(request), std::move(finish), {});
  }
  void after(env::Duration pause, env::Task task) override {
    client_->after(pause, std::move(task));
  }

 private:
  static Client::Finish without_value(DoneHandler handler) {
    return [handler = std::move(handler)](Outcome<Answer> answer) mutable {
      if (!answer) return handler(std::unexpected(std::move(answer.error())));
      handler({});
    };
  }

  const std::shared_ptr<Client> client_;
};

}  // namespace

std::unique_ptr<Session> SimZookeeper::make_session(const std::string& host,
                                                    env::Executor& executor,
                                                    SimSessionOptions options,
                                                    SessionHandler handler) {
  auto client =
      std::make_shared<Client>(*this, host, executor, std::move(options), std::move(handler));
  std::erase_if(clients_, [](const auto& known) { return known.expired(); });
  clients_.push_back(client);
  return std::make_unique<SimSession>(std::move(client));
}

}  // namespace odradek::quorum::zookeeper::sim
