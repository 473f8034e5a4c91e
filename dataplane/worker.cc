#include "dataplane/worker.h"

#include <cstring>

#include "dataplane/park.h"
#include "dataplane/pipeline.h"

namespace godwit {
namespace {

// RARPs of hosts in more bridges than a worker looks at: each costs control some 100 us.
constexpr uint32_t kFarRarps = 1000;  // a second

// Frames for OFFLINE hosts that one worker tells control of.
constexpr uint32_t kSeeks = 1000;  // a second

// Orders of control that one round carries out, and held targets that it looks at.
constexpr unsigned kOrdersARound = 64;
constexpr unsigned kLooksARound = 8;
// Control knows of most of them already, and does not ask twice.
constexpr Nanos kAskAgain = 1 * kSecond;

// Of a limit, the burst that it allows is what two seconds bring: the timers of hosts are no
// metronomes.
uint32_t twice(Rate rate) {
  return static_cast<uint32_t>(std::min<uint64_t>(2 * rate.per_second, UINT32_MAX));
}
std::vector<TokenBucket> a_bucket_each(size_t ports, Rate rate) {
  return std::vector<TokenBucket>(ports, TokenBucket(rate.per_second, twice(rate)));
}

// A worker's share of the frames that may wait.
uint32_t hold_frames(const Config& config) {
  const uint64_t share = config.limits.unresolved / config.workers.count;
  return static_cast<uint32_t>(std::clamp<uint64_t>(share, 1, HoldQueues<Neighbor>::kMaxFrames));
}
HoldShare parked_share(const Config& config) {
  const uint64_t frames = config.limits.held / config.workers.count;
  return {static_cast<uint32_t>(std::clamp<uint64_t>(frames, 1, HoldQueues<uint64_t>::kMaxFrames)),
          config.limits.held_bytes / config.workers.count};
}
uint64_t punts_per_second(const Config& config) {
  return std::max<uint64_t>(1, config.limits.punt.per_second / config.workers.count);
}
// All that waits for one target leaves as one burst.
uint32_t hold_per_target(const Config& config) {
  return static_cast<uint32_t>(
      std::clamp<uint64_t>(config.limits.unresolved_per_target, 1, kMaxBurst));
}

bool is_for(const Order& order, const Membership& member) {
  if (order.to != kNoLocation) return order.to == member.port;
  return order.except != member.port && (member.trusted || !order.trusted_only);
}

}  // namespace

Worker::Worker(const Topology& topology_in, Tables& tables_in, const Fib& fib_in, Channel& channel,
               rte_mempool* pool_in, std::span<Port* const> ports)
    : topology(topology_in),
      tables(tables_in),
      fib(fib_in),
      events(channel.events),
      punts(channel.punts),
      leases(channel.leases),
      pool(pool_in),
      hold({hold_frames(topology_in.config())}, tables_in.secret),
      hold_share{hold_per_target(topology_in.config())},
      parked(parked_share(topology_in.config()), tables_in.secret, Yield::kLargest),
      port_counters(ports.size()),
      complaints(ports.size()),
      far_rarps(kFarRarps, kFarRarps),
      seeks(kSeeks, kSeeks),
      punt_rate(punts_per_second(topology_in.config()), kPunts),
      answers(a_bucket_each(ports.size(), topology_in.config().limits.arp_per_port)),
      resolutions(answers),
      testimonies(a_bucket_each(ports.size(), topology_in.config().limits.punt)),
      icmp_errors(a_bucket_each(ports.size(), topology_in.config().limits.icmp_errors)),
      answers_per_source(topology_in.config().limits.arp_per_source.per_second,
                         twice(topology_in.config().limits.arp_per_source), tables_in.secret),
      storm(topology_in.config()),
      dhcp_of_port(answers),
      dhcp(topology_in.config().limits.punt.per_second, twice(topology_in.config().limits.punt)),
      confirmed_claims(tables_in.secret),
      next_hops_memory(NextHopCache::kBytes),
      next_hops(next_hops_memory.get(), tables_in.secret),
      channel_(channel),
      owned_ports_(std::make_unique<const PortList>(ports)),
      published_ports_(owned_ports_.get()),
      ports_(owned_ports_.get()),
      burst_limit_(topology_in.config().workers.burst),
      tx_(ports.size()) {
  tx_pending_.reserve(ports.size());
  hearers.reserve(ports.size());
}

std::unique_ptr<const PortList> Worker::use(std::unique_ptr<const PortList> ports) {
  std::swap(owned_ports_, ports);
  published_ports_.store(owned_ports_.get(), std::memory_order_release);
  return ports;
}

void Worker::begin(Nanos at) {
  now = at;
  ports_ = published_ports_.load(std::memory_order_acquire);
  Order order;
  for (unsigned n = 0; n < kOrdersARound && channel_.orders.take(order); ++n) obey(order);
  if (!hold.empty()) look_at_held();
  if (!parked.empty()) unpark_some(*this);
  burst.count = 0;
}

uint16_t Worker::step(Nanos at) {
  begin(at);
  uint16_t taken = 0;
  for (const PortIndex p : ports_->present()) {
    const auto room = static_cast<uint16_t>(burst_limit_ - burst.count);
    const uint16_t n = (*ports_)[p]->rx(&burst.mbuf[burst.count], room);
    std::fill_n(&burst.in_port[burst.count], n, p);
    port_counters[p].rx += n;
    if (n > 0) received(p, &burst.mbuf[burst.count], n);
    burst.count += n;
    taken += n;
    if (burst.count == burst_limit_) process();
  }
  if (burst.count > 0) process();
  send_queued();
  return taken;
}

void Worker::step(Nanos at, PortIndex port, std::span<rte_mbuf* const> frames) {
  begin(at);
  while (!frames.empty()) {
    burst.count = static_cast<uint16_t>(std::min<size_t>(frames.size(), burst_limit_));
    std::copy_n(frames.begin(), burst.count, burst.mbuf.begin());
    std::fill_n(burst.in_port.begin(), burst.count, port);
    frames = frames.subspan(burst.count);
    port_counters[port].rx += burst.count;
    received(port, burst.mbuf.data(), burst.count);
    process();
  }
  send_queued();
}

void Worker::send_queued() {
  while (!tx_pending_.empty()) {  // a mirror may be added meanwhile
    const PortIndex p = tx_pending_.back();
    tx_pending_.pop_back();
    flush(p);
  }
}

void Worker::received(PortIndex port, rte_mbuf* const* frames, uint16_t count) {
  const PortContext& context = topology.port(port);
  if (tables.ports.any_down() && context.enabled) tables.ports.set(port, true);  // it is not
  if (context.mirror != kNoLocation) mirror(context.mirror, frames, count);
}

// As they are on the wire of the port that is watched.
void Worker::mirror(Location to, rte_mbuf* const* frames, uint16_t count) {
  for (uint16_t i = 0; i < count; ++i) {
    rte_mbuf* copy = rte_pktmbuf_copy(frames[i], pool, 0, UINT32_MAX);
    if (copy != nullptr)
      send(to, copy);
    else
      ++counters.copies_lost;
  }
}

void Worker::obey(const Order& order) {
  if (order.kind == OrderKind::kGiveUp) return give_up(*this, {order.bridge, order.ip});
  if (order.kind == OrderKind::kRefuse) return turn_away(*this, {order.bridge, order.ip});
  if (order.kind == OrderKind::kUnpark) return unpark(*this, order.host);
  if (order.kind == OrderKind::kDiscard) return discard(order);
  if (order.kind == OrderKind::kLimits)
    return storm.renew(static_cast<PortIndex>(order.to), topology.config());
  const BridgeContext& bridge = topology.bridge(order.bridge);
  // What is said in a host's name must not come back as a word of its own.
  if (load_mac(&order.octets[6]) != bridge.own_mac)
    tables.reflections.note(fingerprint(*parse_ethernet(order.frame()), order.frame()), now);
  for (const Membership& member : bridge.members)
    if (tables.ports.is_up(member.port) && is_for(order, member))
      originate(bridge, member.port, order.frame());
}

void Worker::discard(const Order& order) {
  const bool any_port = order.to == kNoLocation;
  const auto came_by_it = [&](const HeldFrame& held) {
    return (any_port || held.in_port == order.to) &&
           (order.bridge == kNoBridge || held.bridge == order.bridge);
  };
  const auto drop = [&](const HeldFrame& held) { drop_held(*this, held, Drop::kPortDown); };
  hold.drop_if(
      [&](const Neighbor& target, const HeldFrame& held) {
        return came_by_it(held) || (any_port && target.bridge == order.bridge);
      },
      drop);
  parked.drop_if([&](uint64_t, const HeldFrame& held) { return came_by_it(held); }, drop);
}

// Another worker may have heard the answer that frames wait for here; or the event that had control
// ask was lost.
void Worker::look_at_held() {
  std::array<Neighbor, kLooksARound> known;
  unsigned count = 0;
  hold.look_at_some(kLooksARound, [&](const Neighbor& target, PortIndex port, Nanos& asked) {
    if (tables.neighbors.find(target.bridge, target.ip)) {
      known[count++] = target;
    } else if (now - asked >= kAskAgain) {
      asked = now;
      post_unresolved(*this, port, target);
    }
  });
  for (unsigned n = 0; n < count; ++n) release(*this, known[n]);
}

void Worker::originate(const BridgeContext& bridge, PortIndex port,
                       std::span<const uint8_t> octets) {
  rte_mbuf* frame = rte_pktmbuf_alloc(pool);
  char* room = nullptr;
  if (frame != nullptr) room = rte_pktmbuf_append(frame, static_cast<uint16_t>(octets.size()));
  const bool fits = room != nullptr;
  if (fits) std::memcpy(room, octets.data(), octets.size());
  if (!fits ||
      !set_tag(frame, EthernetView{}, tag_form(bridge, topology.port(port)), bridge.vlan)) {
    rte_pktmbuf_free(frame);
    ++counters.own_lost;
    return;
  }
  originate(port, frame);
}

void Worker::process() {
  BurstObserver* const watching = observed();
  burst.watched = watching != nullptr;
  if (watching != nullptr) [[unlikely]]
    watching->arrived(burst, now);
  if (timed)
    run_pipeline<true>(*this, burst);
  else
    run_pipeline<false>(*this, burst);
  if (watching != nullptr) [[unlikely]]
    watching->seen(burst, now);
  burst.count = 0;
}

void Worker::flush_early(PortIndex port) {
  flush(port);
  std::erase(tx_pending_, port);
}

void Worker::flush(PortIndex port) {
  TxBuffer& buffer = tx_[port];
  const Location to = topology.port(port).mirror;
  if (to != kNoLocation) mirror(to, buffer.frames.data(), buffer.count);
  BurstObserver* const watching = observed();
  if (watching != nullptr) [[unlikely]]
    watching->offered(port, buffer.frames.data(), buffer.count, now);
  Port* const device =
      (*ports_)[port];  // none: the host's port is gone, and what is known of it not yet
  const uint16_t sent = device != nullptr ? device->tx(buffer.frames.data(), buffer.count) : 0;
  if (watching != nullptr) [[unlikely]]
    watching->taken(sent);
  port_counters[port].tx += sent;
  port_counters[port].tx_full += buffer.count - sent;
  for (uint16_t i = sent; i < buffer.count; ++i) {
    if (watching != nullptr) watching->dropped(buffer.frames[i], port, Drop::kTxFull, now);
    rte_pktmbuf_free(buffer.frames[i]);
  }
  buffer.count = 0;
}

}  // namespace godwit
