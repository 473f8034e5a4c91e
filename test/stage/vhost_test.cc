// Guests at vhost-user ports: DPDK's own virtio-user driver is the guest, in this process.

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "control/devices.h"
#include "control/switch.h"
#include "test/stage/make_frames.h"
#include "test/unit/small_tables.h"
#include "test/unit/temporary_directory.h"

#include "dataplane/ethdev_port.h"
#include "dataplane/vhost_port.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

class Guest {
 public:
  // With the socket made by the switch, or by the guest itself.
  Guest(const std::string& socket, bool serves, rte_mempool* pool)
      : pool_(pool),
        device_({.argument = fmt::format("net_virtio_user{},path={},queues=1,server={}", ++made,
                                         socket, serves ? 1 : 0),
                 .device = "guest"},
                pool) {}

  void send(const Octets& octets) {
    rte_mbuf* frame = rte_pktmbuf_alloc(pool_);
    REQUIRE(frame != nullptr);
    std::memcpy(rte_pktmbuf_append(frame, static_cast<uint16_t>(octets.size())), octets.data(),
                octets.size());
    REQUIRE(device_.port(0).tx(&frame, 1) == 1);
  }

  // In so many buffers, each with these octets.
  void send_chain(const Octets& octets, unsigned count) {
    rte_mbuf* chain = nullptr;
    for (unsigned n = 0; n < count; ++n) {
      rte_mbuf* part = rte_pktmbuf_alloc(pool_);
      REQUIRE(part != nullptr);
      std::memcpy(rte_pktmbuf_append(part, static_cast<uint16_t>(octets.size())), octets.data(),
                  octets.size());
      if (chain == nullptr)
        chain = part;
      else
        REQUIRE(rte_pktmbuf_chain(chain, part) == 0);
    }
    REQUIRE(device_.port(0).tx(&chain, 1) == 1);
  }

  // What came since, freed; empty if nothing did.
  std::vector<Octets> receive() {
    std::vector<Octets> all;
    rte_mbuf* frame = nullptr;
    while (device_.port(0).rx(&frame, 1) == 1) {
      const auto* start = rte_pktmbuf_mtod(frame, const uint8_t*);
      all.emplace_back(start, start + frame->data_len);
      rte_pktmbuf_free(frame);
    }
    return all;
  }

 private:
  inline static unsigned made = 0;
  rte_mempool* pool_;
  Ethdev device_;
};

// A switch of two workers with vhost-user ports p0 ..., all in one bridge.
class World {
 public:
  explicit World(unsigned ports, const std::string& role = "")
      : pool(make_pool("vhost-test", 4095)) {
    std::string names;
    std::string text = "ports: {";
    for (unsigned p = 0; p < ports; ++p) {
      text += fmt::format("{}p{}: {{}}", p == 0 ? "" : ", ", p);
      names += fmt::format("{}p{}", p == 0 ? "" : ", ", p);
    }
    config_ = small_config(text + "}\nbridges: {lan: {ports: [" + names + "]}}\n");
    for (unsigned p = 0; p < ports; ++p) {
      owned_.push_back(
          open_device(fmt::format("p{}", p), fmt::format("vhost:{}{}", socket(p), role),
                      {.number = static_cast<PortIndex>(p), .workers = kWorkers}, pool.get()));
      list_.push_back(owned_.back().get());
    }
    subject = std::make_unique<Switch>(
        config_, SwitchOptions{.workers = kWorkers, .nap = 50 * kMicrosecond}, list_, pool.get());
    subject->start();
  }

  std::string socket(unsigned port) const { return directory_ / fmt::format("p{}.sock", port); }
  std::unique_ptr<Guest> connect(unsigned port, bool serves = false) {
    return std::make_unique<Guest>(socket(port), serves, pool.get());
  }
  bool is_up(PortIndex port) const {
    return subject->port_state(port).up && subject->tables().ports.is_up(port);
  }

  template <class Condition>
  bool eventually(Condition condition) {
    for (unsigned n = 0; n < 20000; ++n) {
      if (condition()) return true;
      subject->turn();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  PoolPointer pool;

 private:
  static constexpr uint16_t kWorkers = 2;
  TemporaryDirectory directory_;
  Config config_;
  std::vector<std::unique_ptr<PortDevice>> owned_;
  std::vector<PortDevice*> list_;

 public:
  std::unique_ptr<Switch> subject;
};

}  // namespace

TEST_CASE("guests at vhost-user ports talk to each other", "[vhost]") {
  World world(2);
  CHECK_FALSE(world.is_up(0));
  const auto a = world.connect(0);
  const auto b = world.connect(1);
  REQUIRE(world.eventually([&] { return world.is_up(0) && world.is_up(1); }));

  const Octets hello = data(kVm, kPeer);
  std::vector<Octets> heard;
  a->send(hello);
  REQUIRE(world.eventually([&] { return !(heard = b->receive()).empty(); }));
  CHECK(heard == std::vector<Octets>{hello});
  b->send(data(kPeer, kVm));
  REQUIRE(world.eventually([&] { return !(heard = a->receive()).empty(); }));
  CHECK(heard == std::vector<Octets>{data(kPeer, kVm)});
  CHECK(world.subject->worker_counters().learned == 2);
}

TEST_CASE("a guest that goes takes its link along, and may come again", "[vhost]") {
  World world(2);
  const auto b = world.connect(1);
  for (unsigned n = 1; n <= 3; ++n) {
    auto a = world.connect(0);
    REQUIRE(world.eventually([&] { return world.is_up(0); }));
    a->send(data(kVm, kPeer));
    REQUIRE(world.eventually([&] { return !b->receive().empty(); }));
    a.reset();
    // The workers know without control, which does not run here.
    for (unsigned ms = 0; world.subject->tables().ports.is_up(0) && ms < 20000; ++ms)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    CHECK_FALSE(world.is_up(0));
  }
  b->send(data(kPeer, kVm));  // to nobody: nothing is waited for
  REQUIRE(world.eventually([&] { return world.subject->port_counters(1).rx == 1; }));
  CHECK(world.subject->port_counters(0).tx == 0);
}

TEST_CASE("what comes while a guest is on its way finds it at another port, in order", "[vhost]") {
  World world(3);
  auto before = world.connect(0);
  const auto peer = world.connect(1);
  REQUIRE(world.eventually([&] { return world.is_up(0) && world.is_up(1); }));
  before->send(data(kVm, kPeer));
  REQUIRE(world.eventually([&] { return !peer->receive().empty(); }));
  before.reset();
  REQUIRE(world.eventually([&] { return !world.is_up(0); }));
  std::vector<Octets> sent;
  for (uint8_t n = 0; n < 20; ++n) {
    sent.push_back(data(kPeer, kVm));
    sent.back().push_back(n);
    peer->send(sent.back());
  }
  REQUIRE(world.eventually([&] { return world.subject->port_counters(1).held == sent.size(); }));
  // It has not said a word there.
  const auto after = world.connect(2);
  std::vector<Octets> heard;
  REQUIRE(world.eventually([&] {
    for (const Octets& frame : after->receive()) heard.push_back(frame);
    return heard.size() >= sent.size();
  }));
  CHECK(heard == sent);
  CHECK(world.subject->port_counters(1).held == 0);
}

TEST_CASE("a frame longer than a buffer is dropped by name", "[vhost]") {
  World world(2);
  const auto a = world.connect(0);
  const auto b = world.connect(1);
  REQUIRE(world.eventually([&] { return world.is_up(0) && world.is_up(1); }));
  Octets part = data(kVm, kPeer);
  part.resize(1400);
  a->send_chain(part, 3);
  a->send(data(kVm, kPeer));
  std::vector<Octets> heard;
  REQUIRE(world.eventually([&] { return !(heard = b->receive()).empty(); }));
  CHECK(heard == std::vector<Octets>{data(kVm, kPeer)});
  const PortCounters counters = world.subject->port_counters(0);
  CHECK(counters.rx == 2);
  CHECK(counters.drops[static_cast<size_t>(Drop::kOversize)] == 1);
}

TEST_CASE("guests are found at sockets of their own, when they come", "[vhost]") {
  World world(2, ",client");
  const auto a = world.connect(0, true);
  const auto b = world.connect(1, true);
  REQUIRE(world.eventually([&] { return world.is_up(0) && world.is_up(1); }));
  a->send(data(kVm, kPeer));
  REQUIRE(world.eventually([&] { return !b->receive().empty(); }));
}

TEST_CASE("there may be more vhost-user ports than DPDK has room for devices", "[vhost]") {
  constexpr unsigned kPorts = 40;
  World world(kPorts);
  const auto first = world.connect(0);
  const auto last = world.connect(kPorts - 1);
  REQUIRE(world.eventually([&] { return world.is_up(0) && world.is_up(kPorts - 1); }));
  first->send(data(kVm, kPeer));
  REQUIRE(world.eventually([&] { return !last->receive().empty(); }));
}

}  // namespace godwit::test
