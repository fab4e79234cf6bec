// SPDX-License-Identifier: Apache-2.0
#include "log/recovery/damage.h"

#include <fmt/core.h>

namespace odradek::log::recovery {

std::string_view words_of(DamageKind kind) {
  switch (kind) {
    case DamageKind::kNoBatch:
      return "there is no batch";
    case DamageKind::kIncomplete:
      return "a batch is not complete";
    case DamageKind::kChecksum:
      return "a batch's checksum is wrong";
    case DamageKind::kOffsets:
      return "a batch's offsets do not follow those before it";
    case DamageKind::kEpoch:
      return "a batch's leader epoch is wrong";
    case DamageKind::kMissing:
      break;
  }
  return "batches are missing";
}

std::string describe(const Damage& damage, std::string_view file) {
  std::string text = fmt::format("{}: {} at position {} ({} bytes)", file, words_of(damage.kind),
                                 damage.position, damage.end_position - damage.position);
  if (damage.first_offset == damage.end_offset) return text + ": no records are lost";
  return text + fmt::format(": offsets {} to {} can't be read", damage.first_offset.value(),
                            damage.end_offset.value() - 1);
}

}  // namespace odradek::log::recovery
