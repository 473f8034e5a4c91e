#include "dataplane/fragment.h"

#include <array>
#include <cstring>

// DPDK calls copying fragmentation experimental; fragments that share the packet's buffer would
// come in two segments, which not every port takes.
#define ALLOW_EXPERIMENTAL_API
#include <rte_ip_frag.h>

#include "dataplane/tx.h"
#include "dataplane/worker.h"

#include "lib/byte_order.h"
#include "lib/packet.h"

namespace godwit {
namespace {

// The longest packet over the smallest MTU that a configuration may name (RFC 791: 576).
constexpr uint16_t kMostFragments = 128;

// Of the header, which DPDK leaves at 0.
void set_checksum(uint8_t* l3) {
  const size_t length = (l3[0] & 0xfU) * 4;
  store_be16(l3 + 10, internet_checksum({l3, length}));
}

}  // namespace

bool send_in_fragments(Worker& worker, Burst& burst, uint16_t i) {
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  const PortContext& port = worker.topology.port(burst.out[i]);
  rte_mbuf* whole = burst.mbuf[i];
  std::array<uint8_t, kEthernetHeaderSize> link;
  std::memcpy(link.data(), rte_pktmbuf_mtod(whole, const uint8_t*), link.size());
  // Ethernet's padding is none of the packet's.
  const uint16_t length = load_be16(rte_pktmbuf_mtod(whole, uint8_t*) + kEthernetHeaderSize + 2);
  rte_pktmbuf_adj(whole, kEthernetHeaderSize);
  rte_pktmbuf_trim(whole, static_cast<uint16_t>(whole->data_len - length));
  std::array<rte_mbuf*, kMostFragments> parts;
  const int32_t count = rte_ipv4_fragment_copy_nonseg_packet(whole, parts.data(), kMostFragments,
                                                             bridge.config->mtu, whole->pool);
  if (count < 0) return false;
  for (int32_t n = 0; n < count; ++n) {
    set_checksum(rte_pktmbuf_mtod(parts[n], uint8_t*));
    std::memcpy(rte_pktmbuf_prepend(parts[n], link.size()), link.data(), link.size());
    if (set_tag(parts[n], EthernetView{}, tag_form(bridge, port), bridge.vlan))
      worker.send(burst.out[i], parts[n]);
    else
      rte_pktmbuf_free(parts[n]);
  }
  rte_pktmbuf_free(whole);
  return true;
}

}  // namespace godwit
