// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/foundation.h"

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "quorum/zookeeper/layout.h"

namespace odradek::quorum::zookeeper {
namespace {

constexpr std::string_view kRootText = R"({"version":1})";

struct FirstNode {
  const char* path;
  std::string_view text;
};
// Parents first.
constexpr FirstNode kFirstNodes[] = {
    {path::kControllerEpoch, "0"}, {path::kBrokers, ""},   {path::kBrokerIds, ""},
    {path::kTopics, ""},           {path::kCluster, ""},   {path::kRoot, kRootText},
    {path::kChanges, ""},          {path::kSnapshots, ""}, {path::kSnapshotPointer, ""},
    {path::kIdentities, ""},
};

// Lists that only brokers fill, and what this server makes after its root, or never: the versions
// of Kafka's features, what its brokers notify each other by, and its way to KRaft.
constexpr const char* kKafkaLists[] = {path::kBrokerIds, path::kTopics};
constexpr const char* kKafkaNodes[] = {path::kController, "/feature", "/isr_change_notification",
                                       "/migration"};

}  // namespace

void Foundation::lay(Proposal proposal, Handler handler) {
  proposed_ = std::move(proposal);
  handler_ = std::move(handler);
  resume();
}

void Foundation::resume() {
  if (!handler_ || !session_.is_connected()) return;
  ++attempt_;
  session_.sync([](Outcome<>) {});
  look();
}

void Foundation::give_up(base::Error error) { finish(base::fail(std::move(error))); }

// False: the answer ends it, or the next connection begins again.
bool Foundation::goes_on(const Failure& failure) {
  if (failure.code == Code::kNodeExists || failure.code == Code::kNoNode) return true;
  const bool is_over = !is_passing(failure) && failure.code != Code::kSessionExpired &&
                       failure.code != Code::kClosed;
  if (!is_over) return false;
  std::string why = failure.message;
  if (failure.code == Code::kNoAuth) {
    why +=
        ": its access list lets others in; zookeeper.digest.credentials has to be what the "
        "cluster was made with (zookeeper.set.acl)";
  }
  finish(base::fail(base::ErrorCode::kInvalidConfig, std::move(why)));
  return false;
}

void Foundation::look() {
  session_.get(path::kRoot, [this, attempt = attempt_](Outcome<Node> node) {
    if (attempt != attempt_ || !handler_) return;
    if (!node) {
      if (goes_on(node.error())) look_for_kafka();
      return;
    }
    const std::string_view text = base::as_text(node->bytes.view());
    if (text == kRootText) return make_nodes();
    finish(base::fail(base::ErrorCode::kInvalidConfig,
                      fmt::format("zookeeper.connect={}: {} says {}, this server writes {}",
                                  connect_, path::kRoot, text, kRootText)));
  });
}

struct Foundation::Signs {
  // What was found first.
  std::string found = {};
  std::optional<Failure> failure = {};
};

// The root is read again after them: brokers of ours that started meanwhile leave such signs, too.
void Foundation::look_for_kafka() {
  auto signs = std::make_shared<Signs>();
  const auto note = [signs](const Failure& failure) {
    if (failure.code != Code::kNoNode) signs->failure = failure;
  };
  for (const char* list : kKafkaLists) {
    session_.children(list, [signs, note, list](Outcome<std::vector<std::string>> names) {
      if (!names) return note(names.error());
      if (names->empty() || !signs->found.empty()) return;
      signs->found = fmt::format("{}/{}", list, names->front());
    });
  }
  for (const char* node : kKafkaNodes) {
    session_.exists(node, [signs, note, node](Outcome<std::optional<Stat>> stat) {
      if (!stat) return note(stat.error());
      if (*stat && signs->found.empty()) signs->found = node;
    });
  }
  session_.get(path::kRoot, [this, signs, attempt = attempt_](Outcome<Node> root) {
    if (attempt == attempt_ && handler_) look_at_signs(*signs, root);
  });
}

void Foundation::look_at_signs(const Signs& signs, const Outcome<Node>& root) {
  if (root) return look();
  if (!goes_on(root.error())) return;
  if (!signs.found.empty()) {
    return finish(base::fail(
        base::ErrorCode::kInvalidConfig,
        fmt::format("zookeeper.connect={}: this chroot holds a cluster of Apache Kafka ({} is "
                    "there, and nothing of this server's): another chroot is needed",
                    connect_, signs.found)));
  }
  if (signs.failure && !goes_on(*signs.failure)) return;
  if (!proposed_.cluster_id.empty()) return make_nodes();
  finish(base::fail(
      base::ErrorCode::kInvalidConfig,
      fmt::format("zookeeper.connect={}: there is no cluster in this chroot ({} is missing), and "
                  "the log directories belong to one",
                  connect_, path::kRoot)));
}

void Foundation::make_nodes() {
  for (const FirstNode& node : kFirstNodes) {
    const bool is_last = &node == std::end(kFirstNodes) - 1;
    session_.multi({Operation::create(node.path, to_bytes(node.text))},
                   [this, attempt = attempt_, is_last](Outcome<> done) {
                     if (attempt != attempt_ || !handler_) return;
                     if (!done && !goes_on(done.error())) return;
                     if (is_last) read_cluster_id();
                   });
  }
}

void Foundation::read_cluster_id() {
  session_.get(path::kClusterId, [this, attempt = attempt_](Outcome<Node> node) {
    if (attempt != attempt_ || !handler_) return;
    if (!node) {
      if (goes_on(node.error())) make_cluster_id();
      return;
    }
    auto id = parse_cluster_id(node->bytes.view());
    if (id) {
      cluster_id_ = std::move(*id);
      return read_origin();
    }
    finish(base::fail(base::ErrorCode::kInvalidConfig,
                      fmt::format("zookeeper.connect: {} names no cluster: {}", path::kClusterId,
                                  base::as_text(node->bytes.view()))));
  });
}

void Foundation::make_cluster_id() {
  session_.multi({Operation::create(path::kClusterId, cluster_id_text(proposed_.cluster_id))},
                 [this, attempt = attempt_](Outcome<> done) {
                   if (attempt != attempt_ || !handler_) return;
                   // Another one was faster, or not: what stands there counts.
                   if (done || goes_on(done.error())) read_cluster_id();
                 });
}

void Foundation::read_origin() {
  session_.get(path::kOrigin, [this, attempt = attempt_](Outcome<Node> node) {
    if (attempt != attempt_ || !handler_) return;
    if (node) return finish(Founded{cluster_id_, node->bytes});
    if (!goes_on(node.error())) return;
    // What another cluster has is nothing to begin this one with.
    const bool is_stranger = proposed_.is_of_cluster && proposed_.cluster_id != cluster_id_;
    if (proposed_.origin.empty() || is_stranger) return finish(Founded{cluster_id_, {}});
    make_origin();
  });
}

void Foundation::make_origin() {
  session_.multi({Operation::create(path::kOrigin, proposed_.origin)},
                 [this, attempt = attempt_](Outcome<> done) {
                   if (attempt != attempt_ || !handler_) return;
                   if (done || goes_on(done.error())) read_origin();
                 });
}

void Foundation::finish(base::Result<Founded> result) {
  if (!handler_) return;
  auto handler = std::exchange(handler_, {});
  handler(std::move(result));
}

}  // namespace odradek::quorum::zookeeper
