#include <map>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/stage/api_bench.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

constexpr std::string_view kTenant = R"(
ports: {server1: {device: "net_null0"}, server2: {}, uplink: {}}
bridges:
  tenant:
    vlan: 10
    ports: [server1, server2, {port: uplink, tagged: true, trusted: true}]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24, "fd00:9::fe/64"]}
    static: [{mac: "52:54:00:00:00:09", port: server1, ip: 10.9.0.9}]
  other: {ports: [uplink]}
)";

constexpr Mac kOther{0x525400000003};
const std::string kVmText = "52:54:00:00:00:02";

std::string host(std::string_view rest = "") {
  return fmt::format(R"({{"bridge": "tenant", "mac": "52:54:00:00:00:03"{}}})", rest);
}

}  // namespace

TEST_CASE("the FDB is shown, filtered and page by page", "[api]") {
  ApiBench run(kTenant);
  run.send(0, "server1", frames::kLinuxGarp);
  run.send(0, "server2", data(kOther, kVm));
  run.until(3 * kSecond);
  const Json all = run.get("/v1/fdb");
  CHECK(all["schema"] == "godwit-api/1");
  CHECK(all["next"].is_null());
  REQUIRE(all["fdb"].size() == 3);
  const Json vm = run.get("/v1/fdb?mac=" + kVmText)["fdb"];
  REQUIRE(vm.size() == 1);
  CHECK(vm[0] == Json::parse(R"({"bridge":"tenant","mac":"52:54:00:00:00:02","port":"server1",
    "class":"learned","state":"bound","age_ns":3000000000,"other":null,"ips":["10.9.0.2"]})"));
  CHECK(run.get("/v1/fdb?port=server2&bridge=tenant&state=bound")["fdb"].size() == 1);
  CHECK(run.get("/v1/fdb?class=static")["fdb"][0]["mac"] == "52:54:00:00:00:09");
  CHECK(run.get("/v1/fdb?bridge=other")["fdb"].empty());

  std::map<std::string, int> seen;
  Json cursor = 0;
  for (int pages = 0; !cursor.is_null(); ++pages) {
    REQUIRE(pages < 5);
    const Json page = run.get(fmt::format("/v1/fdb?limit=1&cursor={}", cursor.dump()));
    for (const Json& entry : page["fdb"]) ++seen[entry["mac"]];
    cursor = page["next"];
  }
  CHECK(seen.size() == 3);
}

TEST_CASE("neighbors are shown with the port of their MAC", "[api]") {
  ApiBench run(kTenant);
  run.send(0, "server1", frames::kLinuxGarp);
  const Json found = run.get("/v1/neighbors?ip=10.9.0.2")["neighbors"];
  REQUIRE(found.size() == 1);
  CHECK(found[0]["mac"] == kVmText);
  CHECK(found[0]["port"] == "server1");
  CHECK(found[0]["state"] == "stale");
  CHECK(run.get("/v1/neighbors")["neighbors"].size() == 2);
  CHECK(run.get("/v1/neighbors?state=reachable")["neighbors"].size() == 1);
  run.send(kSecond, "server2", data(kVm, kPeer));
  CHECK(run.get("/v1/neighbors?port=server2")["neighbors"][0]["ip"] == "10.9.0.2");
}

TEST_CASE("moves and alarms are shown, the last few if so asked", "[api]") {
  ApiBench run(kTenant);
  for (unsigned n = 0; n < 4; ++n)
    run.send(n * kSecond, n % 2 == 0 ? "server1" : "server2", frames::kLinuxGarp);
  run.send(9 * kSecond, "server2", data(Mac{0x525400000009}, kVm));
  const Json moves = run.get("/v1/moves")["moves"];
  REQUIRE(moves.size() == 4);
  CHECK(moves[0]["id"] == 0);
  CHECK(moves[0]["evidence"] == "garp-request");
  CHECK(run.get("/v1/moves?verdict=rejected")["moves"].size() == 1);
  CHECK(run.get("/v1/moves?last=2")["moves"][0]["id"] == 2);
  CHECK(run.get("/v1/moves?cursor=1&limit=1")["next"] == 2);
  const Json alarms = run.get("/v1/alarms?kind=mac-violation")["alarms"];
  REQUIRE(alarms.size() == 1);
  CHECK(alarms[0]["port"] == "server2");
}

TEST_CASE("ports, bridges, workers and counts are shown", "[api]") {
  ApiBench run(kTenant);
  run.send(5 * kSecond, "server1", frames::kLinuxGarp);
  run.send(5 * kSecond, "server1", Octets(3));
  const Json port = run.get("/v1/ports")["ports"][0];
  CHECK(port["name"] == "server1");
  CHECK(port["device"] == "net_null0");
  CHECK(port["link"] == "up");
  CHECK(port["bridges"][0]["bridge"] == "tenant");
  CHECK(port["rx"] == 2);
  CHECK(port["drops"]["runt"] == 1);
  CHECK(run.get("/v1/ports?port=uplink")["ports"][0]["link"] == "down");
  const Json bridge = run.get("/v1/bridges?bridge=tenant")["bridges"][0];
  CHECK(bridge["vlan"] == 10);
  CHECK(bridge["gateway"]["addresses"][0] == "10.9.0.254/24");
  CHECK(bridge["ports"].size() == 3);
  const Json worker = run.get("/v1/workers")["workers"][0];
  CHECK(worker["lcore"] == 7);
  CHECK(worker["counters"]["learned"] == 1);
  CHECK_FALSE(worker["counters"].contains("aged"));
  const Json stats = run.get("/v1/stats");
  CHECK(stats["frames"]["in"] == 2);
  CHECK(stats["uptime_ns"] == 5 * kSecond);
  CHECK(stats["counters"]["aged"] == 0);
  CHECK(run.get("/v1/version")["version"] == GODWIT_VERSION);
}

TEST_CASE("a host is pinned and let go by hand", "[api]") {
  ApiBench run(kTenant);
  run.send(0, "server1", data(kOther, kVm));
  CHECK(run.ask("POST", "/v1/fdb", host(R"(, "port": "server2", "ip": "10.9.0.3")")).json() ==
        Json::parse(R"({"schema": "godwit-api/1", "changed": true})"));
  CHECK(run.bench.where("tenant", kOther) == "server2");
  CHECK(run.get("/v1/neighbors?ip=10.9.0.3")["neighbors"][0]["state"] == "reachable");
  // It stays there, whatever it sends from elsewhere and however long it is silent.
  run.send(kSecond, "server1", data(kOther, kVm));
  CHECK(run.bench.drops("server1")["mac-violation"] == 1);
  run.until(1000 * kSecond);
  CHECK(run.bench.where("tenant", kOther) == "server2");
  CHECK(run.ask("POST", "/v1/fdb", host(R"(, "port": "server2", "ip": "10.9.0.3")"))
            .json()["changed"] == false);
  CHECK(run.ask("DELETE", "/v1/fdb?bridge=tenant&mac=52:54:00:00:00:03").status == 200);
  CHECK(run.bench.where("tenant", kOther) == "");
  CHECK(run.get("/v1/neighbors?ip=10.9.0.3")["neighbors"].empty());
  CHECK(run.ask("DELETE", "/v1/fdb", host()).status == 404);
}

TEST_CASE("what the configuration says is not for the API to change", "[api]") {
  ApiBench run(kTenant);
  const auto add = [&](std::string_view mac, std::string_view rest) {
    return run
        .ask("POST", "/v1/fdb", fmt::format(R"({{"bridge": "tenant", "mac": "{}"{}}})", mac, rest))
        .status;
  };
  CHECK(add("52:54:00:00:00:09", R"(, "port": "server2")") == 409);
  CHECK(add("02:00:5e:10:00:01", R"(, "port": "server2")") == 409);
  CHECK(add("52:54:00:00:00:03", R"(, "port": "server2", "ip": "10.9.0.254")") == 409);
  CHECK(add("52:54:00:00:00:03", R"(, "port": "server2", "ip": "10.9.0.9")") == 409);
  CHECK(run.bench.where("tenant", kOther) == "");
  CHECK(run.ask("DELETE", "/v1/fdb?bridge=tenant&mac=52:54:00:00:00:09").status == 409);
  CHECK(run.ask("POST", "/v1/fdb",
                R"({"bridge": "other", "mac": "52:54:00:00:00:03", "port": "server1"})")
            .status == 409);
}

TEST_CASE("tables are flushed, and hints heard, by request", "[api]") {
  ApiBench run(kTenant);
  run.send(0, "server1", frames::kLinuxGarp);
  run.send(0, "server2", data(kOther, kVm));
  CHECK(run.ask("POST", "/v1/neighbors/flush", R"({"family": "ipv6"})").status == 200);
  CHECK(run.get("/v1/neighbors")["neighbors"].size() == 2);
  CHECK(run.ask("POST", "/v1/neighbors/flush").status == 200);
  CHECK(run.get("/v1/neighbors")["neighbors"].size() == 1);
  CHECK(run.ask("POST", "/v1/fdb/flush", "port: server2").status == 200);
  CHECK(run.bench.where("tenant", kOther) == "");
  CHECK(run.bench.where("tenant", kVm) == "server1");
  CHECK(run.ask("POST", "/v1/hints/flush", R"({"mac": "52:54:00:00:00:02"})").status == 200);
  CHECK(run.bench.where("tenant", kVm) == "");
  run.send(0, "server1", frames::kLinuxGarp);
  CHECK(run.ask("POST", "/v1/fdb/flush").status == 200);
  CHECK(run.get("/v1/fdb")["fdb"].size() == 1);  // the configuration's own
}

TEST_CASE("a VM manager's words are heard, or refused with why", "[api]") {
  ApiBench run(kTenant);
  run.send(0, "server1", frames::kLinuxGarp);
  const auto say = [&](std::string_view kind, std::string_view rest) {
    return run.ask("POST", fmt::format("/v1/hints/{}", kind),
                   fmt::format(R"({{"bridge": "tenant", "mac": "{}"{}}})", kVmText, rest));
  };
  CHECK(say("resume", "").status == 409);
  CHECK(say("prepare", R"(, "from": "server1", "to": "server2", "ttl": "60s")").json() ==
        Json::parse(R"({"schema": "godwit-api/1", "hint": "prepare", "accepted": true})"));
  CHECK(run.get("/v1/fdb?mac=" + kVmText)["fdb"][0]["state"] == "migrating");
  CHECK(run.get("/v1/fdb?mac=" + kVmText)["fdb"][0]["other"] == "server2");
  const auto refused = say("commit", R"(, "to": "uplink")");
  CHECK(refused.status == 409);
  CHECK_THAT(refused.body, Catch::Contains("commit is refused: it was prepared for server2"));
  CHECK(say("commit", R"(, "to": "server2")").status == 200);
  CHECK(run.bench.where("tenant", kVm) == "server2");
  CHECK(run.get("/v1/moves?last=1")["moves"][0]["evidence"] == "hint");
  CHECK(run.ask("POST", "/v1/hints/link", R"({"port": "server2", "state": "down"})").status == 200);
  CHECK(say("leave", "").status == 200);
  CHECK(run.bench.where("tenant", kVm) == "");
  CHECK(say("prepare", R"(, "to": "server2", "ttl": 60)").status == 400);
}

TEST_CASE("a configuration is checked", "[api]") {
  ApiBench run(kTenant);
  CHECK(run.ask("POST", "/v1/config/check", "ports: {p1: {}}").json()["ok"] == true);
  const Json bad = run.ask("POST", "/v1/config/check", "ports: {p1: {quues: 1}}").json();
  CHECK(bad["ok"] == false);
  CHECK(bad["errors"][0]["line"] == 1);
  CHECK(bad["errors"][0]["text"].get<std::string>().find("did you mean 'queues'?") !=
        std::string::npos);
}

TEST_CASE("wrong input is refused, with what is wrong and what to write", "[api]") {
  ApiBench run(kTenant);
  struct Wrong {
    std::string method, target, body;
    unsigned status;
    std::string words;  // that the answer has
  };
  const Wrong cases[] = {
      {"GET", "/v1/fdbs", "", 404, R"("hint":"did you mean /v1/fdb?")"},
      {"GET", "/", "", 404, "docs/api.md"},
      {"PUT", "/v1/fdb", "", 405, R"("hint":"GET, POST, DELETE")"},
      {"POST", "/v1/moves", "", 405, R"("hint":"GET")"},
      {"GET", "/v1/hints/flush", "", 405, R"("hint":"POST")"},
      {"POST", "/v1/hints/flsh", "{}", 404, "did you mean 'flush'?"},
      {"POST", "/v1/hints/", "{}", 404, "there are "},
      {"GET", "/v1/fdb?bridg=tenant", "", 400, "did you mean 'bridge'?"},
      {"GET", "/v1/fdb?bridge=tennant", "", 400, "did you mean 'tenant'?"},
      {"GET", "/v1/fdb?mac=52:54", "", 400, "write it like 52:54:00:00:00:02"},
      {"GET", "/v1/fdb?state=bond", "", 400, "did you mean 'bound'?"},
      {"GET", "/v1/fdb?state=q", "", 400, "write one of"},
      {"GET", "/v1/fdb?limit=0", "", 400, "limit"},
      {"GET", "/v1/fdb?limit=1&limit=2", "", 400, "given twice"},
      {"GET", "/v1/neighbors?ip=10.9.0", "", 400, "write it like 10.9.0.1"},
      {"GET", "/v1/stats?all", "", 400, "unknown key 'all'"},
      {"POST", "/v1/fdb", "", 400, "key 'bridge' is missing in the body"},
      {"POST", "/v1/fdb", "[]", 400, "expected a map, found a list"},
      {"POST", "/v1/fdb", "{\"bridge\": ", 400, R"("where":"body:1:)"},
      {"POST", "/v1/fdb", host(R"(, "port": "sever2")"), 400, "did you mean 'server2'?"},
      {"POST", "/v1/fdb", host(R"(, "prot": "server2")"), 400, R"("errors":[)"},
      {"POST", "/v1/fdb/flush", "{\"all\": true}", 400, "unknown key 'all'"},
      {"POST", "/v1/hints/flush", "{\"port\": \"x\"}", 400, "x"},
      {"POST", "/v1/hints/announce", "{\"bridge\": \"other\"}", 400, "no gateway"},
      {"POST", "/v1/fdb", "\xff\xfe", 400, "UTF-8"},
  };
  for (const Wrong& wrong : cases) {
    INFO(wrong.method << " " << wrong.target << " " << wrong.body);
    const auto answered = run.ask(wrong.method, wrong.target, wrong.body);
    CHECK(answered.status == wrong.status);
    CHECK_THAT(answered.body, Catch::Contains(wrong.words));
    CHECK(answered.json().contains("error"));
  }
}

TEST_CASE("each door opens to what is behind it", "[api]") {
  ApiBench run(kTenant, "secret");
  CHECK(run.ask("GET", "/healthz", "", Door::kMetrics).body == "ok\n");
  CHECK(run.ask("GET", "/metrics", "", Door::kMetrics).status == 200);
  CHECK(run.ask("GET", "/v1/fdb", "", Door::kMetrics).status == 404);
  CHECK(run.ask("GET", "/v1/fdb", "", Door::kListen).status == 200);
  CHECK(run.ask("POST", "/v1/fdb/flush", "", Door::kListen).status == 401);
  HttpRequest request{.door = Door::kListen, .method = "POST", .path = "/v1/fdb/flush"};
  for (const char* wrong : {"Bearer", "Bearer secre", "Bearer secret ", "Basic secret", "secret"}) {
    request.authorization = wrong;
    CHECK(run.ask(request).status == 401);
  }
  request.authorization = "Bearer secret";
  CHECK(run.ask(request).status == 200);
  ApiBench closed(kTenant);
  CHECK(closed.ask(request).status == 403);
}

TEST_CASE("events are told as they happen, and again from where one was", "[api]") {
  ApiBench run(kTenant);
  run.send(0, "server1", frames::kLinuxGarp);
  run.send(kSecond, "server2", frames::kLinuxGarp);  // before anybody listened
  HttpReply reply;
  run.api.handle({.method = "GET", .path = "/v1/events"},
                 [&](HttpReply given) { reply = std::move(given); });
  REQUIRE(reply.source);
  CHECK(reply.content_type == "text/event-stream");
  unsigned woken = 0;
  reply.source->wake = [&] { ++woken; };
  std::string text;
  CHECK(reply.source->produce(text) == BodySource::Turn::kWait);
  CHECK(text == "retry: 1000\n\n");
  run.send(2 * kSecond, "server1", frames::kLinuxGarp);
  run.send(3 * kSecond, "server2", data(Mac{0x525400000009}, kVm));
  CHECK(woken == 2);
  run.api.events().link_changed(4 * kSecond, 1, false);
  run.api.events().poll();
  CHECK(woken == 3);
  text.clear();
  CHECK(reply.source->produce(text) == BodySource::Turn::kWait);
  CHECK_THAT(text, Catch::StartsWith("id: 2-0-0-0\nevent: move\ndata: {\"at_ns\":2000000000,"));
  CHECK_THAT(text, Catch::Contains("event: move\ndata: {\"at_ns\":3000000000,"));
  CHECK_THAT(text, Catch::Contains("event: alarm\ndata: {\"at_ns\":3000000000,"));
  CHECK_THAT(text, Catch::EndsWith("id: 3-0-1-1\nevent: link\ndata: {\"at_ns\":4000000000,"
                                   "\"port\":\"server2\",\"state\":\"down\"}\n\n"));
  CHECK(run.api.events().clients() == 1);
  reply.source.reset();
  CHECK(run.api.events().clients() == 0);

  HttpRequest again{.method = "GET", .path = "/v1/events", .last_event_id = "2-0-0-0"};
  CHECK_THAT(run.ask(again).body, Catch::Contains("\nid: 3-0-1-1\n"));
  again.query = {{"only", "link"}};
  CHECK_THAT(run.ask(again).body, !Catch::Contains("event: move"));
  again.last_event_id = "99-99-99-99";  // of another run
  CHECK_THAT(run.ask(again).body, Catch::Contains("event: link"));
}

TEST_CASE("a slow client is told how much it has missed", "[api]") {
  ApiBench run(kTenant);
  HttpReply reply;
  run.api.handle({.method = "GET", .path = "/v1/events"},
                 [&](HttpReply given) { reply = std::move(given); });
  for (unsigned n = 0; n < 5000; ++n) run.api.events().link_changed(n, 0, n % 2 == 0);
  std::string text;
  while (reply.source->produce(text) == BodySource::Turn::kMore) {
  }
  CHECK_THAT(text, Catch::Contains("event: missed\ndata: {\"events\":904}\n"));
  CHECK_THAT(text, Catch::Contains("id: 0-0-0-5000\n"));
}

TEST_CASE("metrics hold each port, each reason and each count", "[api]") {
  ApiBench run(kTenant);
  run.send(0, "server1", frames::kLinuxGarp);
  run.send(kSecond, "server2", frames::kLinuxGarp);
  run.send(kSecond, "server2", Octets(3));
  const std::string text = run.ask("GET", "/metrics").body;
  for (const char* line :
       {"godwit_port_received_frames_total{port=\"server1\"} 1\n",
        "godwit_port_received_frames_total{port=\"server2\"} 2\n",
        "godwit_drops_total{port=\"server2\",reason=\"runt\"} 1\n",
        "godwit_drops_total{port=\"server1\",reason=\"runt\"} 0\n",
        "godwit_port_up{port=\"server1\"} 1\n", "godwit_fdb_entries 2\n",
        "godwit_bridge_hosts{bridge=\"tenant\"} 2\n",
        "godwit_moves_total{verdict=\"accepted\"} 1\n", "godwit_learned_total 1\n",
        "godwit_uptime_seconds 1\n", "godwit_worker_received_frames_total{worker=\"0\"} 0\n"})
    CHECK_THAT(text, Catch::Contains(line));
  // Each family is declared once and its lines stand together.
  std::map<std::string, unsigned> declared;
  std::string family;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      CHECK(++declared[family] == 1);
    } else if (!line.starts_with('#')) {
      CHECK(line.substr(0, line.find_first_of("{ ")) == family);
    }
  }
}

}  // namespace godwit::test
