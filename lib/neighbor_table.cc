#include "lib/neighbor_table.h"

namespace godwit {

size_t NeighborTable::bytes(uint32_t limit) {
  return origins_at(limit) + SlotTable<>::slot_count(slots_for(limit)) * sizeof(Origin);
}

NeighborTable::NeighborTable(void* memory, uint32_t limit, const QuotaLimits& limits,
                             HashSecret secret)
    : secret_(secret),
      table_(memory, slots_for(limit), secret),
      heard_s_(reinterpret_cast<Second*>(static_cast<std::byte*>(memory) + heard_at(limit))),
      origins_(reinterpret_cast<Origin*>(static_cast<std::byte*>(memory) + origins_at(limit))),
      limit_(limit),
      quota_(limits.with_total_at_most(limit)) {}

NeighborTable::Inserted NeighborTable::insert(BridgeIndex bridge, const IpAddress& ip,
                                              NeighborEntry entry, Location port, uint32_t now_s) {
  const QuotaAnswer answer = quota_.take(kNoBridge, port);
  if (answer == QuotaAnswer::kPortSpent) return {InsertStatus::kPortLimit, kNoSlot, {}};
  if (answer == QuotaAnswer::kSpent) return {InsertStatus::kLimit, kNoSlot, {}};
  const auto note = [&](uint32_t slot) {
    heard_s_[slot].store(now_s, std::memory_order_relaxed);
    Origin& o = origins_[slot];
    o.addr_hi.store(ip.hi, std::memory_order_relaxed);
    o.addr_lo.store(ip.lo, std::memory_order_relaxed);
    o.port.store(port, std::memory_order_relaxed);
    o.bridge.store(bridge, std::memory_order_relaxed);
  };
  const InsertResult result = table_.insert(key(bridge, ip), entry.word(), note);
  if (result.status == InsertStatus::kInserted)
    quota_.note_inserted();
  else
    quota_.give(kNoBridge, port);
  if (result.status == InsertStatus::kExists && !is_at(result.slot, bridge, ip))
    return {InsertStatus::kCollision, kNoSlot, {}};
  return {result.status, result.slot, NeighborEntry(result.value)};
}

bool NeighborTable::remove(uint32_t slot, NeighborEntry& expected) {
  const uint64_t key = table_.key_at(slot);
  uint64_t word = expected.word();
  if (!table_.remove(slot, word)) {
    expected = NeighborEntry(word);
    return false;
  }
  raise_epoch(key);
  // The origin stands until reclaim().
  quota_.give(kNoBridge, port(slot));
  return true;
}

void NeighborTable::disown(uint32_t slot) {
  quota_.move(kNoBridge, port(slot), kNoLocation);
  origins_[slot].port.store(kNoLocation, std::memory_order_relaxed);
}

std::optional<NeighborTable::Host> NeighborTable::host_at(uint32_t slot) const {
  if (table_.key_at(slot) == 0) return std::nullopt;
  const Origin& o = origins_[slot];
  Host host;
  host.bridge = o.bridge.load(std::memory_order_relaxed);
  host.ip.hi = o.addr_hi.load(std::memory_order_relaxed);
  host.ip.lo = o.addr_lo.load(std::memory_order_relaxed);
  host.ip.is_v6 = (table_.key_at(slot) & kV6Bit) != 0;
  return host;
}

}  // namespace godwit
