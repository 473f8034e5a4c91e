#include "control/api_show.h"

#include <memory>
#include <utility>

#include <nlohmann/json.hpp>
#include <rte_version.h>
#include <unistd.h>

namespace godwit {
namespace {

// Where to begin, and how many items to show at most.
JsonList::Range paged(ApiFields& fields, uint64_t end) {
  return {.from = std::min(fields.count("cursor", 0), end),
          .end = end,
          .most = fields.count("limit", UINT64_MAX, {1, UINT64_MAX})};
}

// The same for a log, of which one may want the last few records alone.
JsonList::Range paged_log(ApiFields& fields, uint64_t end) {
  const uint64_t last = fields.count("last", end);
  JsonList::Range range = paged(fields, end);
  range.from = std::max(range.from, end - std::min(last, end));
  return range;
}

template <class Wanted, class Value>
bool fits(const std::optional<Wanted>& wanted, const Value& value) {
  return !wanted || *wanted == static_cast<Wanted>(value);
}

// From one bucket of the table in use to the next, slot by slot within.
template <class Table>
JsonList::Skip used_slots(const Table& table) {
  return [&table](uint64_t place) {
    uint32_t first = table.slot_count();
    if (place % NativeTraits::kSlots != 0 || place >= first) return place;
    table.walk(static_cast<uint32_t>(place), 1,
               [&](uint32_t slot) { first = std::min(first, slot); });
    return uint64_t{first};
  };
}

Json members_of(const BridgeContext& bridge, const Topology& topology) {
  Json ports = Json::array();
  for (const Membership& member : bridge.members)
    ports.push_back({{"port", topology.port(member.port).name},
                     {"tagged", member.tagged},
                     {"trusted", member.trusted}});
  return ports;
}

}  // namespace

HttpReply json_reply(const Json& value) {
  Json json = {{"schema", kApiSchema}};
  json.update(value);
  HttpReply reply;
  reply.body = json.dump() + "\n";
  return reply;
}

HttpReply ApiShow::list_reply(std::string name, const JsonList::Range& range, JsonList::At at,
                              JsonList::Skip skip) const {
  HttpReply reply;
  reply.source = std::make_unique<JsonList>(std::move(name), subject_.now(), range, std::move(at),
                                            std::move(skip));
  return reply;
}

HttpReply ApiShow::fdb(const HttpRequest& request) const {
  ApiFields fields = query(request);
  const auto bridge = fields.bridge("bridge");
  const auto port = fields.port("port");
  const auto mac = fields.mac("mac");
  const auto state = fields.word("state", kFdbStateNames);
  const auto host_class = fields.word("class", kClassNames);
  const Fdb& table = subject_.tables.fdb;
  const JsonList::Range range = paged(fields, table.slot_count());
  fields.finish();
  return list_reply(
      "fdb", range,
      [=, this, &table](uint64_t place) -> std::optional<Json> {
        const auto slot = static_cast<uint32_t>(place);
        const uint64_t key = table.key_at(slot);
        const FdbEntry entry = table.entry_at(slot);
        const bool wanted = key != 0 && !entry.is_free() && entry.location() != kSelf &&
                            fits(bridge, fdb_bridge(key)) && fits(port, entry.location()) &&
                            fits(mac, fdb_mac(key)) && fits(state, entry.state()) &&
                            fits(host_class, entry.host_class());
        if (!wanted) return std::nullopt;
        Json json = view_.fdb_entry(key, entry, subject_.now());
        json["other"] = view_.port_name(entry.other());
        json["ips"] = view_.ips(subject_.control.hosts().ips(fdb_bridge(key), fdb_mac(key)));
        return json;
      },
      used_slots(table));
}

HttpReply ApiShow::neighbors(const HttpRequest& request) const {
  ApiFields fields = query(request);
  const auto bridge = fields.bridge("bridge");
  const auto port = fields.port("port");
  const auto mac = fields.mac("mac");
  const auto ip = fields.ip("ip");
  const auto state = fields.word("state", kNeighborStateNames);
  const NeighborTable& table = subject_.tables.neighbors;
  const JsonList::Range range = paged(fields, table.slot_count());
  fields.finish();
  return list_reply(
      "neighbors", range,
      [=, this, &table](uint64_t place) -> std::optional<Json> {
        const auto slot = static_cast<uint32_t>(place);
        const auto host = table.host_at(slot);
        const NeighborEntry entry = table.entry_at(slot);
        if (!host || entry.is_free() || !fits(bridge, host->bridge) || !fits(ip, host->ip) ||
            !fits(mac, entry.mac()))
          return std::nullopt;
        Json json = view_.neighbor(*host, slot, subject_.now());
        if (port && json["port"] != view_.port_name(*port)) return std::nullopt;
        if (state && json["state"] != kNeighborStateNames[*state]) return std::nullopt;
        return json;
      },
      used_slots(table));
}

HttpReply ApiShow::moves(const HttpRequest& request) const {
  ApiFields fields = query(request);
  const auto bridge = fields.bridge("bridge");
  const auto port = fields.port("port");
  const auto mac = fields.mac("mac");
  const auto verdict = fields.word("verdict", kMoveVerdictNames);
  const Tail<MoveRecord>& records = subject_.control.moves().records();
  const JsonList::Range range = paged_log(fields, records.end());
  fields.finish();
  return list_reply(
      "moves", range,
      [=, this, &records](uint64_t number) -> std::optional<Json> {
        const MoveRecord& record = records[number];
        if (!fits(bridge, record.bridge) || !fits(mac, record.mac) ||
            !(fits(port, record.from) || fits(port, record.to)) || !fits(verdict, record.verdict))
          return std::nullopt;
        Json json = {{"id", number}};
        json.update(view_.move(record));
        return json;
      },
      [&records](uint64_t number) { return std::max(number, records.begin()); });
}

HttpReply ApiShow::alarms(const HttpRequest& request) const {
  ApiFields fields = query(request);
  const auto bridge = fields.bridge("bridge");
  const auto port = fields.port("port");
  const auto kind = fields.word("kind", kAlarmNames);
  // What is kept of each port, put in order once for the whole answer.
  const auto alarms = std::make_shared<std::vector<Alarm>>(subject_.control.alarms().all());
  const JsonList::Range range = paged_log(fields, alarms->size());
  fields.finish();
  return list_reply("alarms", range, [=, this](uint64_t place) -> std::optional<Json> {
    const Alarm& alarm = (*alarms)[place];
    if (!fits(bridge, alarm.bridge) || !fits(port, alarm.port) || !fits(kind, alarm.kind))
      return std::nullopt;
    return view_.alarm(alarm);
  });
}

Json ApiShow::port(PortIndex index) const {
  const PortContext& port = subject_.topology.port(index);
  const PortCounters counters = subject_.port_counters(index);
  Json bridges = Json::array();
  for (const Membership& member : port.memberships)
    bridges.push_back({{"bridge", view_.bridge_name(member.bridge)},
                       {"tagged", member.tagged},
                       {"trusted", member.trusted}});
  const PortState state = subject_.port_state(index);
  Json json = {{"name", port.name},
               {"device", state.device},
               {"link", state.up ? "up" : "down"},
               {"mac", state.mac.is_zero() ? Json(nullptr) : Json(to_string(state.mac))},
               {"mtu", state.mtu == 0 ? Json(nullptr) : Json(state.mtu)},
               {"mbps", state.mbps == 0 ? Json(nullptr) : Json(state.mbps)},
               {"bridges", std::move(bridges)}};
  json.update(view_.live_port(counters));
  return json;
}

HttpReply ApiShow::ports(const HttpRequest& request) const {
  ApiFields fields = query(request);
  const auto only = fields.port("port");
  const JsonList::Range range = paged(fields, subject_.topology.ports().size());
  fields.finish();
  return list_reply("ports", range, [=, this](uint64_t place) -> std::optional<Json> {
    const auto index = static_cast<PortIndex>(place);
    if (!fits(only, place) || subject_.topology.port(index).absent) return std::nullopt;
    return port(index);
  });
}

Json ApiShow::bridge(BridgeIndex index) const {
  const BridgeContext& bridge = subject_.topology.bridge(index);
  const BridgeConfig& config = *bridge.config;
  Json gateway = nullptr;
  if (config.gateway) {
    Json addresses = Json::array();
    for (const IpPrefix& address : config.gateway->addresses)
      addresses.push_back(to_string(address));
    gateway = {{"mac", to_string(config.gateway->mac)}, {"addresses", std::move(addresses)}};
  }
  return {{"name", bridge.name},
          {"vlan", config.vlan ? Json(*config.vlan) : Json(nullptr)},
          {"ports", members_of(bridge, subject_.topology)},
          {"hosts", view_.hosts(index)},
          {"limit", config.learn_limit},
          {"aging_ns", config.aging},
          {"class", name_of(kClassNames, config.moves.host_class)},
          {"suppress", config.suppress},
          {"gateway", std::move(gateway)}};
}

HttpReply ApiShow::bridges(const HttpRequest& request) const {
  ApiFields fields = query(request);
  const auto only = fields.bridge("bridge");
  const JsonList::Range range = paged(fields, subject_.topology.bridges().size());
  fields.finish();
  return list_reply("bridges", range, [=, this](uint64_t place) -> std::optional<Json> {
    const auto index = static_cast<BridgeIndex>(place);
    if (!fits(only, place) || subject_.topology.bridge(index).absent) return std::nullopt;
    return bridge(index);
  });
}

Json ApiShow::worker(size_t index) const {
  const LaneView lane = subject_.workers()[index];
  PortCounters sum;
  for (const PortCounters& port : lane.worker->port_counters) sum += port;
  const LaneCounters& ran = lane.counters;
  return {{"worker", index},
          {"lcore", lane.lcore == LCORE_ID_ANY ? Json(nullptr) : Json(lane.lcore)},
          {"rounds", ran.rounds},
          {"idle_rounds", ran.idle_rounds},
          {"busy_ns", ran.busy},
          {"frames", view_.frames(sum)},
          {"drops", view_.drops(sum)},
          {"counters", view_.counts(lane.worker->counters)}};
}

HttpReply ApiShow::workers(const HttpRequest& request) const {
  ApiFields fields = query(request);
  const JsonList::Range range = paged(fields, subject_.workers().size());
  fields.finish();
  return list_reply("workers", range, [this](uint64_t place) { return worker(place); });
}

HttpReply ApiShow::stats(const HttpRequest& request) const {
  query(request).finish();
  const Totals totals = totals_of(subject_.workers());
  const Tables& tables = subject_.tables;
  const Config& config = subject_.topology.config();
  return json_reply(
      {{"uptime_ns", subject_.now()},
       {"frames", view_.frames(totals.all_ports)},
       {"drops", view_.drops(totals.all_ports)},
       {"counters", view_.counts(totals.counters, subject_.control)},
       {"fdb", {{"entries", view_.hosts()}, {"limit", config.fdb_limit}}},
       {"neighbors",
        {{"entries", tables.neighbors.quota().total()}, {"limit", config.neighbors.limit}}}});
}

HttpReply ApiShow::version(const HttpRequest& request) const {
  query(request).finish();
  return json_reply({{"version", GODWIT_VERSION},
                     {"dpdk", rte_version()},
                     {"pid", getpid()},
                     {"uptime_ns", subject_.now()}});
}

}  // namespace godwit
