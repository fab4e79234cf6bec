// SPDX-License-Identifier: Apache-2.0
#include "security/scram.h"

#include <gtest/gtest.h>

#include <string>

namespace odradek::security {
namespace {

std::string hex(const base::SharedBytes& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes.view()) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

// Computed with Python's hashlib and hmac.
TEST(Scram, DerivesTheKeysOfAPassword) {
  const auto sha256 = salted_password(ScramMechanism::kSha256, "alice-secret",
                                      base::as_bytes("salt and pepper"), 4096);
  EXPECT_EQ(hex(sha256), "aa265793a5be770c83cd4b45f000db6c0b0f0ae6605b9d97bdf6d260dc0ec722");
  const ScramKeys sha256_keys = scram_keys(ScramMechanism::kSha256, sha256).value();
  EXPECT_EQ(hex(sha256_keys.stored_key),
            "b6d046df2aa77152c0cc75191ddd53aa8296b91c8d04b1c24fd69e19be00ac59");
  EXPECT_EQ(hex(sha256_keys.server_key),
            "d7481c16a478c30d59eb8b17fd91513b28c464f019b10a3d58c8fc9a90a8e789");
  const auto sha512 = salted_password(ScramMechanism::kSha512, "alice-secret",
                                      base::as_bytes("salt and pepper"), 8192);
  EXPECT_EQ(hex(sha512),
            "f9c01ade988c0c55a21a7313fff3dab07d0991bf0ebc523963624ab642c3004e"
            "fefcc4cff0a173e896ee57f91c79fe22615e9667a4b7686e16f33e200caffc3b");
  const ScramKeys sha512_keys = scram_keys(ScramMechanism::kSha512, sha512).value();
  EXPECT_EQ(hex(sha512_keys.stored_key),
            "048c18903d73a7f6fa6c8ad592ceae226bf3731c8461bae0dde4c18333bf7cdd"
            "09722fa777967e454d26055877c8ae5bcae02ec732394f0bc13688b90907e5d2");
  EXPECT_EQ(hex(sha512_keys.server_key),
            "6d9280414898460165477c5206103ca04cbc83ce310026b5239f169c23a4bb07"
            "8d1779abbfd5426d0018d2bcf6f8121858b9743c8bee99e004c24d034734e437");
}

// User "user", password "pencil".
TEST(Scram, TheExampleOfRfc7677) {
  constexpr std::string_view kSalt =
      "\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81";
  const auto salted =
      salted_password(ScramMechanism::kSha256, "pencil", base::as_bytes(kSalt), 4096);
  EXPECT_EQ(hex(salted), "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d");
  const ScramKeys keys = scram_keys(ScramMechanism::kSha256, salted).value();
  EXPECT_EQ(hex(keys.stored_key),
            "586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6");
  EXPECT_EQ(hex(keys.server_key),
            "c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5");
}

TEST(Scram, NothingIsMadeOfNothing) {
  EXPECT_EQ(scram_keys(ScramMechanism::kSha256, {}).error().code,
            base::ErrorCode::kUnacceptableCredential);
}

TEST(Scram, KnowsItsMechanismsByNameAndNumber) {
  EXPECT_EQ(scram_mechanism("SCRAM-SHA-512"), ScramMechanism::kSha512);
  EXPECT_EQ(scram_mechanism("SCRAM-SHA-1"), std::nullopt);
  EXPECT_EQ(scram_mechanism(std::int8_t{1}), ScramMechanism::kSha256);
  EXPECT_EQ(scram_mechanism(std::int8_t{0}), std::nullopt);
  EXPECT_EQ(scram_mechanism(std::int8_t{3}), std::nullopt);
}

}  // namespace
}  // namespace odradek::security
