#include "test/bounds/world.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>
#include <rte_cycles.h>

#include "lib/byte_order.h"
#include "lib/config_parse.h"
#include "lib/packet.h"
#include "lib/packet_build.h"

namespace godwit::bounds {
namespace {

constexpr unsigned kMbufs = 1U << 15;
constexpr unsigned kEvents = 1U << 16;
constexpr uint16_t kUdpPort = 4000;
constexpr size_t kMaxFrame = 256;

Config config_of(std::string_view yaml) {
  ConfigResult result = parse_config(yaml);
  if (!result.ok()) throw std::runtime_error(result.errors.front().text);
  return std::move(result.config);
}

// The number in a frame of data; 0: it is none.
uint64_t number_in(const EthernetView& eth, std::span<const uint8_t> frame) {
  const std::span<const uint8_t> l3 = l3_of(eth, frame);
  std::span<const uint8_t> l4;
  if (eth.ether_type == kEtherTypeIpv4) {
    if (const auto ip = parse_ipv4(l3); ip && ip->protocol == kProtocolUdp) l4 = ip->payload;
  } else if (eth.ether_type == kEtherTypeIpv6) {
    if (const auto ip = parse_ipv6(l3); ip && ip->next_header == kProtocolUdp) l4 = ip->payload;
  }
  const auto udp = parse_udp(l4);
  return udp && udp->dst_port == kUdpPort && udp->payload.size() == 8
             ? load_be64(udp->payload.data())
             : 0;
}

// The address that an ARP request or a neighbor solicitation is about.
IpAddress asked_for(const EthernetView& eth, std::span<const uint8_t> frame) {
  const std::span<const uint8_t> l3 = l3_of(eth, frame);
  if (const auto arp = eth.ether_type == kEtherTypeArp ? parse_arp(l3) : std::nullopt)
    return arp->tpa;
  const auto nd = eth.ether_type == kEtherTypeIpv6 ? parse_nd(l3) : std::nullopt;
  return nd ? nd->target : IpAddress{};
}

}  // namespace

World::World(std::string_view yaml)
    : config_(config_of(yaml)),
      topology_(config_),
      pool_(rte_pktmbuf_pool_create("bounds", kMbufs, 0, 0, 512, SOCKET_ID_ANY)),
      tables_(config_, kFixedSecret),
      fib_(config_),
      channel_("bounds", kEvents),
      channels_{&channel_},
      port_list_(config_.ports.size()),
      quiescence_(1),
      worker_(topology_, tables_, fib_, channel_, pool_.get(), port_list_),
      control_(topology_, tables_, channels_, quiescence_) {
  if (!pool_) throw std::runtime_error("no memory for frame buffers");
  Sink& sink = *this;
  for (size_t p = 0; p < port_list_.size(); ++p) {
    ports_.push_back(std::make_unique<ArrayPort>(static_cast<PortIndex>(p), sink));
    port_list_[p] = ports_.back().get();
  }
  worker_.use(std::make_unique<const PortList>(port_list_));
}

World::~World() = default;

PortIndex World::port(std::string_view name) const {
  for (size_t p = 0; p < config_.ports.size(); ++p)
    if (config_.ports[p].name == name) return static_cast<PortIndex>(p);
  throw std::runtime_error(fmt::format("no port '{}'", name));
}

Nanos World::some(Nanos least, Nanos most) { return least + random_() % (most - least + 1); }

Host& World::add_host(Mac mac, const IpAddress& v4, const IpAddress& v6) {
  hosts_.push_back(std::make_unique<Host>());
  Host& host = *hosts_.back();
  host.mac = mac;
  host.v4 = v4;
  host.v6 = v6;
  by_mac_[mac.bits] = &host;
  by_ip_[v4] = by_ip_[v6] = &host;
  return host;
}

void World::at(Nanos when, std::function<void()> what) {
  agenda_.push({std::max(when, now_), deeds_++, std::move(what)});
}

void World::send(PortIndex from, const Octets& frame) {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_.get());
  if (mbuf == nullptr) throw std::runtime_error("out of frame buffers");
  std::memcpy(rte_pktmbuf_append(mbuf, static_cast<uint16_t>(frame.size())), frame.data(),
              frame.size());
  ports_[from]->offer(mbuf);
}

void World::run(Nanos until) {
  while (!agenda_.empty() && agenda_.top().when <= until) {
    const Nanos instant = agenda_.top().when;
    control_until(instant);
    while (!agenda_.empty() && agenda_.top().when == instant) {
      const Deed deed = agenda_.top();
      agenda_.pop();
      deed.what();
    }
    step();
  }
  control_until(until);
}

void World::control_until(Nanos instant) {
  while (control_.next_due() <= instant) {
    now_ = std::max(now_, control_.next_due());
    const uint64_t start = rte_rdtsc();
    control_.run_due(now_);
    cycles_ += rte_rdtsc() - start;
    step();
  }
  now_ = instant;
}

void World::step() {
  const uint64_t start = rte_rdtsc();
  uint16_t taken = 0;
  do {
    taken = worker_.step(now_);
    quiescence_.quiescent(0);
    control_.take_events(now_);
  } while (taken > 0 || worker_.has_work());
  cycles_ += rte_rdtsc() - start - hosts_cycles_;
  hosts_cycles_ = 0;
}

void World::sent(const ArrayPort& port, rte_mbuf* frame) {
  const uint64_t began = rte_rdtsc();
  const auto* start = rte_pktmbuf_mtod(frame, const uint8_t*);
  const Octets octets(start, start + frame->data_len);
  if (on_sent) on_sent(port.index(), octets);
  deliver(port.index(), octets);
  rte_pktmbuf_free(frame);
  hosts_cycles_ += rte_rdtsc() - began;
}

void World::deliver(PortIndex port, const Octets& frame) {
  const auto eth = parse_ethernet(frame);
  if (!eth) return;
  if (eth->dst.is_group()) {
    const auto asked = by_ip_.find(asked_for(*eth, frame));
    if (asked != by_ip_.end() && asked->second->at == port && asked->second->answers)
      answer(*asked->second, port, frame);
    return;
  }
  const auto known = by_mac_.find(eth->dst.bits);
  if (known == by_mac_.end()) return;
  Host& host = *known->second;
  const uint64_t number = number_in(*eth, frame);
  if (host.at == port && number == 0 && host.answers) answer(host, port, frame);
  if (number == 0) return;
  const auto& tell = host.at == port ? host.on_data : host.on_stray;
  if (tell) tell(number, port);
}

// To ARP and neighbor solicitations, as a kernel does: a fraction of a millisecond later, if the
// host is still there.
void World::answer(Host& host, PortIndex port, const Octets& frame) {
  const auto eth = parse_ethernet(frame);
  const std::span<const uint8_t> l3 = l3_of(*eth, frame);
  Octets out(kMaxFrame);
  size_t length = 0;
  if (const auto arp = eth->ether_type == kEtherTypeArp ? parse_arp(l3) : std::nullopt) {
    if (arp->op != kArpRequest || arp->tpa != host.v4 || arp->spa == arp->tpa) return;
    length = build_arp(out, {.dst = arp->sha, .src = host.mac}, make_arp_reply(*arp, host.mac));
  } else if (const auto nd = eth->ether_type == kEtherTypeIpv6 ? parse_nd(l3) : std::nullopt) {
    if (nd->type != NdType::kNs || nd->target != host.v6 || nd->src.is_unspecified()) return;
    length = build_nd(out, {.dst = eth->src, .src = host.mac}, make_na(*nd, host.mac));
  }
  if (length == 0) return;
  out.resize(length);
  at(now_ + some(20 * kMicrosecond, 400 * kMicrosecond), [this, &host, port, out] {
    if (host.at == port) send(port, out);
  });
}

Octets data_frame(Mac src, Mac dst, const IpAddress& from, const IpAddress& to, uint64_t number) {
  Octets frame(kMaxFrame);
  uint8_t payload[8];
  store_be64(payload, number);
  frame.resize(build_udp(frame, {.dst = dst, .src = src},
                         {.src = from, .dst = to, .src_port = kUdpPort, .dst_port = kUdpPort},
                         payload));
  return frame;
}

}  // namespace godwit::bounds
