// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/network.h"
#include "env/sim/life.h"

namespace odradek::env::sim {

struct Endpoint;
struct Packet;
struct ListenerState;

struct NetworkOptions {
  Duration shortest_delay = std::chrono::microseconds(20);
  Duration longest_delay = std::chrono::microseconds(500);
  // Bytes travel in pieces of 1 to so many.
  std::uint64_t largest_packet_bytes = 16384;
  // Bytes on their way or unread, per direction of a connection, before a writer has to wait.
  std::uint64_t window_bytes = 65536;
  // A read gives only a part of what is there, once in so many.
  std::uint64_t partial_read_once_in = 8;
};

// The network between simulated hosts: streams that keep order and lose nothing while both ends
// live, with delays by the seed. Hosts are named by the scenario and have addresses 10.0.0.x.
class SimNetwork {
 public:
  SimNetwork(Scheduler& scheduler, NetworkOptions options);
  ~SimNetwork();
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  NetworkOptions& options() { return options_; }
  // The address of the new host.
  std::string add_host(const std::string& name);
  // The door of one process on that host.
  std::unique_ptr<Network> open_for(std::shared_ptr<Life> life);

  // Packets from one host to the other take so long, instead of the general delay.
  void set_delay(const std::string& from, const std::string& to, Duration shortest,
                 Duration longest);
  // Packets from one host to the other are held back until `heal`; the other direction goes on.
  void block(const std::string& from, const std::string& to);
  void heal(const std::string& from, const std::string& to);
  void heal_all();
  // Both ends of every connection between the hosts are told that it was reset.
  void reset_connections(const std::string& host, const std::string& other);
  // Connections to the host are refused although it listens.
  void refuse_connections(const std::string& host, bool is_refusing);

  // The process is gone and its system closes what it had open; after a power cut nobody does,
  // until the host is up again and answers to packets of connections that it does not know.
  void end(const Life& life, bool is_power_cut);
  void abandon(const Life& life);
  void host_is_up(const std::string& host);

 private:
  friend struct Endpoint;
  friend class SimNetworkDoor;
  friend class SimListener;

  struct Host {
    std::string name;
    std::string address;
    bool is_up = true;
    bool is_refusing = false;
    std::uint16_t next_port = 32768;
    std::vector<std::shared_ptr<ListenerState>> listeners;
  };
  using Link = std::pair<std::string, std::string>;
  struct Attempt;

  Host& host(const std::string& name);
  Host* resolve(const std::string& name_or_address, const Host& seen_from);
  Duration delay(const Link& link);
  bool is_blocked(const Link& link) const { return blocked_.contains(link); }
  void try_to_connect(std::shared_ptr<Attempt> attempt);
  void arrive(const std::shared_ptr<Attempt>& attempt);
  void establish(const std::shared_ptr<Attempt>& attempt, Host& target, ListenerState& listener);
  void finish(const std::shared_ptr<Attempt>& attempt, base::Result<std::shared_ptr<Endpoint>> end);
  static ListenerState* listener_for(Host& target, bool is_loopback, std::uint16_t port);
  std::vector<std::shared_ptr<Endpoint>> living_endpoints();

  Scheduler& scheduler_;
  NetworkOptions options_;
  std::map<std::string, Host> hosts_;
  std::map<Link, std::pair<Duration, Duration>> delays_;
  std::map<Link, bool> blocked_;
  std::list<std::weak_ptr<Endpoint>> endpoints_;
  std::uint64_t next_connection_ = 1;
};

}  // namespace odradek::env::sim
