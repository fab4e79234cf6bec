// SPDX-License-Identifier: Apache-2.0
#include "security/scram_keys.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/assert.h"

namespace odradek::security {
namespace {

using base::ErrorCode;
using metadata::ScramMechanism;
using Digest = std::array<std::uint8_t, EVP_MAX_MD_SIZE>;

const EVP_MD* hash_of(ScramMechanism mechanism) {
  ODRADEK_ASSERT(mechanism == ScramMechanism::kSha256 || mechanism == ScramMechanism::kSha512);
  return mechanism == ScramMechanism::kSha256 ? EVP_sha256() : EVP_sha512();
}

base::SharedBytes keep(const Digest& digest, const EVP_MD* hash) {
  return base::SharedBytes::copy({digest.data(), static_cast<std::size_t>(EVP_MD_get_size(hash))});
}

Digest authenticate(const EVP_MD* hash, base::ByteView key, std::string_view text) {
  Digest digest{};
  unsigned size = 0;
  const auto* done =
      HMAC(hash, key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  ODRADEK_ASSERT(done != nullptr);
  return digest;
}

Digest digest_of(const EVP_MD* hash, const Digest& input) {
  Digest digest{};
  unsigned size = 0;
  const int done = EVP_Digest(input.data(), static_cast<std::size_t>(EVP_MD_get_size(hash)),
                              digest.data(), &size, hash, nullptr);
  ODRADEK_ASSERT(done == 1);
  return digest;
}

}  // namespace

std::string_view mechanism_name(ScramMechanism mechanism) {
  switch (mechanism) {
    case ScramMechanism::kSha256:
      return "SCRAM-SHA-256";
    case ScramMechanism::kSha512:
      return "SCRAM-SHA-512";
    default:
      return {};
  }
}

base::Result<base::SharedBytes> salt_password(ScramMechanism mechanism, std::string_view password,
                                              base::ByteView salt, std::int32_t iterations) {
  if (iterations < 1) return base::fail(ErrorCode::kUnacceptableCredential, "Too few iterations");
  const EVP_MD* hash = hash_of(mechanism);
  Digest digest{};
  const int done = PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                                     salt.data(), static_cast<int>(salt.size()), iterations, hash,
                                     EVP_MD_get_size(hash), digest.data());
  ODRADEK_ASSERT(done == 1);
  return keep(digest, hash);
}

base::Result<ScramKeys> derive_keys(ScramMechanism mechanism, base::ByteView salted_password) {
  if (salted_password.empty()) {
    return base::fail(ErrorCode::kUnacceptableCredential, "The salted password must not be empty");
  }
  const EVP_MD* hash = hash_of(mechanism);
  const Digest client_key = authenticate(hash, salted_password, "Client Key");
  return ScramKeys{keep(digest_of(hash, client_key), hash),
                   keep(authenticate(hash, salted_password, "Server Key"), hash)};
}

}  // namespace odradek::security
