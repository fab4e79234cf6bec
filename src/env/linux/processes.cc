// SPDX-License-Identifier: Apache-2.0
#include "env/linux/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "env/linux/descriptor.h"

namespace odradek::env {
namespace {

std::unexpected<base::Error> failed(const std::string& what, int error) {
  return std::unexpected(
      base::Error{base::ErrorCode::kUnknownServerError, what + ": " + std::strerror(error), error});
}

// The arguments of a process, which the kernel keeps one after the other, each with a zero.
std::vector<std::string> arguments_of(const std::string& directory) {
  const Descriptor file(::open((directory + "/cmdline").c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> piece{};
  ssize_t taken = 0;
  while (file.get() >= 0 && (taken = ::read(file.get(), piece.data(), piece.size())) > 0) {
    text.append(piece.data(), static_cast<std::size_t>(taken));
  }
  std::vector<std::string> arguments;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    arguments.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return arguments;
}

}  // namespace

std::vector<Process> processes_of_this_program() {
  std::vector<Process> found;
  struct stat self{};
  if (::stat("/proc/self/exe", &self) != 0) return found;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
  if (proc == nullptr) return found;
  while (const dirent* entry = ::readdir(proc.get())) {
    const std::string_view name = entry->d_name;
    int id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || end != name.data() + name.size() || id == ::getpid()) continue;
    const std::string directory = "/proc/" + std::string(name);
    struct stat owner{};
    struct stat program{};
    if (::stat(directory.c_str(), &owner) != 0 || owner.st_uid != ::getuid()) continue;
    if (::stat((directory + "/exe").c_str(), &program) != 0) continue;
    if (program.st_dev != self.st_dev || program.st_ino != self.st_ino) continue;
    found.push_back({id, arguments_of(directory)});
  }
  return found;
}

base::Result<> send_signal(int process, int signal) {
  if (::kill(process, signal) == 0) return {};
  return failed("process " + std::to_string(process), errno);
}

std::string working_directory() {
  std::error_code error;
  const auto path = std::filesystem::current_path(error);
  return error ? "." : path.string();
}

base::Result<> become_daemon(const std::string& output_path) {
  const Descriptor output(
      ::open(output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (output.get() < 0) return failed(output_path, errno);
  const Descriptor input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (input.get() < 0) return failed("/dev/null", errno);
  const pid_t child = ::fork();
  if (child < 0) return failed("fork", errno);
  if (child > 0) ::_exit(0);
  if (::setsid() < 0) return failed("setsid", errno);
  if (::dup2(input.get(), STDIN_FILENO) < 0 || ::dup2(output.get(), STDOUT_FILENO) < 0 ||
      ::dup2(output.get(), STDERR_FILENO) < 0) {
    return failed(output_path, errno);
  }
  return {};
}

}  // namespace odradek::env
