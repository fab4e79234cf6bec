// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "config/table.h"
#include "metadata/controller/clients.h"
#include "metadata/snapshot_clients.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::AlterClientQuotasRequest;

constexpr const char* kUser = "user";
constexpr const char* kClientId = "client-id";
constexpr const char* kIp = "ip";

std::unexpected<base::Error> invalid(std::string why) {
  return base::fail(ErrorCode::kInvalidRequest, std::move(why));
}

bool is_entity_type(const std::string& type) {
  return type == kUser || type == kClientId || type == kIp;
}

bool is_address(const std::string& text) {
  in6_addr parsed{};
  return ::inet_pton(AF_INET, text.c_str(), &parsed) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &parsed) == 1;
}

base::Result<> check_entity(const QuotaEntity& entity) {
  if (entity.empty()) return invalid("Invalid empty client quota entity");
  for (const auto& [type, name] : entity) {
    if (!is_entity_type(type)) return invalid("Unhandled client quota entity type: " + type);
    if (name && name->empty()) return invalid(fmt::format("Empty {} not supported", type));
  }
  const auto ip = entity.find(kIp);
  if (ip == entity.end()) return {};
  if (entity.size() > 1) {
    return invalid(
        "Invalid quota entity combination, IP entity should not be combined with User or "
        "ClientId");
  }
  if (ip->second && !is_address(*ip->second)) {
    return invalid(*ip->second + " is not a valid IP.");
  }
  return {};
}

// Whether the entity can have the quota: one of the users' and clients', or of the addresses'.
const config::Setting* find_quota(const QuotaEntity& entity, const std::string& key) {
  const config::Setting* quota = config::find_setting(config::Scope::kQuota, key);
  if (quota == nullptr) return nullptr;
  const std::string& type = entity.begin()->first;
  return std::ranges::find(quota->entities, type) == quota->entities.end() ? nullptr : quota;
}

base::Result<> check_value(const QuotaEntity& entity, const std::string& key, double value) {
  const config::Setting* quota = find_quota(entity, key);
  if (quota == nullptr) return invalid("Invalid configuration key " + key);
  // Also what is no number.
  if (!(value > 0)) return invalid(fmt::format("Quota {} must be greater than 0", key));
  if (quota->type == config::Type::kDouble) return {};
  const bool is_int = quota->type == config::Type::kInt;
  const double most = is_int ? std::numeric_limits<std::int32_t>::max()
                             : static_cast<double>(std::numeric_limits<std::int64_t>::max());
  if (value > most) {
    return invalid(fmt::format("Proposed value for {} is too large for {}.", key,
                               is_int ? "an INT" : "a LONG"));
  }
  constexpr double kTolerance = 1e-6;
  if (std::fmod(value, 1.0) > kTolerance) {
    return invalid(key + " cannot be a fractional value.");
  }
  return {};
}

class QuotaChanger {
 public:
  explicit QuotaChanger(const ClusterImage& image) : image_(image) {}

  void change(const AlterClientQuotasRequest::EntryData& entry) {
    QuotaEntity entity;
    for (const auto& part : entry.entity) entity[part.entity_type] = part.entity_name;
    const bool is_again = !answers_.emplace(entity, base::Result<>{}).second;
    std::vector<MetadataRecord> records;
    answers_[entity] = is_again ? invalid("Ignoring duplicate entity " + describe(entity))
                                : decide(entity, entry, records);
    if (!answers_[entity]) return;
    std::ranges::move(records, std::back_inserter(decision_.records));
  }

  AlterQuotasDecision take() {
    for (auto& [entity, result] : answers_) {
      auto& answer = decision_.reply.entries.emplace_back();
      for (const auto& [type, name] : entity) answer.entity.push_back({type, name});
      answer.error_message.reset();
      if (result) continue;
      answer.error_code = result.error().code;
      answer.error_message = std::move(result).error().message;
    }
    return std::move(decision_);
  }

 private:
  base::Result<> decide(const QuotaEntity& entity, const AlterClientQuotasRequest::EntryData& entry,
                        std::vector<MetadataRecord>& records) const {
    if (auto valid = check_entity(entity); !valid) return valid;
    const auto& present = image_.client_quotas.find(entity);
    static const QuotaMap kNone;
    const QuotaMap& quotas = present == nullptr ? kNone : *present;
    std::set<std::string> keys;
    for (const auto& op : entry.ops) {
      if (!keys.insert(op.key).second) return invalid("Duplicate quota key " + op.key);
      const auto current = quotas.find(op.key);
      auto record = to_record(entity, op.key);
      if (op.remove) {
        record.remove = true;
        if (current != quotas.end()) records.emplace_back(std::move(record));
        continue;
      }
      if (auto valid = check_value(entity, op.key, op.value); !valid) return valid;
      record.value = op.value;
      if (current == quotas.end() || current->second != op.value) {
        records.emplace_back(std::move(record));
      }
    }
    return {};
  }

  static std::string describe(const QuotaEntity& entity) {
    std::string text;
    for (const auto& [type, name] : entity) {
      if (!text.empty()) text += ", ";
      text += fmt::format("{}={}", type, name.value_or("<default>"));
    }
    return text;
  }

  const ClusterImage& image_;
  std::map<QuotaEntity, base::Result<>> answers_;
  AlterQuotasDecision decision_;
};

// What a DescribeClientQuotas request asks for, checked.
class QuotaFilter {
 public:
  static base::Result<QuotaFilter> make(const wire::DescribeClientQuotasRequest& request) {
    QuotaFilter filter;
    filter.is_strict_ = request.strict;
    for (const auto& component : request.components) {
      if (auto added = filter.add(component); !added) return base::fail(std::move(added));
    }
    if (filter.has(kIp) && (filter.has(kUser) || filter.has(kClientId))) {
      return invalid(
          "Invalid entity filter component combination. IP filter component should not be used "
          "with user or clientId filter component.");
    }
    return filter;
  }

  bool matches(const QuotaEntity& entity) const {
    if (is_strict_ && entity.size() != names_.size() + types_.size()) return false;
    const bool has_names = std::ranges::all_of(names_, [&entity](const auto& wanted) {
      const auto found = entity.find(wanted.first);
      return found != entity.end() && found->second == wanted.second;
    });
    return has_names && std::ranges::all_of(types_, [&entity](const std::string& type) {
             return entity.contains(type);
           });
  }

 private:
  enum class Match : std::int8_t { kExact = 0, kDefault = 1, kAny = 2 };

  bool has(const std::string& type) const { return names_.contains(type) || types_.contains(type); }

  base::Result<> add(const wire::DescribeClientQuotasRequest::ComponentData& component) {
    const std::string& type = component.entity_type;
    if (type.empty()) return invalid("Invalid empty entity type.");
    if (has(type)) {
      return invalid(
          fmt::format("Entity type {} cannot appear more than once in the filter.", type));
    }
    if (!is_entity_type(type)) {
      return base::fail(ErrorCode::kUnsupportedVersion, "Unsupported entity type " + type);
    }
    const auto match = static_cast<Match>(component.match_type);
    if (match != Match::kExact && match != Match::kDefault && match != Match::kAny) {
      return invalid(fmt::format("Unknown match type {}", component.match_type));
    }
    if (component.match.has_value() != (match == Match::kExact)) {
      return invalid(match == Match::kExact ? "An exact match needs a name."
                                            : "Only an exact match has a name.");
    }
    if (match == Match::kAny) {
      types_.insert(type);
    } else {
      names_.emplace(type, component.match);
    }
    return {};
  }

  bool is_strict_ = false;
  QuotaEntity names_;
  std::set<std::string> types_;
};

}  // namespace

AlterQuotasDecision alter_client_quotas(const ClusterImage& image,
                                        const AlterClientQuotasRequest& request) {
  QuotaChanger changer(image);
  for (const auto& entry : request.entries) changer.change(entry);
  auto decision = changer.take();
  if (request.validate_only) decision.records.clear();
  return decision;
}

wire::DescribeClientQuotasResponse describe_client_quotas(
    const ClusterImage& image, const wire::DescribeClientQuotasRequest& request) {
  wire::DescribeClientQuotasResponse response;
  auto filter = QuotaFilter::make(request);
  if (!filter) {
    response.error_code = filter.error().code;
    response.error_message = std::move(filter).error().message;
    response.entries.reset();
    return response;
  }
  std::map<QuotaEntity, std::shared_ptr<const QuotaMap>> found;
  image.client_quotas.for_each([&](const QuotaEntity& entity, const auto& quotas) {
    if (filter->matches(entity)) found.emplace(entity, quotas);
  });
  for (const auto& [entity, quotas] : found) {
    auto& entry = response.entries->emplace_back();
    for (const auto& [type, name] : entity) entry.entity.push_back({type, name});
    for (const auto& [key, value] : *quotas) entry.values.push_back({key, value});
  }
  return response;
}

}  // namespace odradek::metadata
