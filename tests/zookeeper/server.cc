// SPDX-License-Identifier: Apache-2.0
#include "zookeeper/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace odradek::zookeeper_test {
namespace {

// The jars: Debian's, unless told otherwise.
std::string class_path() {
  const char* given = std::getenv("ODRADEK_ZOOKEEPER_CLASS_PATH");
  return given != nullptr ? given
                          : "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar";
}

[[noreturn]] void run_java(const std::string& directory) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int log = open((directory + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  const std::string configuration = directory + "/zoo.cfg";
  const std::string classes = class_path();
  execlp("java", "java", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
         "-Dzookeeper.admin.enableServer=false", "-Dzookeeper.forceSync=no", "-cp", classes.c_str(),
         "org.apache.zookeeper.server.quorum.QuorumPeerMain", configuration.c_str(), nullptr);
  _exit(127);
}

// A port that nobody listens on.
std::uint16_t free_port() {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  close(descriptor);
  return ntohs(address.sin_port);
}

}  // namespace

Server::Server() : port_(free_port()) {
  std::string path = std::filesystem::temp_directory_path() / "odradek-zookeeper-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) std::abort();
  directory_ = path;
  std::ofstream(directory_ + "/zoo.cfg") << fmt::format(
      "tickTime=500\ninitLimit=10\nsyncLimit=10\ndataDir={}\nclientPort={}\n"
      "clientPortAddress=127.0.0.1\nmaxClientCnxns=0\n",
      directory_, port_);
  start();
}

Server::~Server() {
  kill();
  std::filesystem::remove_all(directory_);
}

void Server::start() {
  pid_ = fork();
  if (pid_ == 0) run_java(directory_);
  if (pid_ < 0) std::abort();
}

void Server::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace odradek::zookeeper_test
