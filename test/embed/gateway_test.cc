// libgodwit by its public header alone, on real frame buffers: bursts in, bursts out.
#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <godwit/gateway.h>
#include <rte_eal.h>
#include <rte_mbuf.h>

#include "test/catch_runner.h"

namespace {

constexpr uint64_t kStart = 1'000'000'000'000;  // of the caller's clock
constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint16_t kLength = 60;  // of every frame
constexpr uint16_t kA = 0, kB = 1, kC = 2;
constexpr uint16_t kVm = 1, kPeer = 2, kEverybody = 0xffff;
constexpr const char* kVmMac = "52:54:00:00:00:01";
constexpr const char* kConfig = R"(
ports: {a: {}, b: {}, c: {}}
bridges: {lan: {ports: [a, b, c]}}
fdb: {limit: 1024}
neighbors: {limit: 1024}
)";

class Scene {
 public:
  explicit Scene(uint16_t workers = 1, const char* config = kConfig)
      : gateway(config, {.mbufs = pool(), .workers = workers, .now_ns = kStart}) {}
  // Without an IP address, from this host to that one.
  static rte_mbuf* frame(uint16_t from, uint16_t to, uint8_t number = 0) {
    rte_mbuf* mbuf = rte_pktmbuf_alloc(pool());
    if (mbuf == nullptr) throw std::runtime_error("out of frame buffers");
    auto* octets = rte_pktmbuf_mtod(mbuf, uint8_t*);
    rte_pktmbuf_append(mbuf, kLength);
    std::fill_n(octets, kLength, uint8_t{0});
    set_mac(octets, to);
    set_mac(octets + 6, from);
    octets[12] = 0x88;
    octets[13] = 0xb5;
    octets[14] = number;
    return mbuf;
  }

  struct Sent {
    uint16_t port;
    std::vector<uint8_t> numbers;
  };
  // What comes of these frames, which are freed.
  std::vector<Sent> process(uint16_t worker, uint16_t port, std::vector<rte_mbuf*> frames) {
    std::vector<Sent> all;
    for (const auto& [out, burst] : gateway.process(worker, port, frames, now)) {
      all.push_back({out, {}});
      for (rte_mbuf* mbuf : burst) {
        all.back().numbers.push_back(*rte_pktmbuf_mtod_offset(mbuf, uint8_t*, 14));
        rte_pktmbuf_free(mbuf);
      }
    }
    std::sort(all.begin(), all.end(), [](auto& x, auto& y) { return x.port < y.port; });
    return all;
  }
  std::string where() const {
    const auto host = gateway.find("lan", kVmMac);
    return host && host->port ? gateway.port_name(*host->port) : "nowhere";
  }

 private:
  static void set_mac(uint8_t* at, uint16_t host) {
    const std::array<uint8_t, 6> mac = {
        0x52, 0x54, 0, 0, static_cast<uint8_t>(host >> 8), static_cast<uint8_t>(host)};
    std::copy(mac.begin(), mac.end(), at);
    if (host == kEverybody) std::fill_n(at, 6, 0xff);
  }

  static rte_mempool* pool() {
    static rte_mempool* const pool =
        rte_pktmbuf_pool_create("frames", 4095, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    return pool;
  }

  struct Emptiness {
    ~Emptiness() { CHECK(rte_mempool_in_use_count(pool()) == 0); }
  };
  Emptiness afterwards_;

 public:
  godwit::Gateway gateway;
  uint64_t now = kStart;
};

}  // namespace

TEST_CASE("a burst longer than the pipeline's comes back whole and in order") {
  Scene scene;
  scene.process(0, kA, {Scene::frame(kVm, kEverybody)});
  std::vector<rte_mbuf*> frames;
  for (unsigned n = 0; n < 250; ++n)
    frames.push_back(Scene::frame(kPeer, kVm, static_cast<uint8_t>(n)));
  const auto sent = scene.process(0, kB, frames);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].port == kA);
  REQUIRE(sent[0].numbers.size() == 250);
  CHECK(std::is_sorted(sent[0].numbers.begin(), sent[0].numbers.end()));
  CHECK(scene.gateway.counters(kB).received == 250);
  CHECK(scene.gateway.counters(kB).forwarded == 250);
  CHECK(scene.gateway.counters(kA).sent == 250);
  CHECK(scene.process(0, kB, {}).empty());
}

TEST_CASE("a flooded frame comes back for each port with a reference of its own") {
  Scene scene;
  rte_mbuf* const frame = Scene::frame(kVm, kEverybody);
  const auto bursts = scene.gateway.process(0, kA, {&frame, 1}, scene.now);
  REQUIRE(bursts.size() == 2);
  CHECK(bursts[0].frames[0] == bursts[1].frames[0]);
  CHECK(rte_mbuf_refcnt_read(frame) == 2);
  for (const auto& burst : bursts) rte_pktmbuf_free(burst.frames[0]);
}

TEST_CASE("a host that moves at one worker has moved for all") {
  Scene scene(2);
  scene.process(0, kA, {Scene::frame(kVm, kEverybody)});
  scene.process(1, kB, {Scene::frame(kVm, kEverybody)});
  const auto sent = scene.process(0, kC, {Scene::frame(kPeer, kVm)});
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].port == kB);
  CHECK(scene.where() == "b");
}

TEST_CASE("time may begin anywhere, and a worker that does not call keeps nobody waiting") {
  Scene scene(2);  // of which one never calls
  scene.process(0, kA, {Scene::frame(kVm, kEverybody)});
  for (unsigned second = 0; second < 310; ++second) {
    scene.now += 1000 * kMillisecond;
    scene.process(0, kA, {});
    scene.gateway.run_due(scene.now);
    if (second == 290) CHECK(scene.where() == "a");
  }
  CHECK(scene.where() == "nowhere");
  // Slots are free again for many more hosts than there are slots.
  for (uint16_t host = 3; host < 4000; ++host) {
    scene.process(0, kA, {Scene::frame(host, kEverybody)});
    scene.now += 310'000 * kMillisecond;
    for (unsigned turn = 0; turn < 8; ++turn) scene.gateway.run_due(scene.now + turn);
  }
  CHECK(scene.gateway.drops(kA).empty());
  // A clock that runs backward stands still.
  scene.now = 0;
  scene.process(0, kA, {Scene::frame(kVm, kEverybody)});
  CHECK(scene.where() == "a");
}

TEST_CASE("what waits inside is freed with the gateway") {
  Scene scene;
  scene.process(0, kA, {Scene::frame(kVm, kEverybody)});
  const std::string refusal =
      scene.gateway.hint("suspend", R"({bridge: lan, mac: "52:54:00:00:00:01"})", scene.now);
  CHECK(refusal.empty());
  CHECK(scene.process(0, kB, {Scene::frame(kPeer, kVm)}).empty());
  CHECK(scene.gateway.counters(kB).held == 1);
}

TEST_CASE("a link that goes down takes its hosts with it") {
  Scene scene;
  scene.process(0, kA, {Scene::frame(kVm, kEverybody)});
  scene.gateway.set_link(kA, false, scene.now);
  const auto sent = scene.process(0, kB, {Scene::frame(kPeer, kVm)});
  REQUIRE(sent.size() == 1);  // flooded, but not to where nobody is
  CHECK(sent[0].port == kC);
}

TEST_CASE("what is wrong with the options or the configuration is told") {
  CHECK_THROWS_AS(Scene(0), std::invalid_argument);
  CHECK_THROWS_AS(Scene(65), std::invalid_argument);
  CHECK_THROWS_WITH(Scene(1, "ports: {a: {}}\nforget: {switch: s, key_file: k}"),
                    Catch::Contains("key_file"));
  CHECK_THROWS_WITH(Scene(1, "ports: 7"), Catch::StartsWith("1:"));
  CHECK_THROWS_AS(godwit::Gateway(kConfig, {}), std::invalid_argument);
}

TEST_CASE("two gateways live in one program") {
  Scene one;
  Scene other;
  one.process(0, kA, {Scene::frame(kVm, kEverybody)});
  CHECK(one.where() == "a");
  CHECK(other.where() == "nowhere");
  CHECK_FALSE(one.gateway.port("d"));
  CHECK(one.gateway.port("c") == kC);
}

int main(int argc, char** argv) {
  std::vector<std::string> words = {
      "gateway-tests",  "--no-huge",          "-m", "256", "--no-pci", "--no-shconf",
      "--no-telemetry", "--log-level=*:error"};
  std::vector<char*> arguments;
  arguments.reserve(words.size());
  for (std::string& word : words) arguments.push_back(word.data());
  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) return 1;
  const int failed = godwit::test::run_tests(argc, argv);
  rte_eal_cleanup();
  return failed;
}
