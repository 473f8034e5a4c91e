#include "control/questions.h"

#include "lib/forget.h"
#include "lib/packet_build.h"

namespace godwit {

Order Questions::order_in(BridgeIndex bridge, Location to) const {
  Order order;
  order.kind = OrderKind::kSend;
  order.bridge = bridge;
  order.to = to;
  return order;
}

bool Questions::send(Order& order, size_t length) {
  order.length = static_cast<uint16_t>(length);
  return channels_[0]->orders.put(order);
}

bool Questions::ask_all(BridgeIndex b, const IpAddress& ip) {
  const auto from = topology_.bridge(b).own_address(ip);
  if (!from) return true;
  Order order = order_in(b, kNoLocation);
  return ask(order, *from, ip);
}

bool Questions::seek(BridgeIndex b, const IpAddress& ip, bool beyond) {
  Order order = order_in(b, kNoLocation);
  order.trusted_only = beyond;
  return ask(order, topology_.bridge(b).asking_address(ip), ip);
}

bool Questions::tell_switches(BridgeIndex b, Mac from, std::span<const uint8_t> message,
                              Location except) {
  Order order = order_in(b, kNoLocation);
  order.except = except;
  order.trusted_only = true;
  const LinkHeader link{.dst = kForgetGroup, .src = from};
  return send(order, build_ethernet(order.octets, link, kEtherTypeLocal, message));
}

bool Questions::ask(Order& order, const IpAddress& from, const IpAddress& ip) {
  const Mac mac = topology_.bridge(order.bridge).own_mac;
  if (!ip.is_v6)
    return send(order, build_arp(order.octets, {.dst = kBroadcastMac, .src = mac},
                                 make_arp_request(mac, from, ip)));
  return send(order, build_nd(order.octets, {.dst = multicast_mac(solicited_node(ip)), .src = mac},
                              make_ns(from, mac, ip)));
}

bool Questions::ask_one(BridgeIndex b, const IpAddress& ip, Mac to, Location at) {
  const auto from = topology_.bridge(b).own_address(ip);
  return !from || ask_one_from(b, *from, ip, to, at);
}

bool Questions::probe(BridgeIndex b, const IpAddress& ip, Mac to, PortIndex at) {
  return ask_one_from(b, topology_.bridge(b).asking_address(ip), ip, to, at);
}

bool Questions::ask_one_from(BridgeIndex b, const IpAddress& from, const IpAddress& ip, Mac to,
                             Location at) {
  Order order = order_in(b, at);
  const LinkHeader link{.dst = to, .src = topology_.bridge(b).own_mac};
  if (!ip.is_v6)
    return send(order, build_arp(order.octets, link, make_arp_request(link.src, from, ip)));
  NdView ns = make_ns(from, link.src, ip);
  ns.dst = ip;
  return send(order, build_nd(order.octets, link, ns));
}

bool Questions::announce(BridgeIndex b, const IpAddress& ip, Mac mac, Location except) {
  return say(b, ip, mac, topology_.bridge(b).own_mac, except);
}

bool Questions::announce_host(BridgeIndex b, const IpAddress& ip, Mac mac, Location except) {
  return say(b, ip, mac, mac, except);
}

bool Questions::announce_host(BridgeIndex b, Mac mac, Location except) {
  Order order = order_in(b, kNoLocation);
  order.except = except;
  return send(order,
              build_rarp(order.octets, {.dst = kBroadcastMac, .src = mac}, make_rarp_request(mac)));
}

bool Questions::say(BridgeIndex b, const IpAddress& ip, Mac mac, Mac speaker, Location except) {
  Order order = order_in(b, kNoLocation);
  order.except = except;
  if (!ip.is_v6)
    return send(order, build_arp(order.octets, {.dst = kBroadcastMac, .src = speaker},
                                 make_garp_request(mac, ip)));
  NdView na = make_unsolicited_na(ip, mac);
  na.router = mac == topology_.bridge(b).gateway_mac;
  return send(order, build_nd(order.octets, {.dst = multicast_mac(kAllNodes), .src = speaker}, na));
}

bool Questions::refuse(BridgeIndex b, const IpAddress& ip, Mac mac, Mac prober, Location at) {
  Order order = order_in(b, at);
  const Mac from = topology_.bridge(b).own_mac;
  if (!ip.is_v6)
    return send(order, build_arp(order.octets, {.dst = prober, .src = from},
                                 make_arp_reply(make_arp_probe(prober, ip), mac)));
  return send(order, build_nd(order.octets, {.dst = multicast_mac(kAllNodes), .src = from},
                              make_unsolicited_na(ip, mac)));
}

void Questions::give_up(BridgeIndex bridge, const IpAddress& ip) {
  tell_all(OrderKind::kGiveUp, bridge, ip);
}

void Questions::turn_away(BridgeIndex bridge, const IpAddress& ip) {
  tell_all(OrderKind::kRefuse, bridge, ip);
}

void Questions::unpark(uint64_t host) {
  Order order;
  order.kind = OrderKind::kUnpark;
  order.host = host;
  for (Channel* channel : channels_) channel->orders.put(order);
}

void Questions::tell_all(OrderKind kind, BridgeIndex bridge, const IpAddress& ip) {
  Order order;
  order.kind = kind;
  order.bridge = bridge;
  order.ip = ip;
  // A worker without room goes on holding the frames; newer ones will push them out.
  for (Channel* channel : channels_) channel->orders.put(order);
}

}  // namespace godwit
