// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker/runtime/ending_queue.h"
#include "broker/runtime/metadata_runtime.h"
#include "env/world.h"
#include "quorum/zookeeper/engine.h"

namespace odradek::broker {

// The metadata of a broker in a cluster whose order is kept in ZooKeeper: it follows what the
// active controller decides, and is that controller where it was elected.
//
// Three places, each in order: the session's loop (loop 0) reads and writes ZooKeeper; the queue of
// decisions has the newest image and lets the controller decide on it; the queue of followers makes
// the settings and partitions here follow, which blocks on the disk. So a controller whose own
// partitions are slow decides nevertheless; what clients are shown (ImageHolder) is what was
// followed.
class ZookeeperMetadata final : public MetadataRuntime, private quorum::zookeeper::Listener {
 public:
  using Brokers = std::vector<quorum::zookeeper::LiveBrokers::Broker>;
  // What else wants to know; set before start.
  struct Hooks {
    // On the queue of decisions, where the image is the newest one. Elected: decisions are taken
    // from now on.
    std::function<void(const metadata::ClusterImage&, base::LeaderEpoch)> on_elected;
    std::function<void(const std::string& why)> on_lost;
    // A change that was decided while this broker leads.
    std::function<void(const metadata::ImageDelta&, const metadata::ClusterImage&)> on_decided;
    // Each image before `attach`.
    std::function<void(const metadata::ClusterImage&)> on_early_image;
    // On the session's loop.
    std::function<void(const std::optional<quorum::zookeeper::ControllerInfo>&)> on_controller;
    std::function<void(const Brokers&)> on_brokers;
    std::function<void(bool is_reachable)> on_reachable;
    // The session is over; the broker registers in the next one by itself.
    std::function<void()> on_expired;
    // Registered once more.
    std::function<void()> on_registered;
    // Another broker took the id, or what ZooKeeper holds is damaged: this one can't go on.
    std::function<void(const base::Error&)> on_fatal;
  };

  ZookeeperMetadata(env::World& world, ImageHolder& image, quorum::zookeeper::EngineOptions options,
                    Hooks hooks);
  ~ZookeeperMetadata() override;

  // Connects, agrees on the cluster's id and origin, and has the image as it is. Blocks; once,
  // first, while the loops run, on none of them. The errors are the engine's.
  [[nodiscard]] base::Result<quorum::zookeeper::Started> start(
      quorum::zookeeper::Proposal proposal, quorum::zookeeper::Registration::Probe probe,
      quorum::zookeeper::ZookeeperEngine::MakeSession make_session);
  // What a cluster begins with, where nobody has decided anything yet. Before register_broker; a
  // broker without is not elected before another one has begun.
  void set_first_records(std::vector<metadata::MetadataRecord> records) {
    first_records_ = std::move(records);
  }
  // Registers in /brokers/ids and stands for controller from then on. Blocks. Once, after start.
  // DUPLICATE_BROKER_REGISTRATION names the other one.
  [[nodiscard]] base::Result<> register_broker(quorum::zookeeper::BrokerIdentity identity,
                                               base::SharedBytes node);
  // Blocks until the image holds for `is_there`; then lets `serve` make everything here that is to
  // follow (follow(), observe()) of the image published, and brings the changes since then to it.
  // Once. The error is serve's.
  void await_image(std::function<bool(const metadata::ClusterImage&)> is_there);
  [[nodiscard]] base::Result<> attach(const std::function<base::Result<>()>& serve);
  // After a start that failed: ends the session. Blocks, while the loops run.
  void shut();

  std::shared_ptr<const metadata::ClusterImage> newest() const override { return decided_.load(); }
  void submit(Decide decide, Done done) override;
  // The same for the controller's own doing: `done` is called on the queue of decisions as soon as
  // the image there has what was committed, before anything here follows it.
  void decide(Decide decide, Done done);
  void stop(Decide last, env::Task stopped) override;
  void end() override;

  // Runs the task between two changes, as what follows them sees it. Threads: any.
  void run_in_turn(env::Task task);
  // Removes the /controller of one that is dead. Threads: any.
  void remove_controller(const quorum::zookeeper::ControllerInfo& dead);

 private:
  struct Job {
    Decide decide;
    Done done;
    bool waits_for_followers = true;
    // The first of a lead: what a cluster begins with, and its view as a whole.
    bool opens_lead = false;
    // Instead of a decision: what is to be taken back.
    std::vector<base::SharedBytes> broken_off = {};
  };
  enum class Stage : std::uint8_t { kEarly, kHeld, kFollowing };

  // quorum::zookeeper::Listener, on the session's loop.
  void on_snapshot(const quorum::zookeeper::Snapshot& snapshot) override;
  void on_change(const quorum::zookeeper::Change& change) override;
  void on_damage(const base::Error& error) override;
  void on_controller(const std::optional<quorum::zookeeper::ControllerInfo>& controller) override;
  void on_elected(const quorum::zookeeper::Lead& lead,
                  const std::vector<base::SharedBytes>& broken_off) override;
  void on_lost(const std::string& why) override;
  void on_brokers(const Brokers& brokers) override;
  void on_registered(std::int64_t zxid) override;
  void on_refused(const base::Error& error) override;
  void on_reachable(bool is_reachable) override;
  void on_expired() override;

  // On the queue of decisions.
  void take_snapshot(const quorum::zookeeper::Snapshot& snapshot);
  void take_change(const quorum::zookeeper::Change& change);
  void advance(metadata::ImageDelta delta, std::shared_ptr<const metadata::ClusterImage> image);
  void follow_later(env::Task task);
  void begin_lead(const quorum::zookeeper::Lead& lead,
                  const std::vector<base::SharedBytes>& broken_off);
  Job take_back_job(const quorum::zookeeper::Lead& lead, std::vector<base::SharedBytes> broken_off);
  Job opening_job(const quorum::zookeeper::Lead& lead);
  // The first change could not be committed, for another reason than a lost lead.
  void begin_again(const quorum::zookeeper::Lead& lead, std::vector<base::SharedBytes> broken_off);
  void next();
  void run(Job job);
  void commit(Job job, const std::vector<metadata::MetadataRecord>& records);
  // Writes the view as it was before the change that was broken off, and ends that.
  void take_back(Job job);
  using Write = std::move_only_function<void(quorum::zookeeper::ZookeeperEngine::CommitHandler)>;
  // Has the engine do it, on its loop, while it has the lead; then the job is finished here.
  void write(Job job, Write write);
  void finish(Job job, base::Result<> committed, bool wants_snapshot);
  void write_snapshot();

  quorum::zookeeper::Listener& listener() { return *this; }
  void note_beginning();
  void stand_if_possible();
  void enqueue(Job job);
  void fail_for_good(const base::Error& error);

  env::World& world_;
  const quorum::zookeeper::EngineOptions options_;
  std::optional<std::vector<metadata::MetadataRecord>> first_records_;
  const Hooks hooks_;
  EndingQueue queue_;
  EndingQueue followers_;

  // Of the queue of decisions.
  std::shared_ptr<const metadata::ClusterImage> newest_;
  ImageHolder decided_;  // the same, for others
  std::optional<quorum::zookeeper::Lead> lead_;
  bool is_lead_open_ = false;
  Stage stage_ = Stage::kEarly;
  std::vector<env::Task> held_;
  std::function<bool(const metadata::ClusterImage&)> awaited_;
  std::function<void()> on_awaited_;

  std::mutex mutex_;
  std::deque<Job> waiting_;
  bool is_busy_ = false;
  bool is_stopped_ = false;

  // Of the session's loop.
  std::unique_ptr<quorum::zookeeper::ZookeeperEngine> engine_;
  std::function<void(base::Result<>)> on_registration_;
  bool is_registered_ = false;
  bool is_reachable_ = false;
  // Something was decided, by whomever.
  bool has_begun_ = false;
};

}  // namespace odradek::broker
