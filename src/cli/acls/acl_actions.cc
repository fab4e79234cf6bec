// SPDX-License-Identifier: Apache-2.0
#include "cli/acls/acl_actions.h"

#include <fmt/core.h>

#include <cstdio>

#include "cli/acls/acl_flags.h"
#include "cli/admin/error_text.h"
#include "wire/messages/create_acls.h"
#include "wire/messages/delete_acls.h"
#include "wire/messages/describe_acls.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;

std::unexpected<base::Error> refused(const Invocation& invocation, ErrorCode code,
                                     const std::optional<std::string>& message) {
  const std::string text = error_text(code, message);
  return base::fail(
      code, invocation.is_native ? text : fmt::format("{}: {}", java_exception(code), text));
}

wire::DescribeAclsRequest request_for(const AclPattern* pattern) {
  wire::DescribeAclsRequest request;
  request.resource_type_filter = static_cast<std::int8_t>(AclResource::kAny);
  request.pattern_type_filter = static_cast<std::int8_t>(AclPatternType::kAny);
  if (pattern != nullptr) {
    request.resource_type_filter = static_cast<std::int8_t>(pattern->resource);
    request.resource_name_filter = pattern->name;
    request.pattern_type_filter = static_cast<std::int8_t>(pattern->type);
  } else {
    request.resource_name_filter = std::nullopt;
  }
  request.principal_filter = std::nullopt;
  request.host_filter = std::nullopt;
  request.operation = static_cast<std::int8_t>(AclOperation::kAny);
  request.permission_type = static_cast<std::int8_t>(AclPermission::kAny);
  return request;
}

// Of those that a filter fits, or of all.
base::Result<Acls> stored_acls(const Invocation& invocation, Admin& admin,
                               const AclPattern* pattern) {
  auto answer = admin.ask<wire::DescribeAclsResponse>(request_for(pattern));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) {
    return refused(invocation, answer->error_code, answer->error_message);
  }
  Acls acls;
  for (const auto& resource : answer->resources) {
    auto& entries = acls[{static_cast<AclResource>(resource.resource_type), resource.resource_name,
                          static_cast<AclPatternType>(resource.pattern_type)}];
    for (const auto& acl : resource.acls) {
      entries.insert({acl.principal, acl.host, static_cast<AclOperation>(acl.operation),
                      static_cast<AclPermission>(acl.permission_type)});
    }
  }
  return acls;
}

std::string lines_of(const std::set<AclEntry>& entries) {
  std::string text;
  for (const AclEntry& entry : entries) {
    text += fmt::format("{}\t{}", text.empty() ? "" : "\n", to_text(entry));
  }
  return text;
}

base::Result<> create(const Invocation& invocation, Admin& admin, const AclPattern& pattern,
                      const std::set<AclEntry>& entries) {
  wire::CreateAclsRequest request;
  for (const AclEntry& entry : entries) {
    request.creations.push_back({static_cast<std::int8_t>(pattern.resource), pattern.name,
                                 static_cast<std::int8_t>(pattern.type), entry.principal,
                                 entry.host, static_cast<std::int8_t>(entry.operation),
                                 static_cast<std::int8_t>(entry.permission)});
  }
  auto answer = admin.ask_controller<wire::CreateAclsResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& result : answer->results) {
    if (result.error_code != ErrorCode::kNone) {
      return refused(invocation, result.error_code, result.error_message);
    }
  }
  return {};
}

base::Result<> erase(const Invocation& invocation, Admin& admin, const AclPattern& pattern,
                     const std::set<AclEntry>& entries) {
  wire::DeleteAclsRequest request;
  const auto add = [&](const AclEntry* entry) {
    auto& filter = request.filters.emplace_back();
    filter.resource_type_filter = static_cast<std::int8_t>(pattern.resource);
    filter.resource_name_filter = pattern.name;
    filter.pattern_type_filter = static_cast<std::int8_t>(pattern.type);
    filter.principal_filter.reset();
    filter.host_filter.reset();
    filter.operation = static_cast<std::int8_t>(entry ? entry->operation : AclOperation::kAny);
    filter.permission_type =
        static_cast<std::int8_t>(entry ? entry->permission : AclPermission::kAny);
    if (entry == nullptr) return;
    filter.principal_filter = entry->principal;
    filter.host_filter = entry->host;
  };
  for (const AclEntry& entry : entries) add(&entry);
  if (entries.empty()) add(nullptr);
  auto answer = admin.ask_controller<wire::DeleteAclsResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& result : answer->filter_results) {
    if (result.error_code != ErrorCode::kNone) {
      return refused(invocation, result.error_code, result.error_message);
    }
  }
  return {};
}

// Without an answer it is no.
bool is_confirmed(const Invocation& invocation, const std::string& question) {
  if (invocation.flags.has("force")) return true;
  fmt::print("{}\n", question);
  std::fflush(stdout);
  const int answer = std::getchar();
  return answer == 'y' || answer == 'Y';
}

void print_as_kafka(const Acls& acls) {
  for (const auto& [pattern, entries] : acls) {
    fmt::print("Current ACLs for resource `{}`:\n{}\n\n", to_text(pattern), lines_of(entries));
  }
}

Acls of_principal(const Acls& acls, const std::string& principal) {
  Acls chosen;
  for (const auto& [pattern, entries] : acls) {
    for (const AclEntry& entry : entries) {
      if (entry.principal == principal) chosen[pattern].insert(entry);
    }
  }
  return chosen;
}

Table table_of(const Acls& acls, const std::set<std::string>& principals) {
  Table table{.columns = {{"resource"},
                          {"name"},
                          {"pattern"},
                          {"principal"},
                          {"host"},
                          {"operation"},
                          {"permission"}},
              .rows = {},
              .when_empty = "There are no ACLs."};
  for (const auto& [pattern, entries] : acls) {
    for (const AclEntry& entry : entries) {
      if (!principals.empty() && !principals.contains(entry.principal)) continue;
      const bool is_denied = entry.permission == AclPermission::kDeny;
      table.rows.push_back({to_text(pattern.resource),
                            pattern.name,
                            to_text(pattern.type),
                            entry.principal,
                            entry.host,
                            to_text(entry.operation),
                            {to_text(entry.permission), is_denied ? Tone::kBad : Tone::kGood}});
    }
  }
  return table;
}

}  // namespace

base::Result<> add_acls(const Invocation& invocation, Admin& admin, const Acls& acls) {
  for (const auto& [pattern, entries] : acls) {
    auto stored = stored_acls(invocation, admin, &pattern);
    if (!stored) return base::fail(std::move(stored));
    std::set<AclEntry> missing;
    for (const AclEntry& entry : entries) {
      if ((*stored)[pattern].contains(entry)) {
        fmt::print("Acl (pattern={}, entry={}) already exists.\n", to_text(pattern),
                   to_text(entry));
      } else {
        missing.insert(entry);
      }
    }
    if (missing.empty()) continue;
    fmt::print("Adding ACLs for resource `{}`: \n {}\n\n", to_text(pattern), lines_of(missing));
    if (auto done = create(invocation, admin, pattern, missing); !done) return done;
  }
  return {};
}

base::Result<> remove_acls(const Invocation& invocation, Admin& admin, const Acls& acls) {
  for (const auto& [pattern, entries] : acls) {
    const std::string question =
        entries.empty()
            ? fmt::format(
                  "Are you sure you want to delete all ACLs for resource filter `{}`? (y/n)",
                  to_text(pattern))
            : fmt::format(
                  "Are you sure you want to remove ACLs: \n {}\n from resource filter "
                  "`{}`? (y/n)",
                  lines_of(entries), to_text(pattern));
    if (!is_confirmed(invocation, question)) continue;
    if (auto done = erase(invocation, admin, pattern, entries); !done) return done;
  }
  return {};
}

base::Result<> list_acls(const Invocation& invocation, Admin& admin) {
  auto patterns = asked_patterns(invocation.flags);
  if (!patterns) return base::fail(std::move(patterns));
  auto principals = asked_principals(invocation.flags, "principal");
  if (!principals) return base::fail(std::move(principals));
  Acls acls;
  if (patterns->empty()) {
    auto all = stored_acls(invocation, admin, nullptr);
    if (!all) return base::fail(std::move(all));
    acls = *std::move(all);
  }
  for (const AclPattern& pattern : *patterns) {
    auto some = stored_acls(invocation, admin, &pattern);
    if (!some) return base::fail(std::move(some));
    for (auto& [found, entries] : *some) acls[found].merge(entries);
  }
  if (invocation.is_native) {
    Output(invocation.output).print(table_of(acls, *principals));
    return {};
  }
  if (principals->empty()) print_as_kafka(acls);
  for (const std::string& principal : *principals) {
    fmt::print("ACLs for principal `{}`\n", principal);
    print_as_kafka(of_principal(acls, principal));
  }
  return {};
}

}  // namespace odradek::cli
