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

// With the names, in the order of their numbers; "-name" or "-" where there is none.
template <class T>
Keys names(const std::vector<T>& list) {
  Keys names;
  for (const T& one : list) names.push_back((one.absent ? "-" : "") + one.name);
  return names;
}

constexpr std::string_view kTwo = "ports: {a: {}, b: {}}\nbridges: {lan: {ports: [a, b]}}\n";

Config roomy(std::string_view yaml, uint64_t ports, uint64_t bridges) {
  Config config = small_config(yaml);
  config.port_room = ports;
  config.bridge_room = bridges;
  make_room(config);
  return config;
}

}  // namespace

TEST_CASE("what sizes nothing may change while it runs", "[config]") {
  CHECK(keys("", "").empty());
  CHECK(keys("ports: [a, b]", "ports: [a, b]\n    aging: 20s\n    suppress: true\n    mtu: 1400")
            .empty());
  CHECK(keys("ports: [a, b]",
             "ports: [a, b]\n    moves: {class: registered, settle: 1s}\n    inspect: {arp: true}")
            .empty());
  CHECK(keys("ports: [a, b]", "ports: [a, b]\n    static: [{mac: \"52:54:00:00:00:09\", port: a}]")
            .empty());
  CHECK(keys("10.9.0.254/24]", "10.9.0.253/24, \"fd00::1/64\"]").empty());
  CHECK(keys("02:00:5e:10:00:01", "02:00:5e:10:00:02").empty());
  CHECK(keys("via: 10.9.0.1", "via: 10.9.0.2").empty());
  CHECK(keys("{a: {}", "{a: {isolated: true, enabled: false, queues: 2, storm: {broadcast: 5/s}}")
            .empty());
  CHECK(keys("ports: [a, b]", "ports: [{port: b, trusted: true}]\n    learning: {per_port: 3}")
            .empty());
  CHECK(keys("", "bpdu: forward").empty());
  CHECK(keys("", "neighbors: {learn: false, per_mac: 3, per_port: 5, floor: 1}").empty());
}

TEST_CASE("each key that needs a restart is named", "[config]") {
  CHECK(keys("", "limits: {punt: 5/s}\nworkers: {burst: 8}\ncontrol: {metrics: \"[::1]:9\"}") ==
        Keys{"limits", "control", "workers"});
  CHECK(keys("", "neighbors: {limit: 7}\nfdb: {limit: 9}\nmemory: {ports: 9, bridges: 3}") ==
        Keys{"neighbors.limit", "fdb.limit", "memory.ports", "memory.bridges"});
}

TEST_CASE("a configuration that runs has room for more ports and bridges", "[config]") {
  CHECK(roomy(kTwo, 0, 0).ports.size() == 10);
  CHECK(roomy(kTwo, 0, 0).bridges.size() == 9);
  CHECK(names(roomy(kTwo, 4, 2).ports) == Keys{"a", "b", "-", "-"});
  CHECK(names(roomy(kTwo, 4, 2).bridges) == Keys{"lan", "-"});
}

TEST_CASE("ports and bridges keep their numbers, and who comes gets a free one", "[config]") {
  const Config first = roomy(kTwo, 4, 3);
  Config next = small_config(R"(
ports: {c: {mirror: b}, b: {}, a: {}}
bridges:
  new: {ports: [c]}
  lan: {vlan: 5, ports: [a, {port: c, tagged: true}], static: [{mac: "52:54:00:00:00:09", port: c}]}
)");
  REQUIRE(take_numbers(first, next).empty());
  CHECK(names(next.ports) == Keys{"a", "b", "c", "-"});
  CHECK(names(next.bridges) == Keys{"lan", "new", "-"});
  CHECK(next.ports[2].mirror == 1);
  CHECK(next.bridges[0].members[0].port == 0);
  CHECK(next.bridges[0].members[1].port == 2);
  CHECK(next.bridges[0].static_hosts[0].port == 2);
  CHECK(next.bridges[1].members[0].port == 2);
  CHECK(next.fdb_limit == first.fdb_limit);
  CHECK(loses_members(first, next));
  CHECK_FALSE(loses_members(first, first));

  // Who is gone leaves its number with its name, and has it again when it comes back.
  Config gone = small_config(kTwo);
  REQUIRE(take_numbers(next, gone).empty());
  CHECK(names(gone.ports) == Keys{"a", "b", "-c", "-"});
  CHECK(names(gone.bridges) == Keys{"lan", "-new", "-"});
  Config back = small_config("ports: {d: {}, c: {}, a: {}, b: {}}");
  REQUIRE(take_numbers(gone, back).empty());
  CHECK(names(back.ports) == Keys{"a", "b", "c", "d"});
}

TEST_CASE("a port's number passes on when no other is left, and a bridge's never", "[config]") {
  const Config now = roomy(kTwo, 3, 2);
  Config c = small_config("ports: {a: {}, b: {}, c: {}}\nbridges: {c: {ports: [c]}}");
  REQUIRE(take_numbers(now, c).empty());
  Config none = small_config("ports: {a: {}, b: {}}");
  REQUIRE(take_numbers(c, none).empty());
  Config d = small_config("ports: {a: {}, b: {}, d: {}}\nbridges: {c: {ports: [d]}}");
  REQUIRE(take_numbers(none, d).empty());
  CHECK(names(d.ports) == Keys{"a", "b", "d"});
  Config too_many = small_config("ports: {a: {}, b: {}, d: {}, e: {}}\nbridges: {x: {ports: [a]}}");
  CHECK(take_numbers(d, too_many) ==
        Keys{"ports.e (memory.ports has room for 3)", "bridges.x (memory.bridges has room for 2)"});
}

TEST_CASE("routes are the same as long as routes and gateways are", "[config]") {
  const Config now = small_config(kNow);
  CHECK(has_same_routes(now, changed("{a: {}", "{a: {isolated: true}")));
  CHECK_FALSE(has_same_routes(now, changed("via: 10.9.0.1", "via: 10.9.0.2")));
  CHECK_FALSE(has_same_routes(now, changed("10.9.0.254/24", "10.9.0.253/24")));
}

}  // namespace godwit::test
