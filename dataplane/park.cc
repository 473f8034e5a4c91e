#include "dataplane/park.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "dataplane/bridge.h"
#include "dataplane/flood.h"
#include "dataplane/tx.h"
#include "dataplane/worker.h"

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr unsigned kLooksARound = 32;  // hosts

bool stands_still(const Worker& worker, uint64_t key) {
  const FdbEntry entry = worker.tables.fdb.find(key).entry;
  if (entry.is_free()) return false;
  return is_held(entry) || worker.tables.ports.is_still(entry.location());
}

// As the burst had it when it was parked.
void put_back(Burst& burst, const HeldFrame& held) {
  const uint16_t i = burst.count++;
  burst.mbuf[i] = held.mbuf;
  burst.in_port[i] = held.in_port;
  burst.bridge[i] = burst.came_by[i] = held.bridge;
  burst.routed[i] = held.routed;
  burst.to_fragment += held.routed == Routed::kInFragments;
  const std::span<const uint8_t> frame = burst.bytes(i);
  burst.head_size[i] = static_cast<uint8_t>(std::min(frame.size(), sizeof(FrameHead)));
  std::memcpy(burst.head[i].octets.data(), frame.data(), burst.head_size[i]);
  const EthernetView view = burst.ethernet(i);
  burst.tags[i] = view.tags == 0 ? Tags::kNone : Tags::kOther;  // perhaps its own: no matter
  burst.other_tags += view.tags != 0;
  burst.src_key[i] = fdb_key(held.bridge, view.src);
  burst.dst_key[i] = fdb_key(held.bridge, view.dst);
  burst.evidence[i] = Evidence::kData;
  burst.fate[i] = Fate::kPending;
}

uint64_t destination_of(const HeldFrame& held) {
  return fdb_key(held.bridge, load_mac(rte_pktmbuf_mtod(held.mbuf, const uint8_t*)));
}

void begin(Burst& burst) {
  burst.count = burst.dropped = burst.flooded = burst.other_tags = burst.to_fragment = 0;
  burst.speaker_count = burst.to_gateway_count = 0;
}

// From where they stopped.
void go_on(Worker& worker, Burst& burst) {
  worker.tables.fdb.prepare(burst.dst_key.data(), burst.dst_home.data(), burst.count);
  bridge(worker, burst);
  flood(worker, burst);
  tx(worker, burst);
  if (BurstObserver* const watching = worker.observed()) watching->unparked(burst, worker.now);
}

}  // namespace

void drop_held(Worker& worker, const HeldFrame& held, Drop reason) {
  PortCounters& counters = worker.port_counters[held.in_port];
  --counters.held;
  ++counters.drops[static_cast<size_t>(reason)];
  if (BurstObserver* const watching = worker.observed())
    watching->dropped(held.mbuf, held.in_port, reason, worker.now);
  rte_pktmbuf_free(held.mbuf);
}

// What was held for a host whose port went down meanwhile is for control to let go, which may know
// where the host is.
bool waits(const Worker& worker, FdbEntry entry) {
  const PortStates& ports = worker.tables.ports;
  const bool has_place = entry.state() == FdbState::kMigrating || ports.is_up(entry.location());
  return ports.is_still(entry.location()) || (is_held(entry) && has_place);
}

void park(Worker& worker, Burst& burst, uint16_t i) {
  const HoldConfig& hold = worker.topology.bridge(burst.bridge[i]).config->moves.hold;
  const HoldShare share{static_cast<uint32_t>(hold.frames), hold.bytes};
  const HeldFrame frame{burst.mbuf[i], burst.in_port[i], burst.bridge[i], burst.routed[i]};
  burst.fate[i] = Fate::kHeld;
  if (burst.routed[i] == Routed::kInFragments) --burst.to_fragment;
  worker.parked.push(burst.dst_key[i], share, frame, worker.now, [&](const HeldFrame& dropped) {
    if (BurstObserver* const watching = worker.observed())
      watching->lost(destination_of(dropped), worker.now);
    drop_held(worker, dropped, Drop::kHoldFull);
  });
}

void unpark(Worker& worker, uint64_t key) {
  Burst& burst = worker.unparked;
  while (worker.parked.holds(key) && !stands_still(worker, key)) {
    begin(burst);
    worker.parked.take(key, kMaxBurst, [&](const HeldFrame& held) {
      --worker.port_counters[held.in_port].held;
      put_back(burst, held);
    });
    go_on(worker, burst);
  }
}

void unpark_some(Worker& worker) {
  std::array<uint64_t, kLooksARound> keys;
  unsigned count = 0;
  worker.parked.look_at_some(kLooksARound, [&](uint64_t key, PortIndex, Nanos&) {
    if (!stands_still(worker, key)) keys[count++] = key;
  });
  for (unsigned n = 0; n < count; ++n) unpark(worker, keys[n]);
}

void unpark_destinations(Worker& worker, const Burst& burst) {
  for (uint16_t i = 0; i < burst.count; ++i)
    if (worker.parked.holds(burst.dst_key[i])) unpark(worker, burst.dst_key[i]);
}

}  // namespace godwit
