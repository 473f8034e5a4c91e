#include "lib/config_change.h"

#include <string>

#include <catch2/catch.hpp>

#include "test/unit/small_tables.h"

namespace godwit::test {
namespace {

using Keys = std::vector<std::string>;

const std::string kNow = R"(
ports: {a: {}, b: {queues: 2}}
bridges:
  lan:
    ports: [a, b]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
routes: [{to: 0.0.0.0/0, via: 10.9.0.1}]
)";

// kNow with something in place of something, or more behind it.
Config changed(const std::string& from, const std::string& to) {
  std::string yaml = kNow;
  if (from.empty()) return small_config(yaml + to + "\n");
  yaml.replace(yaml.find(from), from.size(), to);
  return small_config(yaml);
}

Keys keys(const std::string& from, const std::string& to) {
  return keys_that_need_restart(small_config(kNow), changed(from, to));
}

}  // namespace

TEST_CASE("what sizes nothing and renumbers nothing may change while it runs", "[config]") {
  CHECK(keys("", "").empty());
  CHECK(keys("ports: [a, b]", "ports: [a, b]\n    aging: 20s\n    suppress: true\n    mtu: 1400")
            .empty());
  CHECK(keys("ports: [a, b]",
             "ports: [a, b]\n    moves: {class: registered, settle: 1s}\n    inspect: {arp: true}")
            .empty());
  CHECK(keys("ports: [a, b]", "ports: [a, b]\n    static: [{mac: \"52:54:00:00:00:09\", port: a}]")
            .empty());
  CHECK(keys("10.9.0.254/24]", "10.9.0.253/24, \"fd00::1/64\"]").empty());
  CHECK(keys("via: 10.9.0.1", "via: 10.9.0.2").empty());
  CHECK(keys("{a: {}", "{a: {isolated: true}").empty());
  CHECK(keys("", "bpdu: forward").empty());
  CHECK(keys("", "neighbors: {learn: false, per_mac: 3}").empty());
}

TEST_CASE("each key that needs a restart is named", "[config]") {
  CHECK(keys("{a: {}", "{a: {queues: 2, storm: {broadcast: 5/s}}") ==
        Keys{"ports.a.queues", "ports.a.storm"});
  CHECK(keys("b: {queues: 2}", "b: {queues: 2}, c: {}") == Keys{"ports.c"});
  CHECK(keys("{a: {}, b: {queues: 2}}", "{b: {queues: 2}, a: {}}") ==
        Keys{"ports (their order)", "bridges.lan.ports"});
  CHECK(keys("lan:", "wan:") == Keys{"bridges.lan", "bridges.wan"});
  CHECK(keys("ports: [a, b]", "ports: [a, {port: b, trusted: true}]") == Keys{"bridges.lan.ports"});
  CHECK(keys("02:00:5e:10:00:01", "02:00:5e:10:00:02") == Keys{"bridges.lan.gateway.mac"});
  CHECK(keys("ports: [a, b]", "ports: [a, b]\n    learning: {per_port: 3}") ==
        Keys{"bridges.lan.learning.per_port"});
  CHECK(keys("", "limits: {punt: 5/s}\nworkers: {burst: 8}\ncontrol: {metrics: \"[::1]:9\"}") ==
        Keys{"limits", "control", "workers"});
}

TEST_CASE("routes are the same as long as routes and gateways are", "[config]") {
  const Config now = small_config(kNow);
  CHECK(has_same_routes(now, changed("{a: {}", "{a: {isolated: true}")));
  CHECK_FALSE(has_same_routes(now, changed("via: 10.9.0.1", "via: 10.9.0.2")));
  CHECK_FALSE(has_same_routes(now, changed("10.9.0.254/24", "10.9.0.253/24")));
}

}  // namespace godwit::test
