#include "control/leases.h"

#include <algorithm>

namespace godwit {

Leases::Leases(const Topology& topology, Tables& tables)
    : topology_(topology),
      tables_(tables),
      most_of_port_(std::clamp(kAsks / std::max<size_t>(topology.ports().size(), 1), kLeastOfPort,
                               kMostOfPort)),
      leases_(0, NeighborHash{tables.secret}) {}

void Leases::hear(const DhcpEvent& event) {
  switch (event.act) {
    case DhcpAct::kAsk:
      return ask(event);
    case DhcpAct::kGrant:
      return grant(event);
    case DhcpAct::kRefuse:
      asks_.erase({event.client, event.transaction, event.is_v6});
      return;
    case DhcpAct::kRelease:
    case DhcpAct::kDecline:
      return give_up(event);
    default:
      return;
  }
}

// The first to use a transaction has it, as long as it may be answered: who overhears another's
// request could else repeat it as his own.
void Leases::ask(const DhcpEvent& event) {
  const AskKey key{event.client, event.transaction, event.is_v6};
  const Ask fresh{event.bridge, event.port, event.mac, event.at};
  if (const auto known = asks_.find(key); known != asks_.end()) {
    Ask& before = known->second;
    const bool same = before.mac == fresh.mac && before.bridge == fresh.bridge;
    if (same || event.at - before.at > kAskLife) before = fresh;
    return;
  }
  std::deque<AskKey>& of_port = asks_of_[event.port];
  if (of_port.size() == most_of_port_) {
    asks_.erase(of_port.front());
    of_port.pop_front();
  }
  of_port.push_back(key);
  asks_.emplace(key, fresh);
}

void Leases::grant(const DhcpEvent& event) {
  const auto found = asks_.find({event.client, event.transaction, event.is_v6});
  if (found == asks_.end()) return;
  const Ask asked = found->second;
  if (event.at - asked.at > kAskLife) return;
  for (unsigned n = 0; n < event.lease_count; ++n) {
    const auto& [ip, seconds] = event.leases[n];
    const Grant given{asked.bridge, asked.port, asked.mac, ip, event.at};
    if (seconds != 0) {
      const Nanos ends =
          seconds == DhcpLease::kForever ? kNever : event.at + Nanos{seconds} * kSecond;
      bind(given, {fdb_key(given.bridge, given.mac), ends});
    } else if (const auto lease = leases_.find({given.bridge, ip});
               lease != leases_.end() && lease->second.key == fdb_key(given.bridge, given.mac)) {
      end({given.bridge, ip});
    }
  }
}

void Leases::give_up(const DhcpEvent& event) {
  for (unsigned n = 0; n < event.lease_count; ++n) {
    const Neighbor neighbor{event.bridge, event.leases[n].ip};
    const auto lease = leases_.find(neighbor);
    if (lease != leases_.end() && lease->second.key == fdb_key(event.bridge, event.mac))
      end(neighbor);
  }
}

bool Leases::take_back(const Grant& grant, Nanos ends) {
  return bind(grant, {fdb_key(grant.bridge, grant.mac), ends, true});
}

std::optional<Nanos> Leases::ends(BridgeIndex bridge, const IpAddress& ip) const {
  const auto lease = leases_.find({bridge, ip});
  return lease != leases_.end() ? std::optional(lease->second.ends) : std::nullopt;
}

bool Leases::bind(const Grant& grant, Lease lease) {
  const BridgeContext& bridge = topology_.bridge(grant.bridge);
  const auto refuse = [&](Refusal why) {
    on_refused(grant, why);
    return false;
  };
  if (bridge.absent || (grant.port != kNoLocation && bridge.member(grant.port) == nullptr))
    return false;
  if (bridge.is_gateway_ip(grant.ip)) return refuse(Refusal::kGatewayIp);
  if (!bridge.is_on_link(grant.ip)) return false;
  const Neighbor neighbor{grant.bridge, grant.ip};
  const auto held = leases_.find(neighbor);
  if (held != leases_.end() && held->second.key != lease.key) {
    if (!held->second.is_taken_back) return refuse(Refusal::kAnothers);
    end(neighbor);
  }
  if (!map(grant) || !on_bound(grant)) return false;
  hold(neighbor, lease);
  return true;
}

// Makes the mapping, whatever was there: but for what the config says, which is never given away.
bool Leases::map(const Grant& grant) {
  NeighborTable& neighbors = tables_.neighbors;
  const NeighborEntry entry = NeighborEntry{}
                                  .with_mac(grant.mac)
                                  .with_state(NeighborState::kStale)
                                  .with_flags(kRegisteredNeighbor);
  const bool trusted = topology_.bridge(grant.bridge).is_trusted(grant.port);
  const auto now_s = static_cast<uint32_t>(grant.at / kSecond);
  for (int tries = 0; tries < kTries; ++tries) {
    const auto result =
        neighbors.insert(grant.bridge, grant.ip, entry, trusted ? kNoLocation : grant.port, now_s);
    if (result.status == InsertStatus::kInserted) return true;
    if (result.status == InsertStatus::kBusy) continue;
    if (result.status != InsertStatus::kExists) {
      on_refused(grant, Refusal::kNoRoom);
      return false;
    }
    if ((result.entry.flags() & kStaticNeighbor) != 0) {
      const bool same = result.entry.mac() == grant.mac;
      if (!same) on_refused(grant, Refusal::kAnothers);
      return false;
    }
    const NeighborEntry next = result.entry.mac() == grant.mac
                                   ? result.entry.with_flags(kRegisteredNeighbor)
                                   : entry.with_seq(result.entry.seq()).with_next_seq();
    NeighborEntry expected = result.entry;
    if (next == expected || neighbors.compare_exchange(result.slot, expected, next)) {
      neighbors.touch(result.slot, now_s);
      return true;
    }
  }
  return false;
}

void Leases::hold(const Neighbor& neighbor, Lease lease) {
  const auto [entry, is_new] = leases_.try_emplace(neighbor, lease);
  if (is_new) {
    ++begun_;
    ++holders_[lease.key];
  } else {
    due_.erase({entry->second.ends, neighbor.bridge, neighbor.ip});
    entry->second = lease;
  }
  if (lease.ends != kNever) due_.emplace(lease.ends, neighbor.bridge, neighbor.ip);
  set_class(lease.key, true);
}

// The mapping goes as well, and tells so by unmapped().
void Leases::end(const Neighbor& neighbor) {
  const auto find = [&] { return tables_.neighbors.find(neighbor.bridge, neighbor.ip); };
  // Again if a worker wrote to it meanwhile: that it was heard changes nothing.
  for (auto hit = find(); hit && (hit.entry.flags() & kRegisteredNeighbor) != 0; hit = find())
    if (remove(hit.slot, hit.entry)) break;
  forget(neighbor);
}

void Leases::forget_port(PortIndex port) {
  const auto of_port = asks_of_.find(port);
  if (of_port == asks_of_.end()) return;
  for (const AskKey& key : of_port->second) asks_.erase(key);
  asks_of_.erase(of_port);
}

void Leases::left(uint64_t key, std::span<const IpAddress> ips) {
  for (const IpAddress& ip : ips) {
    const Neighbor neighbor{fdb_bridge(key), ip};
    const auto lease = leases_.find(neighbor);
    if (lease != leases_.end() && lease->second.key == key) end(neighbor);
  }
}

void Leases::unmapped(BridgeIndex bridge, const IpAddress& ip) { forget({bridge, ip}); }

void Leases::forget(const Neighbor& neighbor) {
  const auto entry = leases_.find(neighbor);
  if (entry == leases_.end()) return;
  const Lease lease = entry->second;
  due_.erase({lease.ends, neighbor.bridge, neighbor.ip});
  leases_.erase(entry);
  ++ended_;
  if (--holders_[lease.key] != 0) return;
  holders_.erase(lease.key);
  set_class(lease.key, false);
}

void Leases::learned(uint64_t key) {
  if (holds(key)) set_class(key, true);
}

// Registered, or as the bridge has it; never less than that, nor what the config pins.
void Leases::set_class(uint64_t key, bool registered) {
  const HostClass of_bridge = topology_.bridge(fdb_bridge(key)).config->moves.host_class;
  const HostClass wanted = std::max(of_bridge, registered ? HostClass::kRegistered : of_bridge);
  for (auto hit = tables_.fdb.find(key); hit; hit = tables_.fdb.find(key)) {
    if (hit.entry.host_class() == HostClass::kStatic || hit.entry.host_class() == wanted) return;
    FdbEntry expected = hit.entry;
    if (tables_.fdb.compare_exchange(hit.slot, expected, expected.with_host_class(wanted))) return;
  }
}

void Leases::run(Nanos now) {
  while (!due_.empty() && std::get<0>(*due_.begin()) <= now) {
    const auto [at, bridge, ip] = *due_.begin();
    end({bridge, ip});
  }
}

}  // namespace godwit
