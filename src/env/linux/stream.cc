// SPDX-License-Identifier: Apache-2.0
#include "env/linux/stream.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"
#include "env/linux/file.h"
#include "env/linux/socket.h"

namespace odradek::env {
namespace {

using Handler = std::move_only_function<void(base::Result<>)>;

constexpr std::size_t kPiecesPerSend = 64;
constexpr std::uint64_t kFileBytesPerSend = 1U << 20U;
// A reader as fast as we are must not keep the loop from its other connections.
constexpr std::uint64_t kBytesPerTurn = 4U << 20U;

// Bytes that the socket took of the memory pieces in front; 0 when it is full.
base::Result<std::size_t> send_memory(int socket, const std::vector<base::OutputPiece>& pieces) {
  std::array<iovec, kPiecesPerSend> vectors;
  std::size_t count = 0;
  while (count < std::min(pieces.size(), vectors.size())) {
    const auto* const memory = std::get_if<base::SharedBytes>(&pieces[count]);
    if (memory == nullptr) break;
    vectors[count++] = {memory->mutable_view().data(), memory->size()};
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  // More follows: let the kernel fill its packets.
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (count < pieces.size() ? MSG_MORE : 0);
  const ssize_t sent = retry_interrupted([&] { return ::sendmsg(socket, &message, flags); });
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
  return network_error("send", errno);
}

base::Result<std::size_t> send_file(int socket, const base::FileRange& range) {
  const auto& file = static_cast<const LinuxFile&>(*range.file);
  auto position = static_cast<off_t>(range.position);
  const std::size_t length = std::min(range.length, kFileBytesPerSend);
  const ssize_t sent =
      retry_interrupted([&] { return ::sendfile(socket, file.descriptor(), &position, length); });
  if (sent > 0) return static_cast<std::size_t>(sent);
  if (sent == 0) {
    return base::fail(base::ErrorCode::kNetworkException,
                      file.path() + " ended before the range that was promised to the peer");
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
  return network_error("send from " + file.path(), errno);
}

base::Result<> send_what_fits(int socket, base::OutputChain& chain) {
  std::uint64_t sent_in_all = 0;
  while (!chain.empty() && sent_in_all < kBytesPerTurn) {
    const auto* const range = std::get_if<base::FileRange>(&chain.pieces().front());
    auto sent = range != nullptr ? send_file(socket, *range) : send_memory(socket, chain.pieces());
    if (!sent) return base::fail(std::move(sent));
    if (*sent == 0) return {};
    chain.remove_prefix(*sent);
    sent_in_all += *sent;
  }
  return {};
}

base::Result<> result_of(const boost::system::error_code& error) {
  if (!error) return {};
  if (error == boost::asio::error::operation_aborted) {
    return base::fail(base::ErrorCode::kNetworkException, "connection closed");
  }
  return network_error("wait for socket", error.value());
}

}  // namespace

struct LinuxStream::Core : std::enable_shared_from_this<Core> {
  Core(LinuxLoop& on, LoopDescriptor taken, Address the_peer, Address the_local)
      : loop(on),
        socket(std::move(taken)),
        peer(std::move(the_peer)),
        local(std::move(the_local)) {}

  // Sends until the socket is full, then waits for it; calls the handler at the end.
  void continue_write();
  void wait_writable();
  void finish_write(base::Result<> result);

  LinuxLoop& loop;
  LoopDescriptor socket;
  const Address peer;
  const Address local;
  Handler on_readable;
  Handler on_written;
  base::OutputChain output;
};

void LinuxStream::Core::continue_write() {
  auto sent = send_what_fits(socket.native_handle(), output);
  if (!sent || output.empty()) {
    finish_write(std::move(sent));
  } else {
    wait_writable();
  }
}

void LinuxStream::Core::wait_writable() {
  socket.async_wait(LoopDescriptor::wait_write,
                    [self = shared_from_this()](const boost::system::error_code& error) {
                      if (error) {
                        self->finish_write(result_of(error));
                      } else {
                        self->continue_write();
                      }
                    });
}

void LinuxStream::Core::finish_write(base::Result<> result) {
  output = {};
  std::exchange(on_written, nullptr)(std::move(result));
}

LinuxStream::LinuxStream(LinuxLoop& loop, LoopDescriptor socket, Address peer, Address local)
    : core_(std::make_shared<Core>(loop, std::move(socket), std::move(peer), std::move(local))) {}

LinuxStream::~LinuxStream() { close(); }

void LinuxStream::wait_readable(Handler handler) {
  ODRADEK_ASSERT(!core_->on_readable);
  core_->on_readable = std::move(handler);
  core_->socket.async_wait(LoopDescriptor::wait_read,
                           [core = core_](const boost::system::error_code& error) {
                             std::exchange(core->on_readable, nullptr)(result_of(error));
                           });
}

base::Result<std::size_t> LinuxStream::try_read(base::MutableByteView buffer) {
  const ssize_t got = retry_interrupted([&] {
    return ::recv(core_->socket.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  });
  if (got > 0) return static_cast<std::size_t>(got);
  if (got == 0) return base::fail(base::ErrorCode::kNetworkException, "closed by the peer");
  if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
  return network_error("receive", errno);
}

base::Result<> LinuxStream::try_write(base::OutputChain& chain) {
  ODRADEK_ASSERT(!core_->on_written);
  return send_what_fits(core_->socket.native_handle(), chain);
}

void LinuxStream::write(base::OutputChain chain, Handler handler) {
  ODRADEK_ASSERT(!core_->on_written);
  core_->on_written = std::move(handler);
  core_->output = std::move(chain);
  auto sent = send_what_fits(core_->socket.native_handle(), core_->output);
  if (sent && !core_->output.empty()) {
    core_->wait_writable();
    return;
  }
  // Never inside this call.
  core_->loop.post([core = core_, result = std::move(sent)]() mutable {
    core->finish_write(std::move(result));
  });
}

void LinuxStream::close() {
  boost::system::error_code ignored;
  core_->socket.close(ignored);
}

Executor& LinuxStream::executor() { return core_->loop; }
Address LinuxStream::peer_address() const { return core_->peer; }
Address LinuxStream::local_address() const { return core_->local; }

}  // namespace odradek::env
