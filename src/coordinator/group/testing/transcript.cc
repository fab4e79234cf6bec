// SPDX-License-Identifier: Apache-2.0
#include "coordinator/group/testing/transcript.h"

#include <fmt/core.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/assert.h"
#include "coordinator/group/records.h"

namespace odradek::coordinator::group {
namespace {

using base::ErrorCode;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::string field(const std::map<std::string, std::string>& fields, const std::string& name,
                  const std::string& otherwise = {}) {
  const auto found = fields.find(name);
  return found == fields.end() ? otherwise : found->second;
}

std::int32_t number(const std::map<std::string, std::string>& fields, const std::string& name,
                    std::int32_t otherwise) {
  const auto found = fields.find(name);
  return found == fields.end() ? otherwise : std::stoi(found->second);
}

std::optional<std::string> instance(const std::map<std::string, std::string>& fields) {
  const auto found = fields.find("instance");
  return found == fields.end() ? std::nullopt : std::optional(found->second);
}

base::SharedBytes bytes(const std::string& text) {
  return base::SharedBytes::copy(base::as_bytes(text));
}

std::string text(const base::SharedBytes& content) { return std::string(base::as_text(content)); }

std::string name(ErrorCode code) { return std::string(base::error_name(code)); }

// "topic:partition".
OffsetKey offset_key(const std::string& place) {
  const auto colon = place.find(':');
  return {place.substr(0, colon), std::stoi(place.substr(colon + 1))};
}

std::string to_line(const wire::JoinGroupResponse& response) {
  if (response.error_code != ErrorCode::kNone) {
    return fmt::format("join {} member={}", name(response.error_code), response.member_id);
  }
  std::string line =
      fmt::format("join NONE generation={} protocol={} leader={} member={}", response.generation_id,
                  response.protocol_name.value_or("-"), response.leader, response.member_id);
  if (response.skip_assignment) line += " skip-assignment";
  if (response.members.empty()) return line;
  line += " members=";
  for (const auto& member : response.members) {
    line += member.member_id + '(' + text(member.metadata) + ')';
  }
  return line;
}

std::string to_line(const wire::SyncGroupResponse& response) {
  if (response.error_code != ErrorCode::kNone) return "sync " + name(response.error_code);
  return fmt::format("sync NONE protocol={} assignment={}", response.protocol_name.value_or("-"),
                     text(response.assignment));
}

}  // namespace

Transcript::Transcript(const GroupSettings& settings)
    : settings_(settings), machine_(fresh_machine()) {}

std::unique_ptr<GroupMachine> Transcript::fresh_machine() {
  return std::make_unique<GroupMachine>(settings_,
                                        [this] { return std::to_string(next_suffix_++); });
}

std::string Transcript::play(std::string_view transcript) {
  std::istringstream lines{std::string(transcript)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('>')) {
      say(line);
      request(line.substr(1));
    } else if (line.empty() || line.starts_with("//")) {
      say(line);
    }
  }
  return played_;
}

void Transcript::say(std::string line) { played_ += std::move(line) + '\n'; }

void Transcript::request(const std::string& line) {
  std::istringstream words(line);
  std::int64_t time_ms = 0;
  std::string request_name;
  words >> time_ms >> request_name;
  Fields fields;
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    fields[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  ++request_number_;
  now_ = {base::Timestamp(time_ms), base::Timestamp(time_ms)};
  dispatch(request_name, fields);
}

void Transcript::dispatch(const std::string& request_name, const Fields& fields) {
  const std::string group_id = field(fields, "group", "g");
  if (request_name == "join") return join(fields);
  if (request_name == "sync") return sync(fields);
  if (request_name == "heartbeat") return heartbeat(fields);
  if (request_name == "leave") return leave(fields);
  if (request_name == "commit") return commit(fields);
  if (request_name == "fetch") return fetch(fields);
  if (request_name == "delete-offsets") return delete_offsets(fields);
  if (request_name == "describe") return describe(fields);
  if (request_name == "list") return list(fields);
  if (request_name == "tick") return tick();
  if (request_name == "reload") return reload();
  if (request_name == "expire") return show(machine_->expire_offsets(now_));
  if (request_name == "topics-deleted") {
    return show(machine_->forget_offsets(
        [gone = field(fields, "topic")](const std::string& name, const base::TopicId&) {
          return name == gone;
        }));
  }
  if (request_name == "delete") {
    auto answer = machine_->delete_group(group_id);
    show(std::move(answer.outcome));
    return say("delete " + name(answer.reply));
  }
  say("unknown request " + request_name);
}

Caller Transcript::caller(const Fields& fields) {
  return {request_number_, static_cast<wire::Version>(number(fields, "version", 9)),
          field(fields, "client", "a"), "/127.0.0.1"};
}

void Transcript::join(const Fields& fields) {
  wire::JoinGroupRequest request;
  request.group_id = field(fields, "group", "g");
  request.member_id = field(fields, "member");
  request.group_instance_id = instance(fields);
  request.session_timeout_ms = number(fields, "session", 10'000);
  request.rebalance_timeout_ms = number(fields, "rebalance", 60'000);
  request.protocol_type = field(fields, "type", "consumer");
  for (const std::string& protocol : split(field(fields, "protocols", "range"), ',')) {
    const auto colon = protocol.find(':');
    request.protocols.push_back(
        {protocol.substr(0, colon),
         bytes(colon == std::string::npos ? "" : protocol.substr(colon + 1))});
  }
  show(machine_->join(request, caller(fields), now_));
}

void Transcript::sync(const Fields& fields) {
  wire::SyncGroupRequest request;
  request.group_id = field(fields, "group", "g");
  request.member_id = field(fields, "member");
  request.group_instance_id = instance(fields);
  request.generation_id = number(fields, "generation", 1);
  if (fields.contains("protocol")) request.protocol_name = field(fields, "protocol");
  for (const std::string& assignment : split(field(fields, "assign"), ',')) {
    const auto colon = assignment.find(':');
    request.assignments.push_back(
        {assignment.substr(0, colon), bytes(assignment.substr(colon + 1))});
  }
  show(machine_->sync(request, caller(fields), now_));
}

void Transcript::heartbeat(const Fields& fields) {
  wire::HeartbeatRequest request;
  request.group_id = field(fields, "group", "g");
  request.member_id = field(fields, "member");
  request.group_instance_id = instance(fields);
  request.generation_id = number(fields, "generation", 1);
  auto answer = machine_->heartbeat(request, now_);
  show(std::move(answer.outcome));
  say("heartbeat " + name(answer.reply.error_code));
}

void Transcript::leave(const Fields& fields) {
  wire::LeaveGroupRequest request;
  request.group_id = field(fields, "group", "g");
  request.member_id = field(fields, "member");
  wire::LeaveGroupRequest::MemberIdentity identity;
  identity.member_id = field(fields, "member");
  identity.group_instance_id = instance(fields);
  request.members.push_back(std::move(identity));
  const auto version = static_cast<wire::Version>(number(fields, "version", 5));
  auto answer = machine_->leave(request, version, now_);
  show(std::move(answer.outcome));
  say("leave " + name(answer.reply.error_code));
  for (const auto& member : answer.reply.members) {
    say("  member " + member.member_id + ' ' + name(member.error_code));
  }
}

void Transcript::commit(const Fields& fields) {
  wire::OffsetCommitRequest request;
  request.group_id = field(fields, "group", "g");
  request.member_id = field(fields, "member");
  request.group_instance_id = instance(fields);
  request.generation_id_or_member_epoch = number(fields, "generation", -1);
  request.retention_time_ms = std::stoll(field(fields, "retention", "-1"));
  const OffsetKey key = offset_key(field(fields, "at", "t:0"));
  auto& topic = request.topics.emplace_back();
  topic.name = key.first;
  auto& partition = topic.partitions.emplace_back();
  partition.partition_index = key.second;
  partition.committed_offset = base::Offset(number(fields, "offset", 0));
  partition.committed_metadata = field(fields, "metadata");
  const auto version = static_cast<wire::Version>(number(fields, "version", 9));
  auto answer = machine_->commit_offsets(request, version, now_);
  show(std::move(answer.outcome));
  say("commit " + name(answer.reply.topics.front().partitions.front().error_code));
}

void Transcript::fetch(const Fields& fields) {
  wire::OffsetFetchRequest::OffsetFetchRequestGroup request;
  request.group_id = field(fields, "group", "g");
  request.topics.reset();
  if (fields.contains("at")) {
    const OffsetKey key = offset_key(field(fields, "at"));
    wire::OffsetFetchRequest::OffsetFetchRequestTopics topic;
    topic.name = key.first;
    topic.partition_indexes = {key.second};
    request.topics = std::vector{std::move(topic)};
  }
  const auto answer = machine_->fetch_offsets(request);
  say("fetch " + name(answer.error_code));
  for (const auto& topic : answer.topics) {
    for (const auto& partition : topic.partitions) {
      say(fmt::format("  {}:{} offset={} metadata={}", topic.name, partition.partition_index,
                      partition.committed_offset.value(), partition.metadata.value_or("-")));
    }
  }
}

void Transcript::delete_offsets(const Fields& fields) {
  wire::OffsetDeleteRequest request;
  request.group_id = field(fields, "group", "g");
  const OffsetKey key = offset_key(field(fields, "at", "t:0"));
  auto& topic = request.topics.emplace_back();
  topic.name = key.first;
  topic.partitions.push_back({key.second});
  auto answer = machine_->delete_offsets(request);
  show(std::move(answer.outcome));
  say("delete-offsets " + name(answer.reply.error_code));
  for (const auto& one : answer.reply.topics) {
    say("  " + one.name + ' ' + name(one.partitions.front().error_code));
  }
}

void Transcript::describe(const Fields& fields) {
  const auto version = static_cast<wire::Version>(number(fields, "version", 6));
  const auto group = machine_->describe(field(fields, "group", "g"), version);
  say(fmt::format("describe {} {} type={} protocol={}", name(group.error_code), group.group_state,
                  group.protocol_type, group.protocol_data));
  for (const auto& member : group.members) {
    say(fmt::format("  {} client={} host={} metadata={} assignment={}", member.member_id,
                    member.client_id, member.client_host, text(member.member_metadata),
                    text(member.member_assignment)));
  }
}

void Transcript::list(const Fields& fields) {
  for (const auto& group :
       machine_->list(split(field(fields, "states"), ','), split(field(fields, "types"), ','))) {
    say(fmt::format("{} {} {} {}", group.group_id, group.protocol_type, group.group_state,
                    group.group_type));
  }
}

void Transcript::tick() {
  const base::Timestamp until = now_.monotonic;
  while (const auto deadline = machine_->next_deadline()) {
    if (*deadline > until) break;
    now_ = {*deadline, *deadline};
    show(machine_->tick(now_));
  }
  now_ = {until, until};
}

void Transcript::reload() {
  machine_ = fresh_machine();
  for (const auto& record : log_) {
    const auto done = machine_->replay(record.key, record.value);
    ODRADEK_ASSERT(done.has_value());
  }
  machine_->loaded(now_);
}

void Transcript::show(Outcome outcome) {
  for (const auto& record : outcome.records) show_record(record);
  for (const LateReply& reply : outcome.replies) {
    std::visit(
        [&](const auto& response) { say(fmt::format("#{} {}", reply.token, to_line(response))); },
        reply.response);
  }
}

void Transcript::show_record(const record::JournalRecord& record) {
  log_.push_back(record);
  auto decoded = decode_record(record.key, record.value);
  ODRADEK_ASSERT(decoded.has_value());
  if (const auto* group = std::get_if<ReplayedGroup>(&*decoded)) {
    if (!group->group) return say(fmt::format("record group {} deleted", group->group_id));
    std::string members;
    for (const auto& [id, member] : group->group->members) {
      members += (members.empty() ? "" : ",") + id + ':' + text(member.assignment);
    }
    return say(fmt::format("record group {} generation={} members={}", group->group_id,
                           group->group->generation, members));
  }
  const auto& offset = std::get<ReplayedOffset>(*decoded);
  const std::string place = fmt::format("{}:{}", offset.key.first, offset.key.second);
  say(offset.offset ? fmt::format("record offset {} {} = {}", offset.group_id, place,
                                  offset.offset->offset.value())
                    : fmt::format("record offset {} {} deleted", offset.group_id, place));
}

}  // namespace odradek::coordinator::group
