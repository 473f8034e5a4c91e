#include "dataplane/local.h"

#include <algorithm>
#include <array>

#include "dataplane/worker.h"

#include "lib/byte_order.h"
#include "lib/packet.h"

namespace godwit {
namespace {

// The longest ICMP error: a whole IPv6 packet of the least MTU (RFC 4443 §2.4(c)).
constexpr size_t kMaxError = kEthernetHeaderSize + 1280;

constexpr uint8_t kProtocolIcmp = 1;

// To whom an answer goes, in the frame's own bridge.
LinkHeader back_to(const EthernetView& eth, Mac gateway) {
  return {.dst = eth.src, .src = gateway, .tci = std::nullopt};
}

// One host's address, as far as godwit knows: no subnet's, and none of its own (RFC 1122 §3.2.2,
// RFC 1812 §5.3.7).
bool is_one_host(const Worker& worker, const IpAddress& sender) {
  const NextHop::Kind kind = worker.fib.find(sender).kind;
  return kind != NextHop::Kind::kBroadcast && kind != NextHop::Kind::kLocal;
}

IpAddress sender_of(std::span<const uint8_t> l3, bool is_v6) {
  return is_v6 ? load_ipv6(&l3[8]) : load_ipv4(&l3[12]);
}

void send_error(Worker& worker, PortIndex port, const BridgeContext& bridge,
                std::span<const uint8_t> frame, IcmpError what, uint16_t mtu) {
  const auto eth = parse_ethernet(frame);
  if (!eth) return;
  const std::span<const uint8_t> l3 = l3_of(*eth, frame);
  if (!may_send_error(*eth, l3, what)) return;
  const bool is_v6 = eth->ether_type == kEtherTypeIpv6;
  const IpAddress sender = sender_of(l3, is_v6);
  if (!is_one_host(worker, sender)) return;
  const auto from = bridge.own_address(sender);
  if (!from) return;
  if (!worker.icmp_errors[port].take(worker.now)) {
    ++worker.counters.errors_limited;
    return;
  }
  std::array<uint8_t, kMaxError> error;
  const size_t length =
      build_icmp_error(error, back_to(*eth, bridge.gateway_mac), what, mtu, *from, l3);
  if (length == 0) return;
  ++worker.counters.errors_sent;
  worker.originate(bridge, port, {error.data(), length});
}

// The request as its reply, on its way back where it came from.
void reply_to_echo(Worker& worker, const Burst& burst, uint16_t i) {
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  const EthernetView eth = burst.ethernet(i);
  rte_mbuf* reply = rte_pktmbuf_copy(burst.mbuf[i], burst.mbuf[i]->pool, 0, UINT32_MAX);
  if (reply == nullptr) {
    ++worker.counters.own_lost;
    return;
  }
  auto* start = rte_pktmbuf_mtod(reply, uint8_t*);
  store_mac(start, eth.src);
  store_mac(start + 6, bridge.gateway_mac);
  const std::span<uint8_t> l3{start + eth.l3_offset, reply->data_len - size_t{eth.l3_offset}};
  const bool is_v6 = eth.ether_type == kEtherTypeIpv6;
  make_echo_reply(l3, is_v6 ? load_ipv6(&l3[24]) : load_ipv4(&l3[16]));
  worker.originate(burst.in_port[i], reply);
}

// What may stand behind extension headers is not looked for (RFC 8200 §4).
bool is_extension_header(uint8_t next_header) {
  constexpr std::array<uint8_t, 7> kExtensions = {0, 43, 44, 50, 51, 59, 60};
  return std::find(kExtensions.begin(), kExtensions.end(), next_header) != kExtensions.end();
}

// A packet to us that is no echo request: nothing here listens (RFC 1122 §3.2.2.1, RFC 4443 §3.1,
// §3.4).
void refuse(Worker& worker, const Burst& burst, uint16_t i, uint8_t protocol, bool is_v6) {
  if (protocol == (is_v6 ? kProtocolIcmpv6 : kProtocolIcmp)) return;
  if (is_v6 && is_extension_header(protocol)) return;
  const bool is_udp = protocol == kProtocolUdp;
  send_error(worker, burst, i,
             is_udp ? IcmpError::kPortUnreachable : IcmpError::kProtocolUnreachable, 0);
}

}  // namespace

void send_error(Worker& worker, const Burst& burst, uint16_t i, IcmpError what, uint16_t mtu) {
  send_error(worker, burst.in_port[i], worker.topology.bridge(burst.bridge[i]), burst.bytes(i),
             what, mtu);
}

void send_error(Worker& worker, const HeldFrame& held, IcmpError what) {
  const std::span<const uint8_t> frame{rte_pktmbuf_mtod(held.mbuf, const uint8_t*),
                                       held.mbuf->data_len};
  send_error(worker, held.in_port, worker.topology.bridge(held.bridge), frame, what, 0);
}

void receive(Worker& worker, Burst& burst, uint16_t i) {
  burst.fate[i] = Fate::kConsumed;
  const EthernetView eth = burst.ethernet(i);
  const std::span<const uint8_t> l3 = l3_of(eth, burst.bytes(i));
  const bool is_v6 = eth.ether_type == kEtherTypeIpv6;
  if (!is_one_host(worker, sender_of(l3, is_v6))) return;
  if (is_echo_request(l3))
    reply_to_echo(worker, burst, i);
  else
    refuse(worker, burst, i, is_v6 ? l3[6] : l3[9], is_v6);
}

}  // namespace godwit
