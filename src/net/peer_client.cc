// SPDX-License-Identifier: Apache-2.0
#include "net/peer_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <deque>
#include <unordered_map>

#include "net/frame_reader.h"
#include "wire/api.h"
#include "wire/messages/api_versions.h"

namespace odradek::net {
namespace {

using base::ErrorCode;

constexpr std::size_t kReadBytes = 16384;

std::int64_t milliseconds(env::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

struct PeerClient::Core final : std::enable_shared_from_this<Core> {
  struct Call {
    std::uint64_t id;
    wire::ApiKey api;
    env::Duration timeout;
    Encode encode;
    AnswerHandler handler;
    env::Executor::TimerId timer = 0;
    // Once sent.
    wire::Version version = 0;
    std::int32_t correlation_id = 0;
  };
  struct Range {
    wire::Version min;
    wire::Version max;
  };
  enum class State : std::uint8_t { kDisconnected, kConnecting, kNegotiating, kReady };

  Core(env::Network& net, env::Executor& on, env::Address to, PeerClientOptions with)
      : network(net), loop(on), address(std::move(to)), options(std::move(with)) {}

  void start(Call call);
  void connect();
  void connected(base::Result<std::unique_ptr<env::Stream>> result);
  void negotiate(wire::Version version);
  env::Duration greeting_timeout() const;
  void negotiated(base::Result<Answer> answer);
  void learn_versions(const wire::ApiVersionsResponse& response);
  void become_ready();

  void send(Call call);
  void refuse(Call call, base::Error error);
  base::Result<wire::Version> choose_version(wire::ApiKey api) const;
  void write(base::OutputChain frame);
  void write_more();
  void wait_readable();
  void read();
  void take_response(const base::SharedBytes& frame);

  void time_out(std::uint64_t id);
  // Ends the connection and everything that waits for it.
  void fail(const base::Error& error);
  void finish(Call& call, base::Result<Answer> answer);
  base::Error error_of(ErrorCode code, std::string_view what) const {
    return {code, fmt::format("{}: {}", address.to_string(), what), 0};
  }

  env::Network& network;
  env::Executor& loop;
  const env::Address address;
  const PeerClientOptions options;

  State state = State::kDisconnected;
  // Counts connections, so that a handler of an older one knows.
  std::uint64_t generation = 0;
  std::unique_ptr<env::Stream> stream;
  std::unique_ptr<FrameReader> reader;
  std::unordered_map<std::int16_t, Range> versions;
  std::deque<Call> waiting;    // for the connection
  std::deque<Call> in_flight;  // in the order sent
  std::vector<Handler<void>> ready_handlers;
  std::function<void(const base::Error&)> closed_handler;
  int late_greetings = 0;  // in a row
  std::uint64_t last_call = 0;
  std::int32_t last_correlation_id = 0;
  base::OutputChain output;
  bool writing = false;
};

void PeerClient::Core::start(Call call) {
  call.timer = loop.run_after(call.timeout, [weak = weak_from_this(), id = call.id] {
    if (const auto self = weak.lock()) self->time_out(id);
  });
  if (state == State::kReady) {
    send(std::move(call));
    return;
  }
  waiting.push_back(std::move(call));
  connect();
}

void PeerClient::Core::connect() {
  if (state != State::kDisconnected) return;
  state = State::kConnecting;
  network.connect(address, options.socket, loop, options.connect_timeout,
                  [weak = weak_from_this(),
                   mine = ++generation](base::Result<std::unique_ptr<env::Stream>> result) {
                    const auto self = weak.lock();
                    if (self && self->generation == mine) self->connected(std::move(result));
                  });
}

void PeerClient::Core::connected(base::Result<std::unique_ptr<env::Stream>> result) {
  if (!result) {
    fail(result.error());
    return;
  }
  stream = *std::move(result);
  reader = std::make_unique<FrameReader>(options.max_response_bytes, "the client's own limit");
  state = State::kNegotiating;
  wait_readable();
  negotiate(wire::ApiVersionsRequest::kLatestStableVersion);
}

void PeerClient::Core::negotiate(wire::Version version) {
  wire::ApiVersionsRequest request;
  request.client_software_name = kSoftwareName;
  request.client_software_version = "1";
  Call call{++last_call, wire::ApiKey::kApiVersions, greeting_timeout(), {}, {}};
  call.version = version;
  call.correlation_id = ++last_correlation_id;
  call.handler = [this](base::Result<Answer> answer) { negotiated(std::move(answer)); };
  call.timer = loop.run_after(call.timeout, [weak = weak_from_this(), id = call.id] {
    if (const auto self = weak.lock()) self->time_out(id);
  });
  auto frame = wire::frame_request(request, version, call.correlation_id, options.client_id);
  in_flight.push_back(std::move(call));
  if (frame) {
    write(*std::move(frame));
  } else {
    fail(frame.error());
  }
}

env::Duration PeerClient::Core::greeting_timeout() const {
  constexpr int kMostDoublings = 16;
  const auto grown = options.connect_timeout * (1 << std::min(late_greetings, kMostDoublings));
  return std::max(options.connect_timeout, std::min(grown, options.longest_greeting));
}

// A server that does not know the version says so in version 0, with the versions that it knows.
void PeerClient::Core::negotiated(base::Result<Answer> answer) {
  if (!answer) return;  // fail() is at work
  const base::ByteView start = answer->reader.peek(2);
  const bool unknown_version =
      start.size() == 2 && base::load_big_endian<std::int16_t>(start.data()) ==
                               static_cast<std::int16_t>(ErrorCode::kUnsupportedVersion);
  const wire::Version version = unknown_version ? 0 : answer->version;
  auto response = wire::ApiVersionsResponse::decode(answer->reader, version);
  if (!response) {
    fail(error_of(ErrorCode::kNetworkException, "not a Kafka server: " + response.error().message));
    return;
  }
  learn_versions(*response);
  if (unknown_version && answer->version > 0) {
    const auto own = versions.find(static_cast<std::int16_t>(wire::ApiKey::kApiVersions));
    negotiate(own == versions.end()
                  ? wire::Version{0}
                  : std::min<wire::Version>(own->second.max, answer->version - 1));
  } else if (response->error_code != ErrorCode::kNone) {
    fail(error_of(response->error_code, "ApiVersions was refused"));
  } else {
    become_ready();
  }
}

void PeerClient::Core::learn_versions(const wire::ApiVersionsResponse& response) {
  versions.clear();
  for (const auto& api : response.api_keys) {
    versions[api.api_key] = {api.min_version, api.max_version};
  }
}

void PeerClient::Core::become_ready() {
  state = State::kReady;
  late_greetings = 0;
  const std::uint64_t mine = generation;
  for (auto& handler : std::exchange(ready_handlers, {})) handler({});
  while (generation == mine && !waiting.empty()) {
    Call call = std::move(waiting.front());
    waiting.pop_front();
    send(std::move(call));
  }
}

base::Result<wire::Version> PeerClient::Core::choose_version(wire::ApiKey api) const {
  const wire::ApiDescription& ours = wire::describe_api(api);
  const auto theirs = versions.find(static_cast<std::int16_t>(api));
  if (theirs == versions.end()) {
    return std::unexpected(error_of(ErrorCode::kUnsupportedVersion,
                                    fmt::format("the server does not offer {}", ours.name)));
  }
  const wire::Version newest = std::min(ours.latest_stable_version, theirs->second.max);
  if (newest < ours.min_version || newest < theirs->second.min) {
    return std::unexpected(
        error_of(ErrorCode::kUnsupportedVersion,
                 fmt::format("the server offers {} {} to {}, this client {} to {}", ours.name,
                             theirs->second.min, theirs->second.max, ours.min_version,
                             ours.latest_stable_version)));
  }
  return newest;
}

void PeerClient::Core::send(Call call) {
  auto version = choose_version(call.api);
  if (!version) {
    refuse(std::move(call), std::move(version).error());
    return;
  }
  call.version = *version;
  call.correlation_id = ++last_correlation_id;
  auto frame = call.encode(call.version, call.correlation_id, options.client_id);
  if (!frame) {
    refuse(std::move(call), std::move(frame).error());
    return;
  }
  call.encode = nullptr;
  in_flight.push_back(std::move(call));
  write(*std::move(frame));
}

// Not inside the caller's call.
void PeerClient::Core::refuse(Call call, base::Error error) {
  loop.post(
      [self = shared_from_this(), refused = std::move(call), why = std::move(error)]() mutable {
        self->finish(refused, std::unexpected(std::move(why)));
      });
}

void PeerClient::Core::write(base::OutputChain frame) {
  output.append(std::move(frame));
  if (!writing) write_more();
}

void PeerClient::Core::write_more() {
  writing = true;
  stream->write(std::exchange(output, {}), [weak = weak_from_this(),
                                            mine = generation](base::Result<> written) {
    const auto self = weak.lock();
    if (!self || self->generation != mine) return;
    self->writing = false;
    if (!written) {
      self->fail(self->error_of(ErrorCode::kNetworkException, written.error().message));
    } else if (!self->output.empty()) {
      self->write_more();
    }
  });
}

void PeerClient::Core::wait_readable() {
  stream->wait_readable([weak = weak_from_this(), mine = generation](base::Result<> readable) {
    const auto self = weak.lock();
    if (!self || self->generation != mine) return;
    if (readable) {
      self->read();
    } else {
      self->fail(self->error_of(ErrorCode::kNetworkException, readable.error().message));
    }
  });
}

void PeerClient::Core::read() {
  std::array<std::uint8_t, kReadBytes> scratch;
  const base::MutableByteView direct = reader->direct_room();
  const auto got = stream->try_read(direct.empty() ? base::MutableByteView(scratch) : direct);
  if (!got) {
    fail(error_of(ErrorCode::kNetworkException, got.error().message));
    return;
  }
  base::ByteView input;
  if (direct.empty()) {
    input = {scratch.data(), *got};
  } else {
    reader->advance(*got);
  }
  const std::uint64_t mine = generation;
  while (true) {
    auto frame = reader->next(input);
    if (!frame) {
      fail(error_of(ErrorCode::kNetworkException, "not a Kafka server: " + frame.error().message));
      return;
    }
    if (!*frame) break;
    take_response(**frame);
    if (generation != mine) return;
  }
  wait_readable();
}

void PeerClient::Core::take_response(const base::SharedBytes& frame) {
  if (in_flight.empty()) {
    fail(error_of(ErrorCode::kNetworkException, "an answer that nobody asked for"));
    return;
  }
  Call& call = in_flight.front();
  Answer answer{wire::Reader(frame), call.version};
  const auto header = wire::decode_response_header(answer.reader, call.api, call.version);
  if (!header || header->correlation_id != call.correlation_id) {
    fail(error_of(ErrorCode::kNetworkException, "not a Kafka server: an answer out of order"));
    return;
  }
  Call answered = std::move(call);
  in_flight.pop_front();
  finish(answered, std::move(answer));
}

void PeerClient::Core::finish(Call& call, base::Result<Answer> answer) {
  loop.cancel(call.timer);
  call.handler(std::move(answer));
}

void PeerClient::Core::time_out(std::uint64_t id) {
  const auto is_it = [id](const Call& call) { return call.id == id; };
  const auto sent = std::ranges::find_if(in_flight, is_it);
  const auto unsent = std::ranges::find_if(waiting, is_it);
  if (sent == in_flight.end() && unsent == waiting.end()) return;
  auto& queue = sent == in_flight.end() ? waiting : in_flight;
  const auto place = sent == in_flight.end() ? unsent : sent;
  if (state == State::kNegotiating && sent != in_flight.end()) ++late_greetings;
  Call late = std::move(*place);
  queue.erase(place);
  const base::Error error =
      error_of(ErrorCode::kRequestTimedOut,
               fmt::format("no answer to {} within {} ms", wire::describe_api(late.api).name,
                           milliseconds(late.timeout)));
  const bool was_sent = &queue == &in_flight;
  finish(late, std::unexpected(error));
  // Answers come in order: what was asked after this one waits behind it.
  if (was_sent) fail({ErrorCode::kNetworkException, error.message, 0});
}

void PeerClient::Core::fail(const base::Error& error) {
  ++generation;
  state = State::kDisconnected;
  writing = false;
  output = {};
  // The reader's buffers and the stream may be in use by the caller: gone after its turn.
  if (stream) stream->close();
  loop.post([old_stream = std::move(stream), old_reader = std::move(reader)] {});
  auto failed = std::exchange(in_flight, {});
  std::ranges::move(std::exchange(waiting, {}), std::back_inserter(failed));
  auto handlers = std::exchange(ready_handlers, {});
  for (auto& handler : handlers) handler(std::unexpected(error));
  for (Call& call : failed) finish(call, std::unexpected(error));
  if (closed_handler) closed_handler(error);
}

PeerClient::PeerClient(env::Network& network, env::Executor& loop, env::Address address,
                       PeerClientOptions options)
    : core_(std::make_shared<Core>(network, loop, std::move(address), std::move(options))) {}

PeerClient::~PeerClient() {
  core_->closed_handler = nullptr;
  core_->fail(core_->error_of(ErrorCode::kNetworkException, "the client was closed"));
}

void PeerClient::abandon() {
  ++core_->generation;
  core_->state = Core::State::kDisconnected;
  core_->closed_handler = nullptr;
  core_->stream.reset();
  // Destroying a handler may come back here.
  const auto in_flight = std::exchange(core_->in_flight, {});
  const auto waiting = std::exchange(core_->waiting, {});
  const auto ready_handlers = std::exchange(core_->ready_handlers, {});
}

const env::Address& PeerClient::address() const { return core_->address; }

void PeerClient::on_closed(std::function<void(const base::Error&)> handler) {
  core_->closed_handler = std::move(handler);
}

void PeerClient::connect(Handler<void> handler) {
  if (core_->state == Core::State::kReady) {
    core_->loop.post([handler = std::move(handler)]() mutable { handler({}); });
    return;
  }
  core_->ready_handlers.push_back(std::move(handler));
  core_->connect();
}

void PeerClient::start(wire::ApiKey api, env::Duration timeout, Encode encode,
                       AnswerHandler handler) {
  Core::Call call{++core_->last_call, api, timeout, std::move(encode), std::move(handler)};
  core_->start(std::move(call));
}

}  // namespace odradek::net
