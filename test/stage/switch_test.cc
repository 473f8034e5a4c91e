// A whole switch: workers on threads of their own, ports whose other ends are rings of the test.

#include "control/switch.h"

#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/stage/make_frames.h"
#include "test/unit/small_tables.h"

#include "dataplane/element_ring.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

constexpr std::string_view kPlain = "ports: {a: {}, b: {}}\nbridges: {lan: {ports: [a, b]}}\n";

// A device with a queue each way for each worker.
class RingDevice final : public PortDevice {
 public:
  RingDevice(const std::string& name, uint16_t workers) {
    for (uint16_t w = 0; w < workers; ++w)
      queues_.push_back(std::make_unique<Queue>(fmt::format("{}-{}", name, w)));
  }
  ~RingDevice() override {
    for (const auto& queue : queues_) {
      for (rte_mbuf* frame; queue->in.take(frame);) rte_pktmbuf_free(frame);
      for (rte_mbuf* frame; queue->out.take(frame);) rte_pktmbuf_free(frame);
    }
  }
  Port& port(uint16_t worker) override { return *queues_[worker]; }
  PortState state() const override { return {}; }

  ElementRing<rte_mbuf*>& in(uint16_t worker) { return queues_[worker]->in; }
  ElementRing<rte_mbuf*>& out(uint16_t worker) { return queues_[worker]->out; }

 private:
  struct Queue final : Port {
    explicit Queue(const std::string& name)
        : in((name + "-in").c_str(), 1024), out((name + "-out").c_str(), 1024) {}
    uint16_t rx(rte_mbuf** frames, uint16_t count) override {
      uint16_t n = 0;
      while (n < count && in.take(frames[n])) ++n;
      return n;
    }
    uint16_t tx(rte_mbuf** frames, uint16_t count) override {
      uint16_t n = 0;
      while (n < count && out.put(frames[n])) ++n;
      return n;
    }
    ElementRing<rte_mbuf*> in;
    ElementRing<rte_mbuf*> out;
  };
  std::vector<std::unique_ptr<Queue>> queues_;
};

struct FreePool {
  void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};

class World {
 public:
  explicit World(uint16_t workers)
      : pool_(rte_pktmbuf_pool_create("switch-test", 4095, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                      SOCKET_ID_ANY)),
        config_(small_config(kPlain)),
        a("a", workers),
        b("b", workers),
        devices_{&a, &b},
        subject(std::make_unique<Switch>(config_, SwitchOptions{.workers = workers}, devices_,
                                         pool_.get())) {}
  ~World() { subject.reset(); }

  void offer(ElementRing<rte_mbuf*>& in, const Octets& octets) {
    rte_mbuf* frame = rte_pktmbuf_alloc(pool_.get());
    REQUIRE(frame != nullptr);
    std::memcpy(rte_pktmbuf_append(frame, static_cast<uint16_t>(octets.size())), octets.data(),
                octets.size());
    REQUIRE(in.put(frame));
  }

 private:
  std::unique_ptr<rte_mempool, FreePool> pool_;
  Config config_;

 public:
  RingDevice a;
  RingDevice b;

 private:
  std::array<PortDevice*, 2> devices_;

 public:
  std::unique_ptr<Switch> subject;
};

// Until it is so, or for long.
template <class Condition>
bool eventually(Switch& subject, Condition condition) {
  for (unsigned n = 0; n < 20000; ++n) {
    if (condition()) return true;
    subject.turn();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

unsigned count(ElementRing<rte_mbuf*>& ring) {
  unsigned n = 0;
  for (rte_mbuf* frame; ring.take(frame); ++n) rte_pktmbuf_free(frame);
  return n;
}

}  // namespace

TEST_CASE("what one worker learns and moves, the others and control follow", "[switch]") {
  World world(2);
  Switch& subject = *world.subject;
  subject.start();
  world.offer(world.a.in(0), data(kVm, kPeer));
  REQUIRE(eventually(subject, [&] { return subject.worker_counters().learned == 1; }));
  world.offer(world.b.in(1), data(kPeer, kVm));
  REQUIRE(eventually(subject, [&] { return subject.port_counters(0).tx == 1; }));
  CHECK(count(world.a.out(1)) == 1);  // the other worker sent it, and flooded nothing
  world.offer(world.b.in(1), data(kVm, kPeer));
  REQUIRE(eventually(subject, [&] { return !subject.control().moves().all().empty(); }));
  CHECK(subject.totals().counters.moved == 1);
  subject.stop();
  const std::vector<LaneView> workers = subject.workers();
  REQUIRE(workers.size() == 2);
  CHECK(workers[0].counters.frames == 1);
  CHECK(workers[1].counters.frames == 2);
  CHECK(workers[0].counters.idle_rounds + 1 == workers[0].counters.rounds);
}

TEST_CASE("workers that stop send what their ports had received", "[switch]") {
  World world(1);
  Switch& subject = *world.subject;
  for (unsigned n = 0; n < 500; ++n) world.offer(world.a.in(0), data(kVm, kPeer));
  subject.start();
  subject.stop();
  CHECK(subject.port_counters(0).rx == 500);
  CHECK(count(world.b.out(0)) == 500);
}

TEST_CASE("a switch starts again where it stopped", "[switch]") {
  World world(1);
  Switch& subject = *world.subject;
  for (unsigned n = 1; n <= 3; ++n) {
    world.offer(world.a.in(0), data(kVm, kPeer));
    subject.start(n == 2);
    subject.stop();
    CHECK_FALSE(subject.is_running());
    CHECK(subject.worker_counters().learned == 1);
    CHECK(count(world.b.out(0)) == 1);
  }
  CHECK(subject.stage_stats()[0].packets == 1);
}

TEST_CASE("a switch follows another configuration and loses nothing", "[switch]") {
  constexpr std::string_view kOther = R"(
ports: {a: {}, b: {}}
bridges:
  lan:
    ports: [a, b]
    moves: {class: locked}
    static: [{mac: "52:54:00:00:00:09", port: b, ip: 10.9.0.9}]
)";
  constexpr Mac kPinned{0x525400000009};
  World world(2);
  Switch& subject = *world.subject;
  subject.start();
  world.offer(world.a.in(0), data(kVm, kPeer));
  REQUIRE(eventually(subject, [&] { return subject.worker_counters().learned == 1; }));
  unsigned sent = 1;
  for (unsigned n = 0; n < 20; ++n) {
    for (unsigned i = 0; i < 20; ++i, ++sent) world.offer(world.a.in(n % 2), data(kVm, kPeer));
    subject.follow(std::make_unique<const Config>(small_config(n % 2 == 0 ? kOther : kPlain)));
    CHECK(bool(subject.tables().fdb.find(0, kPinned)) == (n % 2 == 0));
  }
  subject.follow(std::make_unique<const Config>(small_config(kOther)));
  // Who was known stays as it was; who is learned now is locked.
  world.offer(world.a.in(1), data(kPeer, kVm));
  REQUIRE(eventually(subject, [&] { return subject.worker_counters().learned == 2; }));
  CHECK(subject.tables().fdb.find(0, kPeer).entry.host_class() == HostClass::kLocked);
  CHECK(subject.tables().fdb.find(0, kVm).entry.host_class() == HostClass::kLearned);
  const NeighborEntry pinned = subject.tables().neighbors.find(0, IpAddress::v4(0x0a090009)).entry;
  CHECK(pinned.mac() == kPinned);
  subject.stop();
  CHECK(subject.port_counters(0).rx == sent + 1);
  CHECK(count(world.b.out(0)) + count(world.b.out(1)) == sent);
}

TEST_CASE("a switch routes by the table of the configuration that it follows", "[switch]") {
  const auto config = [](std::string_view via) {
    return small_config(fmt::format(R"(
ports: {{a: {{}}, b: {{}}}}
bridges:
  lan:
    ports: [a, b]
    gateway: {{mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}}
routes: [{{to: 0.0.0.0/0, via: {}}}]
)",
                                    via));
  };
  const Config first = config("10.9.0.1");
  Fib fib(first);
  CHECK(fib.find(IpAddress::v4(0x08080808)).via == IpAddress::v4(0x0a090001));
  const auto before = fib.replace(std::make_unique<const FibTable>(config("10.9.0.2")));
  CHECK(fib.find(IpAddress::v4(0x08080808)).via == IpAddress::v4(0x0a090002));
  CHECK(before->find(IpAddress::v4(0x08080808)).via == IpAddress::v4(0x0a090001));
}

}  // namespace godwit::test
