// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>
#include <string>
#include <utility>

#include "metadata/controller/clients.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::AlterUserScramCredentialsRequest;
using wire::DescribeUserScramCredentialsRequest;
using wire::DescribeUserScramCredentialsResponse;
using Deletion = AlterUserScramCredentialsRequest::ScramCredentialDeletion;
using Upsertion = AlterUserScramCredentialsRequest::ScramCredentialUpsertion;

// metadata.version 3.5-IV2, the first whose log may hold credentials.
constexpr std::int16_t kFirstMetadataVersion = 11;

std::unexpected<base::Error> unacceptable(std::string why) {
  return base::fail(ErrorCode::kUnacceptableCredential, std::move(why));
}

base::Result<> check_user(const std::string& name, std::int8_t mechanism) {
  if (name.empty()) return unacceptable("Username must not be empty");
  const auto known = static_cast<ScramMechanism>(mechanism);
  if (known != ScramMechanism::kSha256 && known != ScramMechanism::kSha512) {
    return base::fail(ErrorCode::kUnsupportedSaslMechanism, "Unknown SCRAM mechanism");
  }
  return {};
}

class CredentialChanger {
 public:
  CredentialChanger(const ClusterImage& image, const DeriveScramSecrets& derive)
      : image_(image), derive_(derive) {}

  void remove(const Deletion& deletion) {
    decide(deletion.name, [&] { return check(deletion); });
  }
  void set(const Upsertion& upsertion) {
    decide(upsertion.name, [&] { return make(upsertion); });
  }

  AlterScramDecision take() {
    for (auto& [user, outcome] : outcomes_) {
      auto& answer = decision_.reply.results.emplace_back();
      answer.user = user;
      answer.error_message.reset();
      if (outcome) {
        decision_.records.push_back(std::move(*outcome));
        continue;
      }
      answer.error_code = outcome.error().code;
      answer.error_message = std::move(outcome).error().message;
    }
    return std::move(decision_);
  }

 private:
  using Outcome = base::Result<MetadataRecord>;

  // A user whose change was refused keeps that answer; one that was to be changed, and is named
  // again, is not changed at all.
  template <typename Change>
  void decide(const std::string& user, Change change) {
    const auto before = outcomes_.find(user);
    if (before == outcomes_.end()) {
      outcomes_.emplace(user, change());
    } else if (before->second) {
      before->second = base::fail(ErrorCode::kDuplicateResource,
                                  "A user credential cannot be altered twice in the same request");
    }
  }

  base::Result<> check_supported() const {
    const auto version = image_.features.find("metadata.version");
    if (version != image_.features.end() && version->second >= kFirstMetadataVersion) return {};
    return base::fail(ErrorCode::kUnsupportedVersion,
                      "The current metadata.version does not support SCRAM");
  }

  Outcome check(const Deletion& deletion) const {
    if (auto supported = check_supported(); !supported) return base::fail(std::move(supported));
    if (auto valid = check_user(deletion.name, deletion.mechanism); !valid) {
      return base::fail(std::move(valid));
    }
    const auto& credentials = image_.scram_credentials.find(deletion.name);
    const auto mechanism = static_cast<ScramMechanism>(deletion.mechanism);
    if (credentials == nullptr || !credentials->contains(mechanism)) {
      return base::fail(ErrorCode::kResourceNotFound,
                        "Attempt to delete a user credential that does not exist");
    }
    wire::RemoveUserScramCredentialRecord record;
    record.name = deletion.name;
    record.mechanism = deletion.mechanism;
    return record;
  }

  Outcome make(const Upsertion& upsertion) const {
    if (auto supported = check_supported(); !supported) return base::fail(std::move(supported));
    if (auto valid = check_user(upsertion.name, upsertion.mechanism); !valid) {
      return base::fail(std::move(valid));
    }
    if (upsertion.iterations < kMinScramIterations) return unacceptable("Too few iterations");
    if (upsertion.iterations > kMaxScramIterations) return unacceptable("Too many iterations");
    auto secrets =
        derive_(static_cast<ScramMechanism>(upsertion.mechanism), upsertion.salted_password.view());
    if (!secrets) return base::fail(std::move(secrets));
    wire::UserScramCredentialRecord record;
    record.name = upsertion.name;
    record.mechanism = upsertion.mechanism;
    record.salt = upsertion.salt;
    record.stored_key = std::move(secrets->stored_key);
    record.server_key = std::move(secrets->server_key);
    record.iterations = upsertion.iterations;
    return record;
  }

  const ClusterImage& image_;
  const DeriveScramSecrets& derive_;
  std::map<std::string, Outcome> outcomes_;
  AlterScramDecision decision_;
};

void describe(const ClusterImage& image, const std::string& user,
              DescribeUserScramCredentialsResponse::DescribeUserScramCredentialsResult& answer) {
  const auto& credentials = image.scram_credentials.find(user);
  if (credentials == nullptr) {
    answer.error_code = ErrorCode::kResourceNotFound;
    answer.error_message = "Attempt to describe a user credential that does not exist: " + user;
    return;
  }
  for (const auto& [mechanism, credential] : *credentials) {
    answer.credential_infos.push_back({static_cast<std::int8_t>(mechanism), credential.iterations});
  }
}

// How often each user is asked for; every user there is where none is named.
std::map<std::string, int> users_of(const ClusterImage& image,
                                    const DescribeUserScramCredentialsRequest& request) {
  std::map<std::string, int> users;
  if (request.users && !request.users->empty()) {
    for (const auto& user : *request.users) ++users[user.name];
  } else {
    image.scram_credentials.for_each(
        [&users](const std::string& user, const auto&) { users.emplace(user, 1); });
  }
  return users;
}

}  // namespace

AlterScramDecision alter_scram_credentials(const ClusterImage& image,
                                           const AlterUserScramCredentialsRequest& request,
                                           const DeriveScramSecrets& derive) {
  CredentialChanger changer(image, derive);
  for (const auto& deletion : request.deletions) changer.remove(deletion);
  for (const auto& upsertion : request.upsertions) changer.set(upsertion);
  return changer.take();
}

DescribeUserScramCredentialsResponse describe_scram_credentials(
    const ClusterImage& image, const DescribeUserScramCredentialsRequest& request) {
  DescribeUserScramCredentialsResponse response;
  for (const auto& [user, times] : users_of(image, request)) {
    auto& answer = response.results.emplace_back();
    answer.user = user;
    if (times == 1) {
      describe(image, user, answer);
      continue;
    }
    answer.error_code = ErrorCode::kDuplicateResource;
    answer.error_message =
        "Cannot describe SCRAM credentials for the same user twice in a single request: " + user;
  }
  return response;
}

}  // namespace odradek::metadata
