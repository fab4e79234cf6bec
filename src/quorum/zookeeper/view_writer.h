// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "quorum/zookeeper/change.h"
#include "quorum/zookeeper/session.h"

namespace odradek::quorum::zookeeper {

// Makes operations of view writes: knows which nodes there are in which version, looks up the ones
// it does not know (but for those that must be there, as long as they are: a lookup of each would
// cost a new controller most of its time), makes missing parents, and logs what somebody else
// wrote. A node that cannot be written is left out with an error in the log: the view never holds
// up the truth. On the session's loop.
class ViewWriter {
 public:
  explicit ViewWriter(Session& session) : session_(session) {}

  // Calls with the operations, in order; at once where nothing has to be looked up. A failure is
  // one of the session's.
  using Ready = std::move_only_function<void(Outcome<std::vector<Operation>>)>;
  void prepare(const std::vector<ViewWrite>& writes, Ready ready);
  // They were done, and left the nodes in these versions.
  void applied(std::span<const Operation> operations, std::span<const std::int32_t> versions);
  // One was refused: somebody else wrote there. The next `prepare` looks again. True: the multi can
  // be tried again.
  [[nodiscard]] bool on_refused(const Operation& operation, const Failure& failure);
  // Another controller may have written.
  void forget();

 private:
  struct Lookup;
  static constexpr std::int32_t kAbsent = -2;  // as no version, nor kAnyVersion, is

  bool is_trusted(const ViewWrite& write) const;
  void find_unknown(const std::string& path, std::vector<std::string>& unknown) const;
  void look_up(std::shared_ptr<Lookup> lookup);
  std::vector<Operation> build(const std::vector<ViewWrite>& writes);
  void add_parents(const std::string& path, std::unordered_map<std::string, std::int32_t>& now,
                   std::vector<Operation>& operations) const;
  std::int32_t version_of(const std::string& path) const;
  std::int32_t version_of(const ViewWrite& write) const;

  Session& session_;
  std::unordered_map<std::string, std::int32_t> versions_;
  // No node that must be there was missing.
  bool are_all_there_ = true;
  // Attempts at a path since it was last written; from some number on it is left out.
  std::unordered_map<std::string, int> refusals_;
};

}  // namespace odradek::quorum::zookeeper
