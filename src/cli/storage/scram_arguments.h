// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "env/clock.h"
#include "wire/records/metadata.h"

namespace odradek::cli {

// The credential that an --add-scram asks for:
// "SCRAM-SHA-256=[name=alice,iterations=8192,salt="N3E=",password=secret]", with saltedpassword
// (base64) in place of the password, where the salt is given. Iterations are 4096 where they are
// missing, the salt is random. An INVALID_REQUEST says what is wrong, in Kafka's words.
[[nodiscard]] base::Result<wire::UserScramCredentialRecord> parse_scram_argument(
    std::string_view argument, env::Random& random);

std::vector<std::uint8_t> new_scram_salt(env::Random& random);

}  // namespace odradek::cli
