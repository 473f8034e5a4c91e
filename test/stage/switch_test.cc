// A whole switch: workers on threads of their own, ports whose other ends are rings of the test.

#include "control/switch.h"

#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/stage/make_frames.h"
#include "test/unit/small_tables.h"
#include "test/unit/temporary_directory.h"

#include "dataplane/element_ring.h"

#include "lib/config_change.h"

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

Config roomy_config(std::string_view yaml) {
  Config config = small_config(yaml);
  make_room(config);
  return config;
}

class World {
 public:
  explicit World(uint16_t workers, Config config = small_config(kPlain))
      : pool_(rte_pktmbuf_pool_create("switch-test", 4095, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                      SOCKET_ID_ANY)),
        config_(std::move(config)),
        a("a", workers),
        b("b", workers),
        devices_{&a, &b},
        subject(nullptr) {
    devices_.resize(config_.ports.size());
    subject =
        std::make_unique<Switch>(config_, SwitchOptions{.workers = workers}, devices_, pool_.get());
  }
  ~World() { subject.reset(); }

  // Those of the beginning.
  std::span<PortDevice* const> devices() const { return devices_; }
  // Of the switch: the configuration in place of the one that it runs by, with these devices.
  void follow(std::string_view yaml, std::vector<PortDevice*> devices) {
    auto next = std::make_unique<Config>(small_config(yaml));
    REQUIRE(take_numbers(subject->topology().config(), *next).empty());
    devices.resize(next->ports.size());
    subject->follow(std::move(next), devices);
  }

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
  std::vector<PortDevice*> devices_;

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
  constexpr Mac kThird{0x525400000003};  // to whom nothing is sent that may still wait
  World world(2);
  Switch& subject = *world.subject;
  subject.start();
  world.offer(world.a.in(0), data(kVm, kPeer));
  REQUIRE(eventually(subject, [&] { return subject.worker_counters().learned == 1; }));
  unsigned sent = 1;
  for (unsigned n = 0; n < 20; ++n) {
    for (unsigned i = 0; i < 20; ++i, ++sent) world.offer(world.a.in(n % 2), data(kVm, kPeer));
    subject.follow(std::make_unique<const Config>(small_config(n % 2 == 0 ? kOther : kPlain)),
                   world.devices());
    CHECK(bool(subject.tables().fdb.find(0, kPinned)) == (n % 2 == 0));
  }
  subject.follow(std::make_unique<const Config>(small_config(kOther)), world.devices());
  // Who was known stays as it was; who is learned now is locked.
  world.offer(world.a.in(1), data(kThird, kVm));
  REQUIRE(eventually(subject, [&] { return subject.worker_counters().learned == 2; }));
  CHECK(subject.tables().fdb.find(0, kThird).entry.host_class() == HostClass::kLocked);
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

TEST_CASE("ports and bridges come and go while others lose nothing", "[switch]") {
  constexpr std::string_view kMore = R"(
ports: {c: {}, a: {}, d: {}, b: {}}
bridges:
  other: {ports: [d], static: [{mac: "52:54:00:00:00:0d", port: d, ip: 10.9.0.13}]}
  lan: {ports: [c, a, b]}
)";
  constexpr Mac kGuest{0x52540000000c};
  World world(2, roomy_config(kPlain));
  Switch& subject = *world.subject;
  subject.start();
  world.offer(world.a.in(0), data(kVm, kPeer));
  world.offer(world.b.in(0), data(kPeer, kVm));
  REQUIRE(eventually(subject, [&] { return subject.worker_counters().learned == 2; }));
  unsigned learned = 2;
  unsigned sent = 1;
  for (unsigned n = 0; n < 20; ++n) {
    RingDevice c("c", 2);
    RingDevice d("d", 2);
    for (unsigned i = 0; i < 20; ++i, ++sent) world.offer(world.a.in(n % 2), data(kVm, kPeer));
    world.follow(kMore, {&world.a, &world.b, &c, &d});
    CHECK(subject.topology().port(2).name == "c");  // whatever the file's order
    CHECK(subject.tables().fdb.find(1, Mac{0x52540000000d}));
    world.offer(c.in(n % 2), data(kGuest, kVm));
    ++learned;
    REQUIRE(eventually(subject, [&] { return subject.worker_counters().learned == learned; }));
    CHECK(subject.port_counters(2).rx == n + 1);
    for (unsigned i = 0; i < 20; ++i, ++sent) world.offer(world.a.in(n % 2), data(kVm, kPeer));
    world.follow(kPlain, {&world.a, &world.b});
    CHECK_FALSE(subject.tables().fdb.find(0, kGuest));
    CHECK_FALSE(subject.tables().fdb.find(1, Mac{0x52540000000d}));
    CHECK_FALSE(subject.tables().neighbors.find(1, IpAddress::v4(0x0a09000d)));
  }
  CHECK(subject.tables().fdb.quota().total() == 2);
  CHECK(subject.tables().fdb.quota().on_port(0, 2) == 0);
  subject.stop();
  CHECK(subject.port_counters(0).rx == sent);
  CHECK(count(world.b.out(0)) + count(world.b.out(1)) >= sent);  // and floods at the beginning
  CHECK(dropped(subject.totals().all_ports) == 0);
}

TEST_CASE("a number that goes to another port brings nothing of the former", "[switch]") {
  constexpr std::string_view kFirst =
      "ports: {a: {}, b: {}, c: {}}\nbridges: {lan: {ports: [a, b, c]}}";
  constexpr std::string_view kThen =
      "ports: {a: {}, b: {}, d: {}}\nbridges: {lan: {ports: [a, b, d]}}";
  Config config = small_config(kFirst);
  config.port_room = 3;
  make_room(config);
  RingDevice c("c", 1);  // outlives the switch
  RingDevice d("d", 1);
  World world(1, std::move(config));
  Switch& subject = *world.subject;
  world.follow(kFirst, {&world.a, &world.b, &c});
  subject.start();
  world.offer(c.in(0), data(kVm, kPeer));
  REQUIRE(eventually(subject, [&] { return subject.worker_counters().learned == 1; }));
  world.offer(world.a.in(0), data(kVm, kPeer));
  REQUIRE(eventually(subject, [&] { return subject.control().moves().all().size() == 1; }));
  CHECK(subject.control().moves().all()[0].from == 2);
  world.follow(kPlain, {&world.a, &world.b});
  CHECK(subject.control().moves().all()[0].from == 2);  // still c's
  world.follow(kThen, {&world.a, &world.b, &d});
  CHECK(subject.topology().port(2).name == "d");
  CHECK(subject.port_counters(2).rx == 0);
  CHECK(subject.control().moves().all()[0].from == kNoLocation);
  subject.stop();
}

TEST_CASE("a gateway comes and goes with its bridge's configuration", "[switch]") {
  constexpr std::string_view kGateway = R"(
ports: {a: {}, b: {}}
bridges:
  lan:
    ports: [a, b]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
)";
  constexpr Mac kOwn{0x02005e100001};
  World world(1);
  Switch& subject = *world.subject;
  subject.start();
  world.offer(world.a.in(0), data(kOwn, kPeer));  // a host with that MAC until then
  REQUIRE(eventually(subject, [&] { return subject.worker_counters().learned == 1; }));
  world.follow(kGateway, {&world.a, &world.b});
  CHECK(subject.tables().fdb.find(0, kOwn).entry.location() == kSelf);
  world.follow(kPlain, {&world.a, &world.b});
  CHECK_FALSE(subject.tables().fdb.find(0, kOwn));
  CHECK(subject.tables().fdb.quota().total() == 0);
  subject.stop();
}

TEST_CASE("what the configuration brings into a full table has room there", "[switch]") {
  constexpr std::string_view kFull =
      "fdb: {limit: 3}\nports: {a: {}, b: {}}\nbridges: {lan: {ports: [a, b]}}";
  constexpr std::string_view kMore = R"(
fdb: {limit: 3}
ports: {a: {}, b: {}}
bridges:
  lan: {ports: [b]}
  new:
    ports: [a]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
    static: [{mac: "52:54:00:00:00:09", port: a, ip: 10.9.0.9}]
)";
  World world(1, roomy_config(kFull));
  Switch& subject = *world.subject;
  subject.start();
  for (uint64_t n = 1; n <= 20; ++n) world.offer(world.b.in(0), data(Mac{0x525400000100 + n}, kVm));
  REQUIRE(eventually(subject, [&] {
    const auto counters = subject.worker_counters();
    return counters.learned + counters.limit_bridge == 20;
  }));
  const auto learned = subject.tables().fdb.quota().total();
  REQUIRE(subject.worker_counters().limit_bridge > 0);  // it is full
  world.follow(kMore, {&world.a, &world.b});
  CHECK(subject.tables().fdb.find(1, Mac{0x02005e100001}).entry.location() == kSelf);
  CHECK(subject.tables().fdb.find(1, Mac{0x525400000009}).entry.location() == 0);
  CHECK(subject.tables().fdb.quota().total() == learned + 2);
  subject.stop();
}

TEST_CASE("a capture of a port ends with it", "[switch]") {
  constexpr std::string_view kAlone = "ports: {a: {}}\nbridges: {lan: {ports: [a]}}";
  const TemporaryDirectory scratch;
  World world(1, roomy_config(kPlain));
  Switch& subject = *world.subject;
  subject.start();
  subject.capture().start({.path = scratch / "b.pcapng", .wish = {.port = 1}}, 0);
  world.follow(kAlone, {&world.a});
  CHECK_FALSE(subject.capture().is_running());
  CHECK(subject.capture().ended() == "port");
  subject.stop();
}

}  // namespace godwit::test
