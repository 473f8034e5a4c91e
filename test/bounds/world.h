// A switch with control behind it among hosts that live: they talk, answer ARP and neighbor
// discovery where they are, and move. On virtual time, in one thread, and the same in every run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <rte_mbuf.h>

#include "control/control.h"

#include "dataplane/array_port.h"
#include "dataplane/fib.h"
#include "dataplane/orders.h"
#include "dataplane/quiescence.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"
#include "dataplane/worker.h"

#include "lib/address.h"
#include "lib/config.h"
#include "lib/units.h"

namespace godwit::bounds {

using Octets = std::vector<uint8_t>;

// A machine at a port, or at none while it is on its way.
struct Host {
  Mac mac;
  IpAddress v4;
  IpAddress v6;
  Location at = kNoLocation;
  bool answers = true;  // ARP and neighbor solicitations
  // A frame of data reached it: its number, and the port.
  std::function<void(uint64_t number, PortIndex port)> on_data;
  // One was delivered to a port where it is not.
  std::function<void(uint64_t number, PortIndex port)> on_stray;
};

class World final : private ArrayPort::Sink {
 public:
  explicit World(std::string_view yaml);
  ~World() override;

  Nanos now() const { return now_; }
  Control& control() { return control_; }
  const Tables& tables() const { return tables_; }
  const Worker& worker() const { return worker_; }
  PortIndex port(std::string_view name) const;
  std::mt19937_64& random() { return random_; }
  // Between the two, evenly.
  Nanos some(Nanos least, Nanos most);

  // Hosts of one bridge, and the bridge's own members. The reference is good for ever.
  Host& add_host(Mac mac, const IpAddress& v4, const IpAddress& v6);

  void at(Nanos when, std::function<void()> what);
  void send(PortIndex from, const Octets& frame);
  // All that happens until then.
  void run(Nanos until);

  // Of the CPU, that the switch itself has used: worker and control, without the hosts.
  uint64_t cycles() const { return cycles_; }

  // Sees every frame that leaves a port.
  std::function<void(PortIndex port, const Octets& frame)> on_sent;

 private:
  struct Deed {
    Nanos when;
    uint64_t order;
    std::function<void()> what;
    bool operator>(const Deed& o) const { return when != o.when ? when > o.when : order > o.order; }
  };
  struct FreePool {
    void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
  };

  void sent(const ArrayPort& port, rte_mbuf* frame) override;
  void deliver(PortIndex port, const Octets& frame);
  void answer(Host& host, PortIndex port, const Octets& frame);
  void control_until(Nanos instant);
  void step();

  const Config config_;
  Topology topology_;
  std::unique_ptr<rte_mempool, FreePool> pool_;
  Tables tables_;
  Fib fib_;
  Channel channel_;
  Channel* channels_[1];
  std::vector<std::unique_ptr<ArrayPort>> ports_;
  std::vector<Port*> port_list_;
  Quiescence quiescence_;
  Worker worker_;
  Control control_;
  std::mt19937_64 random_{20261126};
  Nanos now_ = 0;
  uint64_t deeds_ = 0;
  uint64_t cycles_ = 0;
  uint64_t hosts_cycles_ = 0;  // within them, of the step under way
  std::priority_queue<Deed, std::vector<Deed>, std::greater<>> agenda_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::unordered_map<uint64_t, Host*> by_mac_;
  std::map<IpAddress, Host*> by_ip_;
};

// A frame of data, which carries a number.
Octets data_frame(Mac src, Mac dst, const IpAddress& from, const IpAddress& to, uint64_t number);

}  // namespace godwit::bounds
