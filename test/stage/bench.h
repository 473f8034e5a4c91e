// A switch on a table: a config, its tables and one worker, between ports whose other ends a test
// holds.
//
// At its end every bench checks that each frame buffer is back in the pool; of every frame received
// that it is counted as exactly one of forwarded, consumed, dropped and held; and of every buffer
// sent that it is sound.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rte_mbuf.h>

#include "test/stage/make_frames.h"

#include "dataplane/array_port.h"
#include "dataplane/fib.h"
#include "dataplane/orders.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"
#include "dataplane/worker.h"

#include "lib/config.h"

namespace godwit::test {

// A frame, and the name of the port it comes in by.
struct Arrival {
  std::string_view port;
  Octets frame;
};

using Names = std::vector<std::string>;              // of ports, in the config's order
using Drops = std::map<std::string_view, uint64_t>;  // by reason; none that is 0

class Bench final : private ArrayPort::Sink {
 public:
  static constexpr unsigned kMbufs = 1023;
  static constexpr unsigned kEvents = 1024;

  // `yaml` is a config without an error. Its tables are made small.
  explicit Bench(std::string_view yaml, unsigned mbufs = kMbufs);
  ~Bench() override;
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  PortIndex port(std::string_view name) const;
  BridgeIndex bridge(std::string_view name) const;

  // Gives a port a frame to receive, in a buffer with so much room in front of it.
  void offer(std::string_view port, const Octets& frame, uint16_t headroom = RTE_PKTMBUF_HEADROOM);
  // One round of the worker. What left before is forgotten.
  uint16_t step(Nanos now);
  // Both; returns the ports by which copies left.
  Names send(Nanos now, std::string_view port, const Octets& frame);
  // One burst in this very order, as no order of ports can give it; returns as above.
  Names send(Nanos now, std::initializer_list<Arrival> arrivals);
  // Only fills the worker's burst, for a test of a single stage.
  Burst& receive(Nanos now, std::initializer_list<Arrival> arrivals);

  // What left in the last round: the octets as they are now, and the buffers, which are the
  // bench's.
  std::vector<Octets> sent(std::string_view port) const;
  const std::vector<rte_mbuf*>& buffers(std::string_view port) const;
  Names reached() const;

  // From now on the port takes at most so many frames at once.
  void narrow(std::string_view port, uint16_t room);
  // One round as above while the pool has no free buffer.
  uint16_t step_starved(Nanos now);

  std::string where(std::string_view bridge, Mac mac) const;  // "": nowhere, "self": godwit
  FdbEntry entry(std::string_view bridge, Mac mac) const;
  std::vector<Event> events();  // since the last call
  Drops drops(std::string_view port) const;
  const PortCounters& counters(std::string_view port) const;

 private:
  // A port that may take less than it is given.
  class NarrowPort final : public Port {
   public:
    NarrowPort(PortIndex index, Sink& sink) : array_(index, sink) {}
    uint16_t rx(rte_mbuf** frames, uint16_t count) override { return array_.rx(frames, count); }
    uint16_t tx(rte_mbuf** frames, uint16_t count) override {
      return array_.tx(frames, std::min(count, room));
    }
    void offer(rte_mbuf* frame) { array_.offer(frame); }

    uint16_t room = UINT16_MAX;

   private:
    ArrayPort array_;
  };
  struct FreePool {
    void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
  };

  void sent(const ArrayPort& port, rte_mbuf* frame) override;
  rte_mbuf* buffer_of(const Octets& frame, uint16_t headroom);
  void forget_sent();
  void check_counters() const;

  const Config config_;
  std::unique_ptr<rte_mempool, FreePool> pool_;
  std::vector<std::vector<rte_mbuf*>> sent_;  // by port
  std::vector<rte_mbuf*> held_;               // received for a single stage
  std::vector<std::unique_ptr<NarrowPort>> ports_;
  std::vector<Port*> port_list_;

 public:  // made of the above, in this order
  const Topology topology;
  Tables tables;
  Fib fib;
  Channel channel;
  Worker worker;
};

}  // namespace godwit::test
