#include "dataplane/forward.h"

#include <cstring>

#include "dataplane/worker.h"

#include "lib/byte_order.h"
#include "lib/ip_forward.h"

namespace godwit {
namespace {

// What is in front of the packet becomes a bare Ethernet header, which lacks the addresses.
[[gnu::noinline]] void cut_tags(Burst& burst, uint16_t i) {
  const bool own = burst.tags[i] == Tags::kOwn;
  const size_t l3 = own ? burst.l3_offset(i) : burst.ethernet(i).l3_offset;
  rte_pktmbuf_adj(burst.mbuf[i], static_cast<uint16_t>(l3 - kEthernetHeaderSize));
  std::memcpy(burst.head[i].octets.data(), burst.bytes(i).data(), sizeof(FrameHead));
  burst.tags[i] = Tags::kNone;
  burst.other_tags -= !own;
}

// Both addresses. Whole words, and not read back from the frame: a load does not wait for narrower
// stores to the same place.
void write_addresses(uint8_t* at, Mac dst, Mac src) {
  store_be64(at, dst.bits << 16 | src.bits >> 32);
  store_be32(at + 8, static_cast<uint32_t>(src.bits));
}

// The packet of frame i as the gateway sends it to its next hop: without a tag, a hop older.
template <bool kV6>
void rewrite(const BridgeContext& next, Burst& burst, uint16_t i, uint8_t* l3, uint64_t next_hop) {
  if (burst.tags[i] != Tags::kNone) [[unlikely]]
    cut_tags(burst, i);
  const Mac src = next.gateway_mac;
  write_addresses(l3 - kEthernetHeaderSize, fdb_mac(next_hop), src);
  write_addresses(burst.head[i].octets.data(), fdb_mac(next_hop), src);
  burst.dst_key[i] = next_hop;
  if constexpr (kV6)
    decrement_hop_limit(l3);
  else
    decrement_ttl(l3);
  burst.came_by[i] = burst.bridge[i];
  burst.bridge[i] = next.index;
}

// It has a hop left, and the next link takes it as it is.
template <bool kV6>
bool is_easy(const uint8_t* l3, uint16_t mtu) {
  if constexpr (kV6) return !hop_limit_expired(l3) && packet_length6(l3) <= mtu;
  return !ttl_expired4(l3) && packet_length4(l3) <= mtu;
}

}  // namespace

template <bool kV6>
void forward_one(Worker& worker, Burst& burst, uint16_t p, uint64_t next_hop) {
  const uint16_t i = burst.packet_scratch.frame[p];
  const BridgeContext& next = worker.topology.bridge(fdb_bridge(next_hop));
  rewrite<kV6>(next, burst, i, burst.packet_scratch.l3[p], next_hop);
  if (burst.routed[i] == Routed::kNo) burst.routed[i] = Routed::kWhole;
  ++worker.counters.routed;
}

template <bool kV6>
void forward_known(Worker& worker, Burst& burst) {
  PacketScratch& packets = burst.packet_scratch;
  const uint16_t count = packets.count;
  worker.next_hops.find_bulk(packets.id.data(), count, worker.tables.neighbors,
                             second_of(worker.now), packets.word.data());
  const std::span<const BridgeContext> bridges = worker.topology.bridges();
  uint16_t left = 0;
  for (uint16_t p = 0; p < count; ++p) {
    const uint64_t next_hop = packets.word[p];
    const uint16_t i = packets.frame[p];
    uint8_t* const l3 = packets.l3[p];
    if (next_hop != 0) [[likely]] {
      const BridgeContext& next = bridges[fdb_bridge(next_hop)];
      if (is_easy<kV6>(l3, next.mtu)) [[likely]] {
        rewrite<kV6>(next, burst, i, l3, next_hop);
        burst.routed[i] = Routed::kWhole;
        continue;
      }
    }
    packets.frame[left] = i;
    packets.l3[left] = l3;
    packets.id[left] = packets.id[p];
    if constexpr (kV6)
      std::memcpy(packets.ipv6[left], packets.ipv6[p], sizeof packets.ipv6[p]);
    else
      packets.ipv4[left] = packets.ipv4[p];
    ++left;
  }
  worker.counters.routed += count - left;
  packets.count = left;
}

template void forward_known<false>(Worker&, Burst&);
template void forward_known<true>(Worker&, Burst&);
template void forward_one<false>(Worker&, Burst&, uint16_t, uint64_t);
template void forward_one<true>(Worker&, Burst&, uint16_t, uint64_t);

}  // namespace godwit
