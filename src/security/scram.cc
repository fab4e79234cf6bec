// SPDX-License-Identifier: Apache-2.0
#include "security/scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <utility>

#include "base/assert.h"

namespace odradek::security {
namespace {

const EVP_MD* digest_of(ScramMechanism mechanism) {
  ODRADEK_ASSERT(mechanism == ScramMechanism::kSha256 || mechanism == ScramMechanism::kSha512);
  return mechanism == ScramMechanism::kSha256 ? EVP_sha256() : EVP_sha512();
}

// Of the digest's size.
base::SharedBytes block_of(const EVP_MD* digest) {
  return base::SharedBytes::allocate(static_cast<std::size_t>(EVP_MD_get_size(digest)));
}

base::SharedBytes hmac(const EVP_MD* digest, base::ByteView key, std::string_view text) {
  auto out = block_of(digest);
  unsigned size = 0;
  const auto* done = HMAC(digest, key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                          out.mutable_view().data(), &size);
  ODRADEK_ASSERT(done != nullptr && size == out.size());
  return out;
}

}  // namespace

std::string_view scram_mechanism_name(ScramMechanism mechanism) {
  return mechanism == ScramMechanism::kSha256 ? "SCRAM-SHA-256" : "SCRAM-SHA-512";
}

std::optional<ScramMechanism> scram_mechanism(std::string_view name) {
  for (const auto mechanism : {ScramMechanism::kSha256, ScramMechanism::kSha512}) {
    if (name == scram_mechanism_name(mechanism)) return mechanism;
  }
  return std::nullopt;
}

std::optional<ScramMechanism> scram_mechanism(std::int8_t number) {
  if (number != 1 && number != 2) return std::nullopt;
  return static_cast<ScramMechanism>(number);
}

base::SharedBytes salted_password(ScramMechanism mechanism, std::string_view password,
                                  base::ByteView salt, std::int32_t iterations) {
  ODRADEK_ASSERT(iterations > 0);
  const EVP_MD* digest = digest_of(mechanism);
  auto out = block_of(digest);
  const int done = PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                                     salt.data(), static_cast<int>(salt.size()), iterations, digest,
                                     static_cast<int>(out.size()), out.mutable_view().data());
  ODRADEK_ASSERT(done == 1);
  return out;
}

base::Result<ScramKeys> scram_keys(ScramMechanism mechanism, base::ByteView salted_password) {
  if (salted_password.empty()) {
    return base::fail(base::ErrorCode::kUnacceptableCredential,
                      "The salted password must not be empty");
  }
  const EVP_MD* digest = digest_of(mechanism);
  const auto client_key = hmac(digest, salted_password, "Client Key");
  auto stored_key = block_of(digest);
  unsigned size = 0;
  const int done = EVP_Digest(client_key.view().data(), client_key.size(),
                              stored_key.mutable_view().data(), &size, digest, nullptr);
  ODRADEK_ASSERT(done == 1 && size == stored_key.size());
  return ScramKeys{std::move(stored_key), hmac(digest, salted_password, "Server Key")};
}

}  // namespace odradek::security
