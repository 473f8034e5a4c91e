#include "lib/neighbor_table.h"

namespace godwit {

size_t NeighborTable::bytes(uint32_t limit) {
  const uint32_t slots = slots_for(limit);
  return SlotTable<>::bytes(slots) + SlotTable<>::slot_count(slots) * sizeof(Record);
}

NeighborTable::NeighborTable(void* memory, uint32_t limit, const QuotaLimits& limits,
                             HashSecret secret)
    : secret_(secret),
      table_(memory, slots_for(limit), secret),
      records_(reinterpret_cast<Record*>(static_cast<std::byte*>(memory) +
                                         SlotTable<>::bytes(slots_for(limit)))),
      quota_(limits.with_total_at_most(limit)) {}

NeighborTable::Inserted NeighborTable::insert(BridgeIndex bridge, const IpAddress& ip,
                                              NeighborEntry entry, Location port, uint32_t now_s) {
  const QuotaAnswer answer = quota_.take(kNoBridge, port);
  if (answer == QuotaAnswer::kPortSpent) return {InsertStatus::kPortLimit, kNoSlot, {}};
  if (answer == QuotaAnswer::kSpent) return {InsertStatus::kLimit, kNoSlot, {}};
  const auto write_record = [&](uint32_t slot) {
    Record& r = records_[slot];
    r.addr_hi.store(ip.hi, std::memory_order_relaxed);
    r.addr_lo.store(ip.lo, std::memory_order_relaxed);
    r.heard_s.store(now_s, std::memory_order_relaxed);
    r.port.store(port, std::memory_order_relaxed);
    r.bridge.store(bridge, std::memory_order_relaxed);
  };
  const InsertResult result = table_.insert(key(bridge, ip), entry.word(), write_record);
  if (result.status == InsertStatus::kInserted)
    quota_.note_inserted();
  else
    quota_.give(kNoBridge, port);
  if (result.status == InsertStatus::kExists && !is_at(result.slot, bridge, ip))
    return {InsertStatus::kCollision, kNoSlot, {}};
  return {result.status, result.slot, NeighborEntry(result.value)};
}

bool NeighborTable::remove(uint32_t slot, NeighborEntry& expected) {
  uint64_t word = expected.word();
  if (!table_.remove(slot, word)) {
    expected = NeighborEntry(word);
    return false;
  }
  // The record stands until reclaim().
  quota_.give(kNoBridge, port(slot));
  return true;
}

std::optional<NeighborTable::Host> NeighborTable::host_at(uint32_t slot) const {
  if (table_.key_at(slot) == 0) return std::nullopt;
  const Record& r = records_[slot];
  Host host;
  host.bridge = r.bridge.load(std::memory_order_relaxed);
  host.ip.hi = r.addr_hi.load(std::memory_order_relaxed);
  host.ip.lo = r.addr_lo.load(std::memory_order_relaxed);
  host.ip.is_v6 = (table_.key_at(slot) & kV6Bit) != 0;
  return host;
}

}  // namespace godwit
