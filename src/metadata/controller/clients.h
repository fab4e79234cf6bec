// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "machine/decision.h"
#include "metadata/cluster_image.h"
#include "metadata/record.h"
#include "wire/messages/alter_client_quotas.h"
#include "wire/messages/alter_user_scram_credentials.h"
#include "wire/messages/describe_client_quotas.h"
#include "wire/messages/describe_user_scram_credentials.h"

// The controller's decisions on what clients may use and what they are known by. Pure.
namespace odradek::metadata {

using AlterQuotasDecision = machine::Decision<MetadataRecord, wire::AlterClientQuotasResponse>;
using AlterScramDecision =
    machine::Decision<MetadataRecord, wire::AlterUserScramCredentialsResponse>;

// Sets and removes quotas (KIP-546), each entity's all or none; with validate_only there are no
// records. An entity is known by its types and names, and answered once. INVALID_REQUEST with a
// sentence: an entity or key that does not exist, a value out of range, an entity or key twice.
AlterQuotasDecision alter_client_quotas(const ClusterImage& image,
                                        const wire::AlterClientQuotasRequest& request);

// The quotas whose entity matches every component; with strict, those that have no other part.
wire::DescribeClientQuotasResponse describe_client_quotas(
    const ClusterImage& image, const wire::DescribeClientQuotasRequest& request);

// StoredKey and ServerKey of a salted password.
struct ScramSecrets {
  base::SharedBytes stored_key;
  base::SharedBytes server_key;
};
using DeriveScramSecrets =
    std::function<base::Result<ScramSecrets>(ScramMechanism, base::ByteView salted_password)>;

// Sets and removes credentials (KIP-554). A user may be named once in a request. The salted
// passwords become keys by `derive`; what it refuses is the user's answer.
AlterScramDecision alter_scram_credentials(const ClusterImage& image,
                                           const wire::AlterUserScramCredentialsRequest& request,
                                           const DeriveScramSecrets& derive);

// Mechanisms and iterations of the users asked for, or of all.
wire::DescribeUserScramCredentialsResponse describe_scram_credentials(
    const ClusterImage& image, const wire::DescribeUserScramCredentialsRequest& request);

}  // namespace odradek::metadata
