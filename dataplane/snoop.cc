#include "dataplane/snoop.h"

#include <optional>

#include "dataplane/worker.h"

#include "lib/hash.h"
#include "lib/ipv6_chain.h"

namespace godwit {
namespace {

struct Datagram {
  bool is_v6 = false;
  uint16_t dst_port = 0;
  std::optional<DhcpMessage> message;  // none: a fragment, or broken
};

// The ports alone are read of a datagram that is not whole: they are in every first fragment.
std::optional<Datagram> datagram_of(bool is_v6, std::span<const uint8_t> l4) {
  if (l4.size() < 4) return std::nullopt;
  const uint16_t to = load_be16(&l4[2]);
  if (!(is_v6 ? is_dhcpv6_port(to) : is_dhcpv4_port(to))) return std::nullopt;
  Datagram datagram{is_v6, to, std::nullopt};
  if (const auto udp = parse_udp(l4))
    datagram.message = is_v6 ? parse_dhcpv6(udp->payload) : parse_dhcpv4(udp->payload);
  return datagram;
}

std::optional<Datagram> read(uint16_t ether_type, std::span<const uint8_t> l3) {
  if (ether_type == kEtherTypeIpv4) {
    const auto ip = parse_ipv4(l3);
    if (!ip || ip->protocol != kProtocolUdp || ip->fragment_offset != 0) return std::nullopt;
    return datagram_of(false, ip->payload);
  }
  const auto upper = find_upper_layer(l3);
  if (!upper || upper->protocol != kProtocolUdp || upper->is_later_fragment) return std::nullopt;
  return datagram_of(true, upper->payload);
}

// Names an address that is registered for another.
bool gives_up_anothers(const Worker& worker, BridgeIndex bridge, Mac src, const DhcpMessage& said) {
  for (unsigned n = 0; n < said.lease_count; ++n) {
    const NeighborEntry owner = worker.tables.neighbors.find(bridge, said.leases[n].ip).entry;
    if (is_pinned(owner) && owner.mac() != src) return true;
  }
  return false;
}

// What no port that is not trusted may send: a server's word, one for another host, and what cannot
// be read.
bool is_rogue(const Worker& worker, BridgeIndex bridge, Mac src, const Datagram& datagram) {
  const auto& said = datagram.message;
  const uint16_t client_port = datagram.is_v6 ? kDhcpv6ClientPort : kDhcpClientPort;
  if (!said || said->from_server || datagram.dst_port == client_port) return true;
  if (!datagram.is_v6 && said->chaddr != src) return true;
  const bool gives_up = said->act == DhcpAct::kRelease || said->act == DhcpAct::kDecline;
  return gives_up && gives_up_anothers(worker, bridge, src, *said);
}

uint64_t client_of(const Worker& worker, const DhcpMessage& said) {
  uint64_t hash = keyed_hash(said.chaddr.bits, worker.tables.secret);
  for (const uint8_t octet : said.duid) hash = keyed_hash(hash ^ octet, worker.tables.secret);
  return keyed_hash(hash ^ said.duid.size(), worker.tables.secret);
}

// What a relay asks for somebody else is no word of that host's.
bool is_of_interest(const Datagram& datagram, Mac src, bool trusted) {
  const DhcpMessage& said = *datagram.message;
  if (said.act == DhcpAct::kNothing || said.act == DhcpAct::kOffer) return false;
  if (said.from_server) return trusted;
  return datagram.is_v6 ? !said.relayed : said.chaddr == src;
}

}  // namespace

bool snoop(Worker& worker, Burst& burst, uint16_t i, const BridgeContext& bridge, bool trusted) {
  const EthernetView eth = burst.ethernet(i);
  const auto datagram = read(eth.ether_type, l3_of(eth, burst.bytes(i)));
  if (!datagram) return false;
  const PortIndex port = burst.in_port[i];
  if (!trusted && is_rogue(worker, bridge.index, eth.src, *datagram)) {
    burst.drop_frame(i, Drop::kRogueDhcp);
    worker.complain({.kind = EventKind::kRogueDhcp,
                     .bridge = bridge.index,
                     .to = port,
                     .at = worker.now,
                     .mac = eth.src,
                     .other_mac = {},
                     .ip = {}});
    return true;
  }
  if (!datagram->message || !is_of_interest(*datagram, eth.src, trusted)) return true;
  const DhcpMessage& said = *datagram->message;
  const bool may = (trusted || worker.dhcp_of_port[port].take(worker.now)) &&
                   worker.dhcp.take(worker.now) &&
                   worker.leases.put({.act = said.act,
                                      .is_v6 = datagram->is_v6,
                                      .lease_count = said.lease_count,
                                      .bridge = bridge.index,
                                      .port = port,
                                      .transaction = said.transaction,
                                      .at = worker.now,
                                      .mac = eth.src,
                                      .client = client_of(worker, said),
                                      .leases = said.leases});
  // A message that control does not hear of must not take effect: its sender sends it again.
  if (!may) burst.drop_frame(i, Drop::kDhcpLimit);
  return true;
}

}  // namespace godwit
