// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "log/recovery/damage.h"

namespace odradek::log::recovery {

// What this process knows of a segment's bytes: which of them it wrote, or read and found whole,
// and which are damaged. Copying is cheap. Threads: the caller serialises.
class KnownBytes {
 public:
  // Stretches that are remembered; of more, the shortest is forgotten and checked again.
  static constexpr std::size_t kStretchesMax = 8;

  // What is there from `written_from` on this process wrote itself.
  explicit KnownBytes(std::uint64_t written_from) : written_from_(written_from) {}

  bool are_all_checked() const { return written_from_ == 0; }
  bool is_checked(std::uint64_t from, std::uint64_t to) const;
  void add_checked(std::uint64_t from, std::uint64_t to);

  // The file was cut to `size`: what comes there now this process writes.
  void cut_to(std::uint64_t size);

  // The damage that `offset` lies in; null where none is known.
  const Damage* damage_at(base::Offset offset) const;
  // False where it is known already.
  bool add_damage(const Damage& damage);
  // Where the first damage begins that reaches beyond `start`; nothing where none is known.
  std::optional<base::Offset> first_damage_beyond(base::Offset start) const;
  std::size_t damages() const { return details_ == nullptr ? 0 : details_->damages.size(); }

 private:
  struct Stretch {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
  };
  struct Details {
    std::vector<Stretch> checked;  // apart from each other, ascending
    std::vector<Damage> damages;
  };
  std::shared_ptr<Details> own_details();

  std::uint64_t written_from_;
  std::shared_ptr<const Details> details_;
};

}  // namespace odradek::log::recovery
