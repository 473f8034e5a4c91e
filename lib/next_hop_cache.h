// Where routed packets go, as one worker has found out in this second: for a destination, the MAC
// of its next hop and the bridge that has it. Who finds a destination in here needs neither the
// routes nor the neighbor table.
//
// What is found is what a look at the neighbor table in this moment would find: with an entry
// stands the epoch of its neighbor's mapping (NeighborTable::epoch), read before the mapping was,
// and the second. An epoch rises when a mapping is changed, doubted or removed, so nothing has to
// be looked for and taken out; and under another table of routes each destination is another.
//
// Of an epoch and a second few bits are kept. An entry is taken for one of the moment wrongly if
// its epoch has risen by a multiple of 65536 in as many seconds as are a multiple of 256; that is
// no more than a packet to a place left behind, and the next second ends it.
//
// One thread owns it. 1 MiB: of what shares a line, the oldest makes room.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/address.h"
#include "lib/hash.h"
#include "lib/neighbor_table.h"

namespace godwit {

class NextHopCache {
 public:
  using Stamp = uint32_t;  // of a mapping in a moment

  // `memory` is kBytes of it, zero, aligned to 64, the caller's.
  NextHopCache(void* memory, HashSecret secret)
      : secret_(secret), lines_(static_cast<Line*>(memory)) {}

  // Of a destination under the table of routes with this number, from 1: an IPv4 address itself, a
  // keyed print of an IPv6 address. Never 0.
  static uint64_t id_v4(uint64_t routes, uint32_t ip) { return routes << 32 | ip; }
  uint64_t id_v6(uint64_t routes, const IpAddress& ip) const {
    return (detail::multiply_fold(ip.hi ^ secret_.a, ip.lo ^ secret_.b) ^ routes << 32) | 1;
  }

  // Before find_bulk(), and a little earlier.
  void prefetch(uint64_t id) const { __builtin_prefetch(&lines_[index(id)]); }

  // The FDB's keys of the next hops, or 0.
  void find_bulk(const uint64_t* ids, unsigned n, const NeighborTable& neighbors, uint32_t second,
                 uint64_t* keys) const {
    const NextHopCache own = *this;  // for all the compiler knows, `keys` are what it reads
    for (unsigned i = 0; i < n; ++i) keys[i] = own.find(ids[i], neighbors, second);
  }

  // Of the neighbor with this key in its table, to be taken before it is looked up there.
  static Stamp stamp(const NeighborTable& neighbors, uint64_t neighbor_key, uint32_t second) {
    return stamp_of(neighbors, NeighborTable::epoch_of(neighbor_key), second);
  }
  void note(uint64_t id, uint64_t key, Stamp stamp) {
    Line& line = lines_[index(id)];
    size_t at = 0;
    while (at < kOfLine && line.ids[at] != id) ++at;
    if (at == kOfLine) at = line.next++ % kOfLine;
    line.ids[at] = id;
    line.keys[at] = key;
    line.stamps[at] = stamp;
  }

 private:
  static constexpr size_t kOfLine = 3;
  struct alignas(64) Line {
    std::array<uint64_t, kOfLine> ids{};
    std::array<uint64_t, kOfLine> keys{};
    std::array<Stamp, kOfLine> stamps{};
    uint32_t next = 0;
  };
  static constexpr unsigned kIndexBits = 14;
  static constexpr size_t kLines = size_t{1} << kIndexBits;

 public:
  static constexpr size_t kBytes = kLines * sizeof(Line);

 private:
  uint64_t find(uint64_t id, const NeighborTable& neighbors, uint32_t second) const {
    const Line& line = lines_[index(id)];
    // Without a branch: which one it is nobody can guess. It is no two, so `n` is below 3.
    static_assert(kOfLine == 3);
    const size_t n = size_t{line.ids[1] == id} + 2 * size_t{line.ids[2] == id};
    const Stamp stamp = line.stamps[n];
    const bool found = line.ids[n] == id && stamp == stamp_of(neighbors, stamp >> 24, second);
    return found ? line.keys[n] : 0;
  }

  size_t index(uint64_t id) const { return id * (secret_.b | 1) >> (64 - kIndexBits); }

  static Stamp stamp_of(const NeighborTable& neighbors, size_t epoch, uint32_t second) {
    static_assert(NeighborTable::kEpochs <= 256);
    const uint32_t moment = (second & 0xff) << 16 | (neighbors.epoch_at(epoch) & 0xffff);
    return static_cast<Stamp>(epoch) << 24 | moment;
  }

  HashSecret secret_;
  Line* lines_;
};

}  // namespace godwit
