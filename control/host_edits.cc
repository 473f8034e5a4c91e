#include "control/host_edits.h"

#include <algorithm>

#include "lib/arbiter.h"

namespace godwit {

bool HostEdits::is_configured(BridgeIndex bridge, Mac mac) const {
  const auto& hosts = topology_.config().bridges[bridge].static_hosts;
  return std::any_of(hosts.begin(), hosts.end(), [&](const auto& host) { return host.mac == mac; });
}

HostEdit HostEdits::add(BridgeIndex bridge, Mac mac, PortIndex port, std::optional<IpAddress> ip,
                        Nanos now) {
  const BridgeContext& context = topology_.bridge(bridge);
  if (context.has_gateway && mac == context.gateway_mac) return HostEdit::kGateway;
  if (ip && context.is_gateway_ip(*ip)) return HostEdit::kGateway;
  if (context.member(port) == nullptr) return HostEdit::kNoMember;
  if (is_configured(bridge, mac)) return HostEdit::kConfigured;
  return pin(bridge, mac, port, ip, now);
}

namespace {

bool is_in(const std::vector<StaticHostConfig>& list, const StaticHostConfig& host) {
  return std::find(list.begin(), list.end(), host) != list.end();
}

}  // namespace

// All that ends first: a host may have the MAC that was the gateway's, and the other way round.
std::vector<Mac> HostEdits::follow(BridgeIndex bridge, const BridgeConfig& before, Nanos now) {
  end_former(bridge, before);
  const BridgeContext& is = topology_.bridge(bridge);
  std::vector<Mac> without_room;
  if (is.has_gateway && place_gateway(is, now) == HostEdit::kFull)
    without_room.push_back(is.gateway_mac);
  for (const StaticHostConfig& host : is.config->static_hosts)
    if (!is_in(before.static_hosts, host) &&
        pin(bridge, host.mac, host.port, host.ip, now) == HostEdit::kFull)
      without_room.push_back(host.mac);
  return without_room;
}

void HostEdits::end_former(BridgeIndex bridge, const BridgeConfig& before) {
  const BridgeContext& is = topology_.bridge(bridge);
  if (before.gateway && before.gateway->mac != is.gateway_mac) unpin(bridge, before.gateway->mac);
  for (const StaticHostConfig& host : before.static_hosts)
    if (!is_in(is.config->static_hosts, host)) unpin(bridge, host.mac);
}

// Who has the gateway's MAC or one of its addresses so far is a host no longer.
HostEdit HostEdits::place_gateway(const BridgeContext& bridge, Nanos now) {
  std::vector<IpAddress> ips = hosts_.ips(bridge.index, bridge.gateway_mac);
  ips.insert(ips.end(), bridge.gateway_ips.begin(), bridge.gateway_ips.end());
  for (const IpAddress& ip : ips)
    for (auto hit = tables_.neighbors.find(bridge.index, ip); hit;
         hit = tables_.neighbors.find(bridge.index, ip))
      neighbor_aging_.remove(hit.slot, hit.entry);
  return locate(bridge.index, bridge.gateway_mac, kSelf, now);
}

HostEdit HostEdits::pin(BridgeIndex bridge, Mac mac, PortIndex port, std::optional<IpAddress> ip,
                        Nanos now) {
  const HostEdit mapped = ip ? map(bridge, mac, *ip, now) : HostEdit::kAlready;
  if (mapped != HostEdit::kDone && mapped != HostEdit::kAlready) return mapped;
  const HostEdit located = locate(bridge, mac, port, now);
  if (located == HostEdit::kFull && ip && mapped == HostEdit::kDone) unpin(bridge, mac);
  return located == HostEdit::kAlready ? mapped : located;
}

// Workers change entries meanwhile: each round begins with what stands there now.
HostEdit HostEdits::locate(BridgeIndex bridge, Mac mac, Location port, Nanos now) {
  const FdbEntry fixed = first_heard(port, HostClass::kStatic, now);
  for (;;) {
    if (const auto hit = tables_.fdb.find(bridge, mac)) {
      FdbEntry entry = hit.entry;
      if (entry.host_class() == HostClass::kStatic && entry.location() == port)
        return HostEdit::kAlready;
      if (tables_.fdb.compare_exchange(hit.slot, entry,
                                       fixed.with_seq(entry.seq()).with_next_seq()))
        return HostEdit::kDone;
      continue;
    }
    switch (tables_.fdb.insert(bridge, mac, fixed).status) {
      case InsertStatus::kInserted:
        return HostEdit::kDone;
      case InsertStatus::kExists:
      case InsertStatus::kBusy:
        continue;  // a worker learns it at this moment
      default:
        return HostEdit::kFull;
    }
  }
}

HostEdit HostEdits::map(BridgeIndex bridge, Mac mac, const IpAddress& ip, Nanos now) {
  const NeighborEntry fixed = NeighborEntry{}
                                  .with_mac(mac)
                                  .with_state(NeighborState::kReachable)
                                  .with_flags(kStaticNeighbor);
  for (;;) {
    if (const auto hit = tables_.neighbors.find(bridge, ip)) {
      NeighborEntry entry = hit.entry;
      const bool is_static = (entry.flags() & kStaticNeighbor) != 0;
      if (is_static) return entry.mac() == mac ? HostEdit::kAlready : HostEdit::kTaken;
      if (!tables_.neighbors.compare_exchange(hit.slot, entry,
                                              fixed.with_seq(entry.seq()).with_next_seq()))
        continue;
      break;
    }
    const auto status =
        tables_.neighbors
            .insert(bridge, ip, fixed, kNoLocation, static_cast<uint32_t>(now / kSecond))
            .status;
    if (status == InsertStatus::kInserted) break;
    if (status != InsertStatus::kExists && status != InsertStatus::kBusy) return HostEdit::kFull;
  }
  hosts_.add(bridge, mac, ip, now);
  return HostEdit::kDone;
}

HostEdit HostEdits::remove(BridgeIndex bridge, Mac mac) {
  const BridgeContext& context = topology_.bridge(bridge);
  if (context.has_gateway && mac == context.gateway_mac) return HostEdit::kGateway;
  if (is_configured(bridge, mac)) return HostEdit::kConfigured;
  return unpin(bridge, mac);
}

HostEdit HostEdits::unpin(BridgeIndex bridge, Mac mac) {
  const std::vector<IpAddress> ips = hosts_.ips(bridge, mac);  // removing one changes the list
  for (const IpAddress& ip : ips) {
    const auto hit = tables_.neighbors.find(bridge, ip);
    if (hit && hit.entry.mac() == mac && (hit.entry.flags() & kStaticNeighbor) != 0)
      neighbor_aging_.remove(hit.slot, hit.entry);
  }
  for (;;) {
    const auto hit = tables_.fdb.find(bridge, mac);
    if (!hit) return HostEdit::kUnknown;
    if (fdb_aging_.remove(hit.slot, hit.entry)) return HostEdit::kDone;
  }
}

}  // namespace godwit
