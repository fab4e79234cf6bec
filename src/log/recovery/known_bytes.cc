// SPDX-License-Identifier: Apache-2.0
#include "log/recovery/known_bytes.h"

#include <algorithm>

namespace odradek::log::recovery {

bool KnownBytes::is_checked(std::uint64_t from, std::uint64_t to) const {
  if (from >= written_from_ || from >= to) return true;
  if (details_ == nullptr) return false;
  return std::ranges::any_of(details_->checked, [&](const Stretch& stretch) {
    return stretch.from <= from && to <= stretch.to;
  });
}

std::shared_ptr<KnownBytes::Details> KnownBytes::own_details() {
  return details_ == nullptr ? std::make_shared<Details>() : std::make_shared<Details>(*details_);
}

void KnownBytes::add_checked(std::uint64_t from, std::uint64_t to) {
  to = std::min(to, written_from_);
  if (from >= to || is_checked(from, to)) return;
  auto details = own_details();
  auto& checked = details->checked;
  std::erase_if(checked, [&](const Stretch& stretch) {
    const bool touches = stretch.from <= to && from <= stretch.to;
    if (touches) {
      from = std::min(from, stretch.from);
      to = std::max(to, stretch.to);
    }
    return touches;
  });
  if (to == written_from_) {
    written_from_ = from;
  } else {
    const auto after = std::ranges::upper_bound(checked, from, {}, &Stretch::from);
    checked.insert(after, {from, to});
  }
  if (checked.size() > kStretchesMax) {
    checked.erase(std::ranges::min_element(
        checked, {}, [](const Stretch& stretch) { return stretch.to - stretch.from; }));
  }
  details_ = std::move(details);
}

void KnownBytes::cut_to(std::uint64_t size) { written_from_ = std::min(written_from_, size); }

const Damage* KnownBytes::damage_at(base::Offset offset) const {
  if (details_ == nullptr) return nullptr;
  const auto found = std::ranges::find_if(
      details_->damages, [offset](const Damage& damage) { return damage.holds(offset); });
  return found == details_->damages.end() ? nullptr : &*found;
}

std::optional<base::Offset> KnownBytes::first_damage_beyond(base::Offset start) const {
  std::optional<base::Offset> first;
  if (details_ == nullptr) return first;
  for (const Damage& damage : details_->damages) {
    if (damage.end_offset <= start) continue;
    first = std::min(first.value_or(damage.first_offset), damage.first_offset);
  }
  return first;
}

bool KnownBytes::add_damage(const Damage& damage) {
  if (details_ != nullptr && std::ranges::count(details_->damages, damage) > 0) return false;
  auto details = own_details();
  details->damages.push_back(damage);
  details_ = std::move(details);
  return true;
}

}  // namespace odradek::log::recovery
