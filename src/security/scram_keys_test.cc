// SPDX-License-Identifier: Apache-2.0
#include "security/scram_keys.h"

#include <gtest/gtest.h>

#include <string>

namespace odradek::security {
namespace {

using base::ErrorCode;
using metadata::ScramMechanism;

base::ByteView view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string hex(const base::SharedBytes& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes.view()) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

// RFC 7677's example: user "user", password "pencil", its salt, 4096 iterations.
constexpr std::string_view kSalt =
    "\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81";

TEST(ScramKeys, TheExampleOfRfc7677) {
  const auto salted = salt_password(ScramMechanism::kSha256, "pencil", view(kSalt), 4096);
  ASSERT_TRUE(salted);
  EXPECT_EQ(hex(*salted), "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d");
  const auto keys = derive_keys(ScramMechanism::kSha256, salted->view());
  ASSERT_TRUE(keys);
  EXPECT_EQ(hex(keys->stored_key),
            "586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6");
  EXPECT_EQ(hex(keys->server_key),
            "c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5");
}

TEST(ScramKeys, Sha512HasKeysOf64Bytes) {
  const auto salted = salt_password(ScramMechanism::kSha512, "pencil", view(kSalt), 4096);
  ASSERT_TRUE(salted);
  EXPECT_EQ(salted->size(), 64U);
  const auto keys = derive_keys(ScramMechanism::kSha512, salted->view());
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->stored_key.size(), 64U);
  EXPECT_EQ(keys->server_key.size(), 64U);
}

TEST(ScramKeys, NothingIsMadeOfNothing) {
  EXPECT_EQ(derive_keys(ScramMechanism::kSha256, {}).error().code,
            ErrorCode::kUnacceptableCredential);
  EXPECT_EQ(salt_password(ScramMechanism::kSha256, "p", {}, 0).error().code,
            ErrorCode::kUnacceptableCredential);
}

TEST(ScramKeys, MechanismsHaveTheirNames) {
  EXPECT_EQ(mechanism_name(ScramMechanism::kSha256), "SCRAM-SHA-256");
  EXPECT_EQ(mechanism_name(ScramMechanism::kSha512), "SCRAM-SHA-512");
  EXPECT_EQ(mechanism_name(ScramMechanism::kUnknown), "");
}

}  // namespace
}  // namespace odradek::security
