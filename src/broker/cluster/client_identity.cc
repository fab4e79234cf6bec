// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/client_identity.h"

#include <arpa/inet.h>

#include <array>
#include <utility>

#include "base/assert.h"
#include "wire/join_pieces.h"
#include "wire/messages/principal.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using wire::DefaultPrincipalData;

template <typename Binary>
base::SharedBytes copy_of(const Binary& binary) {
  return base::SharedBytes::copy({reinterpret_cast<const std::uint8_t*>(&binary), sizeof(binary)});
}

}  // namespace

base::SharedBytes encode_principal(const Principal& principal) {
  constexpr wire::Version kVersion = DefaultPrincipalData::kLatestStableVersion;
  const DefaultPrincipalData data{principal.type, principal.name, principal.is_token_authenticated};
  wire::Writer writer;
  writer.write_int16(kVersion);
  const auto encoded = data.encode(writer, kVersion);
  ODRADEK_ASSERT(encoded.has_value());
  return wire::join_pieces(writer.finish());
}

base::Result<Principal> decode_principal(const base::SharedBytes& bytes) {
  wire::Reader reader(bytes);
  const wire::Version version = reader.read_int16();
  if (!reader.ok() || version < DefaultPrincipalData::kMinVersion ||
      version > DefaultPrincipalData::kMaxVersion) {
    return base::fail(ErrorCode::kPrincipalDeserializationFailure,
                      "a principal of an unknown version");
  }
  auto data = DefaultPrincipalData::decode(reader, version);
  if (!data) {
    return base::fail(ErrorCode::kPrincipalDeserializationFailure, data.error().message);
  }
  return Principal{std::move(data->type), std::move(data->name), data->token_authenticated};
}

base::Result<base::SharedBytes> encode_host(const std::string& host) {
  const std::string numeric = host.substr(0, host.find('%'));
  in_addr four{};
  if (::inet_pton(AF_INET, numeric.c_str(), &four) == 1) return copy_of(four);
  in6_addr six{};
  if (::inet_pton(AF_INET6, numeric.c_str(), &six) == 1) return copy_of(six);
  return base::fail(ErrorCode::kInvalidRequest, host + " is no numeric address");
}

base::Result<std::string> decode_host(const base::SharedBytes& bytes) {
  const bool is_four = bytes.size() == sizeof(in_addr);
  if (!is_four && bytes.size() != sizeof(in6_addr)) {
    return base::fail(ErrorCode::kInvalidRequest, "an address has 4 or 16 bytes");
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(is_four ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return std::string(text.data());
}

}  // namespace odradek::broker
