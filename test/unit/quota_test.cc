#include "lib/quota.h"

#include <array>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "dataplane/tables.h"

#include "lib/config_parse.h"

namespace godwit {
namespace {

constexpr BridgeIndex kBridge = 0;
constexpr Location kLoud = 1;
constexpr Location kQuiet = 2;

// One bridge of 100, in a table of 120, whose two ports have a floor of 4.
QuotaLimits limits() {
  return {.total = 120,
          .per_bridge = {100},
          .per_port = {{kBridge, kLoud, 1000, 4}, {kBridge, kQuiet, 1000, 4}}};
}

int64_t take_all(Quota& quota, Location port) {
  int64_t taken = 0;
  while (taken < 10'000 && quota.take(kBridge, port) == QuotaAnswer::kGranted) ++taken;
  return taken;
}

}  // namespace

TEST_CASE("a port has its floor though another has used up the limit", "[quota]") {
  Quota quota(limits());
  CHECK(take_all(quota, kLoud) == 100);
  CHECK(take_all(quota, kQuiet) == 4);
  CHECK(quota.take(kBridge, kQuiet) == QuotaAnswer::kSpent);
  CHECK(quota.in_bridge(kBridge) == 104);
  CHECK(quota.total() == 104);
  for (int n = 0; n < 100; ++n) quota.give(kBridge, kLoud);
  for (int n = 0; n < 4; ++n) quota.give(kBridge, kQuiet);
  CHECK(quota.in_bridge(kBridge) == 0);
  CHECK(quota.total() == 0);
  CHECK(take_all(quota, kLoud) == 100);
}

TEST_CASE("a port alone has no more than the limit, floor or not", "[quota]") {
  Quota quota(limits());
  CHECK(take_all(quota, kQuiet) == 100);
}

TEST_CASE("a port's own limit is above its floor", "[quota]") {
  QuotaLimits small = limits();
  small.per_port[1].most = 2;
  Quota quota(small);
  CHECK(take_all(quota, kLoud) == 100);
  CHECK(take_all(quota, kQuiet) == 2);
  CHECK(quota.take(kBridge, kQuiet) == QuotaAnswer::kPortSpent);
}

TEST_CASE("a port whose hosts have moved away has its floor again", "[quota]") {
  Quota quota(limits());
  CHECK(take_all(quota, kLoud) == 100);
  CHECK(take_all(quota, kQuiet) == 4);
  for (int n = 0; n < 3; ++n) quota.move(kBridge, kQuiet, kLoud);
  CHECK(take_all(quota, kQuiet) == 3);
  CHECK(quota.in_bridge(kBridge) == 107);
}

TEST_CASE("floors and limits hold while many threads take and give", "[quota]") {
  constexpr int kRounds = 20'000;
  Quota quota(limits());
  std::array<std::atomic<int64_t>, 2> floors_met{};
  const auto flood = [&] {
    for (int n = 0; n < kRounds; ++n)
      if (quota.take(kBridge, kLoud) == QuotaAnswer::kGranted && n % 3 != 0)
        quota.give(kBridge, kLoud);
  };
  const auto live = [&](unsigned me) {
    for (int n = 0; n < kRounds; ++n) {
      if (quota.take(kBridge, kQuiet) != QuotaAnswer::kGranted) continue;
      ++floors_met[me];
      quota.give(kBridge, kQuiet);
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back(flood);
  threads.emplace_back(flood);
  threads.emplace_back(live, 0);
  threads.emplace_back(live, 1);
  for (std::thread& thread : threads) thread.join();
  // Two at a time never need more than the floor, so none was refused.
  CHECK(floors_met[0] == kRounds);
  CHECK(floors_met[1] == kRounds);
  CHECK(quota.on_port(kBridge, kQuiet) == 0);
  CHECK(quota.in_bridge(kBridge) == quota.on_port(kBridge, kLoud));
  CHECK(quota.total() == quota.on_port(kBridge, kLoud));
  CHECK(quota.total() <= 100);
}

TEST_CASE("all floors together are at most half a limit", "[quota]") {
  const auto [learning, wanted] = GENERATE(table<const char*, int64_t>({
      {"limit: 100", 4},
      {"limit: 100, floor: 9", 9},
      {"limit: 100, floor: 0", 0},
      {"limit: 100, floor: 100", 25},
      {"limit: 12", 3},
      {"limit: 2", 0},
      {"limit: 100, floor: 10, per_port: 3", 3},
  }));
  const std::string yaml =
      std::string(
          "ports: {a: {}, b: {}, up: {}}\nneighbors: {limit: 1Ki}\nbridges:\n  x: {ports: "
          "[a, b, {port: up, trusted: true}], learning: {") +
      learning + "}}\n";
  const ConfigResult parsed = parse_config(yaml);
  REQUIRE(parsed.errors.empty());
  Tables tables(parsed.config, kFixedSecret);
  const FdbEntry at_up = FdbEntry{}.with_state(FdbState::kBound).with_location(2);
  uint64_t mac = 0x525400000000;
  while (tables.fdb.insert(0, Mac{++mac}, at_up).status == InsertStatus::kInserted) continue;
  const FdbEntry at_b = at_up.with_location(1);
  int64_t granted = 0;
  while (tables.fdb.insert(0, Mac{++mac}, at_b).status == InsertStatus::kInserted) ++granted;
  CHECK(granted == wanted);
}

TEST_CASE("limits change while what was taken stays", "[quota]") {
  constexpr Location kNew = 7;
  Quota quota(limits());
  CHECK(take_all(quota, kLoud) == 100);
  QuotaLimits other = limits();
  other.per_bridge[kBridge] = 50;
  other.per_port.push_back({kBridge, kNew, 3, 3});
  quota.follow(other);
  CHECK(quota.on_port(kBridge, kLoud) == 100);
  CHECK(quota.take(kBridge, kLoud) == QuotaAnswer::kSpent);
  CHECK(take_all(quota, kNew) == 3);  // its floor
  CHECK(quota.take(kBridge, kNew) == QuotaAnswer::kPortSpent);
  // Without the port: what was its own is given back to it all the same.
  quota.follow(limits());
  for (int n = 0; n < 3; ++n) quota.give(kBridge, kNew);
  CHECK(quota.on_port(kBridge, kNew) == 0);
  CHECK(quota.in_bridge(kBridge) == 100);
}

}  // namespace godwit
