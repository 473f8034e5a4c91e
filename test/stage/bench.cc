#include "test/stage/bench.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/unit/small_tables.h"

#include "dataplane/pipeline.h"

namespace godwit::test {
namespace {

// Rings and pools have names, and several benches may stand side by side.
std::string unused_name() {
  static unsigned count = 0;
  return fmt::format("bench-{}", ++count);
}

template <class List>
uint16_t index_of(const List& list, std::string_view name) {
  const auto at =
      std::find_if(list.begin(), list.end(), [&](const auto& x) { return x.name == name; });
  if (at == list.end()) throw std::invalid_argument(fmt::format("no '{}' in the config", name));
  return static_cast<uint16_t>(at - list.begin());
}

}  // namespace

Bench::Bench(std::string_view yaml, unsigned mbufs)
    : config_(small_config(yaml)),
      pool_(rte_pktmbuf_pool_create(unused_name().c_str(), mbufs, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                    SOCKET_ID_ANY)),
      sent_(config_.ports.size()),
      port_list_(config_.ports.size()),
      topology(config_),
      tables(config_, kFixedSecret),
      fib(config_),
      channel(unused_name().c_str(), kEvents),
      worker(topology, tables, fib, channel, pool_.get(), port_list_) {
  if (!pool_) throw std::runtime_error("no memory for frame buffers");
  Sink& sink = *this;
  for (size_t p = 0; p < port_list_.size(); ++p) {
    ports_.push_back(std::make_unique<NarrowPort>(static_cast<PortIndex>(p), sink));
    port_list_[p] = ports_[p].get();
  }
  worker.use(std::make_unique<const PortList>(port_list_));
}

Bench::~Bench() {
  forget_sent();
  ports_.clear();  // with what nobody received
  CHECK(rte_mempool_avail_count(pool_.get()) == pool_->size);
}

PortIndex Bench::port(std::string_view name) const { return index_of(config_.ports, name); }
BridgeIndex Bench::bridge(std::string_view name) const { return index_of(config_.bridges, name); }

rte_mbuf* Bench::buffer_of(const Octets& frame, uint16_t headroom) {
  rte_mbuf* buffer = rte_pktmbuf_alloc(pool_.get());
  if (buffer == nullptr) throw std::runtime_error("the bench has no frame buffer left");
  buffer->data_off = headroom;
  char* room = rte_pktmbuf_append(buffer, static_cast<uint16_t>(frame.size()));
  if (room == nullptr) throw std::invalid_argument("a frame longer than a frame buffer");
  if (!frame.empty()) std::memcpy(room, frame.data(), frame.size());
  return buffer;
}

void Bench::offer(std::string_view name, const Octets& frame, uint16_t headroom) {
  ports_[port(name)]->offer(buffer_of(frame, headroom));
}

uint16_t Bench::step(Nanos now) {
  forget_sent();
  const uint16_t taken = worker.step(now);
  check_counters();
  return taken;
}

Names Bench::send(Nanos now, std::string_view name, const Octets& frame) {
  offer(name, frame);
  step(now);
  return reached();
}

Burst& Bench::receive(Nanos now, std::initializer_list<Arrival> arrivals) {
  forget_sent();
  worker.now = now;
  Burst& burst = worker.burst;
  burst.count = 0;
  for (const Arrival& arrival : arrivals) {
    burst.mbuf[burst.count] = held_.emplace_back(buffer_of(arrival.frame, RTE_PKTMBUF_HEADROOM));
    burst.in_port[burst.count++] = port(arrival.port);
  }
  return burst;
}

Names Bench::send(Nanos now, std::initializer_list<Arrival> arrivals) {
  Burst& burst = receive(now, arrivals);
  held_.clear();  // the pipeline's now
  for (const Arrival& arrival : arrivals) ++worker.port_counters[port(arrival.port)].rx;
  run_pipeline<false>(worker, burst);
  worker.step(now);  // sends
  check_counters();
  return reached();
}

void Bench::sent(const ArrayPort& port, rte_mbuf* frame) {
  const char* flaw = "";
  const bool is_whole = rte_mbuf_check(frame, 1, &flaw) == 0;
  INFO("a buffer that left: " << flaw);
  CHECK(is_whole);
  sent_[port.index()].push_back(frame);
}

void Bench::forget_sent() {
  for (std::vector<rte_mbuf*>& frames : sent_) {
    for (rte_mbuf* frame : frames) rte_pktmbuf_free(frame);
    frames.clear();
  }
  for (rte_mbuf* frame : held_) rte_pktmbuf_free(frame);
  held_.clear();
}

std::vector<Octets> Bench::sent(std::string_view name) const {
  std::vector<Octets> octets;
  for (const rte_mbuf* frame : buffers(name)) {
    const auto* start = rte_pktmbuf_mtod(frame, const uint8_t*);
    octets.emplace_back(start, start + frame->data_len);
  }
  return octets;
}

const std::vector<rte_mbuf*>& Bench::buffers(std::string_view name) const {
  return sent_[port(name)];
}

Names Bench::reached() const {
  Names names;
  for (size_t p = 0; p < sent_.size(); ++p)
    names.insert(names.end(), sent_[p].size(), config_.ports[p].name);
  return names;
}

void Bench::narrow(std::string_view name, uint16_t room) { ports_[port(name)]->room = room; }

uint16_t Bench::step_starved(Nanos now) {
  forget_sent();
  std::vector<rte_mbuf*> all(rte_mempool_avail_count(pool_.get()));
  REQUIRE(rte_pktmbuf_alloc_bulk(pool_.get(), all.data(), static_cast<unsigned>(all.size())) == 0);
  const uint16_t taken = step(now);
  rte_pktmbuf_free_bulk(all.data(), static_cast<unsigned>(all.size()));
  return taken;
}

FdbEntry Bench::entry(std::string_view name, Mac mac) const {
  return tables.fdb.find(bridge(name), mac).entry;
}

std::string Bench::where(std::string_view name, Mac mac) const {
  const FdbEntry found = entry(name, mac);
  if (found.is_free()) return "";
  return found.location() == kSelf ? "self" : config_.ports[found.location()].name;
}

std::vector<Event> Bench::events() {
  std::vector<Event> all;
  EventRing& ring = channel.events;
  for (Event event; ring.take_question(event) || ring.take_other(event);) all.push_back(event);
  return all;
}

Drops Bench::drops(std::string_view name) const {
  Drops drops;
  const auto& counts = counters(name).drops;
  for (size_t reason = 0; reason < counts.size(); ++reason)
    if (counts[reason] != 0) drops[kDropNames[reason]] = counts[reason];
  return drops;
}

const PortCounters& Bench::counters(std::string_view name) const {
  return worker.port_counters[port(name)];
}

void Bench::check_counters() const {
  for (size_t p = 0; p < config_.ports.size(); ++p) {
    const PortCounters& c = worker.port_counters[p];
    INFO("port " << config_.ports[p].name);
    CHECK(c.rx ==
          std::accumulate(c.drops.begin(), c.drops.end(), c.forwarded + c.consumed + c.held));
  }
}

}  // namespace godwit::test
