// SPDX-License-Identifier: Apache-2.0
#include "cli/storage/voters.h"

#include <fmt/core.h>

#include <charconv>
#include <ranges>

#include "base/assert.h"
#include "cli/flag_checks.h"
#include "wire/records/control.h"
#include "wire/writer.h"

namespace odradek::cli {
namespace {

// A quorum may change from level 1 of the feature on.
constexpr std::int16_t kLeastKraftVersion = 0;
constexpr std::int16_t kGreatestKraftVersion = 1;

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// "host" or "[address]" off the front of "host:port:id".
base::Result<std::string> take_host(std::string_view& text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) {
      return misuse("Hostname began with left bracket, but no right bracket was found.");
    }
    const std::string host(text.substr(1, end - 1));
    text.remove_prefix(end + 1);
    return host;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    return misuse("No colon following hostname could be found.");
  }
  const std::string host(text.substr(0, colon));
  text.remove_prefix(colon);
  return host;
}

base::Result<std::int32_t> take_id(std::string_view& text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos) return misuse("No @ found in dynamic voter string.");
  if (at == 0) return misuse("Invalid @ at beginning of dynamic voter string.");
  std::int32_t id = 0;
  if (!parse_number(text.substr(0, at), id)) {
    return misuse("Failed to parse node id in dynamic voter string.");
  }
  if (id < 0) {
    return misuse(fmt::format("Invalid negative node id {} in dynamic voter string.", id));
  }
  text.remove_prefix(at + 1);
  if (text.empty()) return misuse("No hostname found after node id.");
  return id;
}

base::Result<InitialVoter> parse_voter(std::string_view text) {
  InitialVoter voter;
  auto host = take_host(text);
  if (!host) return base::fail(std::move(host));
  voter.host = *std::move(host);
  if (!text.starts_with(':')) return misuse("Port section must start with a colon.");
  text.remove_prefix(1);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return misuse("No colon following port could be found.");
  std::int32_t port = 0;
  if (!parse_number(text.substr(0, colon), port)) {
    return misuse("Failed to parse port in dynamic voter string.");
  }
  if (port < 0 || port > 65535) {
    return misuse(fmt::format("Invalid port {} in dynamic voter string.", port));
  }
  voter.port = static_cast<std::uint16_t>(port);
  const auto id = base::Uuid::parse(text.substr(colon + 1));
  if (!id) return misuse("Failed to parse directory ID in dynamic voter string.");
  voter.directory_id = *id;
  return voter;
}

}  // namespace

base::Result<InitialVoters> parse_voters(std::string_view text) {
  InitialVoters voters;
  for (const auto part : std::views::split(text, ',')) {
    std::string_view one(part.begin(), part.end());
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    auto id = take_id(one);
    if (!id) return base::fail(std::move(id));
    auto voter = parse_voter(one);
    if (!voter) return base::fail(std::move(voter));
    if (!voters.emplace(*id, *std::move(voter)).second) {
      return misuse(fmt::format("Node id {} was specified more than once.", *id));
    }
  }
  if (voters.empty()) return misuse("No voters given.");
  return voters;
}

base::SharedBytes encode_voters(const InitialVoters& voters, const std::string& listener) {
  wire::VotersRecord record;
  for (const auto& [id, voter] : voters) {
    auto& one = record.voters.emplace_back();
    one.voter_id = base::BrokerId(id);
    one.voter_directory_id = voter.directory_id;
    one.endpoints.push_back({listener, voter.host, voter.port});
    one.kraft_version_feature = {kLeastKraftVersion, kGreatestKraftVersion};
  }
  wire::Writer writer;
  const auto encoded = record.encode(writer, 0);
  ODRADEK_ASSERT(encoded.has_value());
  const base::OutputChain chain = writer.finish();
  ODRADEK_ASSERT(chain.pieces().size() == 1);
  return std::get<base::SharedBytes>(chain.pieces().front());
}

}  // namespace odradek::cli
