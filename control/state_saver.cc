#include "control/state_saver.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "control/atomic_file.h"
#include "control/log.h"

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr uint32_t kBucketsATurn = 512;  // of some hosts each
constexpr Nanos kSoon = 5 * kSecond;
constexpr Nanos kLater = 30 * kSecond;
constexpr unsigned kRest = 20;  // times as long as the work took

std::string write_to(const std::string& path, const State& state) {
  try {
    write_state(path, state);
    return {};
  } catch (const WriteError& error) {
    return error.what();
  }
}

}  // namespace

StateSaver::StateSaver(std::string path, const Topology& topology, const Tables& tables,
                       const Control& control)
    : path_(std::move(path)), topology_(topology), tables_(tables), control_(control) {}

void StateSaver::turn(Nanos now, Nanos unix_time) {
  if (writing_.valid()) {
    if (is_written()) ended_ = now;
    return;
  }
  if (!collecting_) {
    const Nanos wait =
        std::max(changes() != changes_seen_ ? kSoon : kLater, (ended_ - began_) * kRest);
    if (now < ended_ + wait) return;
    begin(now);
  }
  // Numbers have other names by now.
  if (config_ != topology_.number()) begin(now);
  if (step(now, unix_time)) write();
}

void StateSaver::save(Nanos now, Nanos unix_time) {
  if (writing_.valid()) {
    writing_.wait();
    is_written();
  }
  begin(now);
  while (!step(now, unix_time)) {
  }
  write();
  writing_.wait();
  is_written();
}

// What makes the file of a moment ago wrong.
uint64_t StateSaver::changes() const {
  return tables_.fdb.quota().inserted() + tables_.neighbors.quota().inserted() +
         control_.moves().count(MoveVerdict::kAccepted) + control_.aged_locations() +
         control_.aged_neighbors();
}

void StateSaver::begin(Nanos now) {
  began_ = now;
  changes_seen_ = changes();
  config_ = topology_.number();
  collecting_ = true;
  fdb_done_ = false;
  at_ = 0;
  configured_.clear();
  for (const BridgeContext& bridge : topology_.bridges()) {
    if (bridge.has_gateway) configured_.insert(bridge.gateway_key);
    for (const StaticHostConfig& host : bridge.config->static_hosts)
      configured_.insert(fdb_key(bridge.index, host.mac));
  }
  state_ = State{};
  for (const PortContext& port : topology_.ports()) state_.ports.push_back(port.name);
  for (const BridgeContext& bridge : topology_.bridges()) state_.bridges.push_back(bridge.name);
  // With room for what comes meanwhile, so that it need not be copied to another place.
  const auto entries = tables_.fdb.quota().total() + tables_.neighbors.quota().total();
  state_.records.reserve(static_cast<size_t>(entries + entries / 8) + 1024);
}

// True when everything is collected.
bool StateSaver::step(Nanos now, Nanos unix_time) {
  const uint64_t now_s = unix_time / kSecond;
  if (!fdb_done_) {
    at_ = tables_.fdb.walk(at_, kBucketsATurn, [&](uint32_t slot) { add_host(slot, now, now_s); });
    fdb_done_ = at_ == tables_.fdb.slot_count();
    if (fdb_done_) at_ = 0;
    return false;
  }
  at_ = tables_.neighbors.walk(at_, kBucketsATurn,
                               [&](uint32_t slot) { add_mapping(slot, now, now_s); });
  return at_ == tables_.neighbors.slot_count();
}

void StateSaver::add_host(uint32_t slot, Nanos now, uint64_t now_s) {
  const uint64_t key = tables_.fdb.key_at(slot);
  const FdbEntry entry = tables_.fdb.entry_at(slot);
  if (key == 0 || entry.is_free() || entry.state() == FdbState::kOffline) return;
  const bool pinned = entry.host_class() == HostClass::kStatic;
  if (entry.location() >= topology_.ports().size() || (pinned && is_configured(key))) return;
  StateRecord record;
  record.kind = pinned ? StateRecord::Kind::kPinnedHost : StateRecord::Kind::kHost;
  record.bridge = fdb_bridge(key);
  record.port = entry.location();
  record.when_s = now_s - (pinned ? 0 : seconds_since_heard(entry, now));
  record.mac = fdb_mac(key).bits;
  state_.records.push_back(record);
}

void StateSaver::add_mapping(uint32_t slot, Nanos now, uint64_t now_s) {
  const auto host = tables_.neighbors.host_at(slot);
  const NeighborEntry entry = tables_.neighbors.entry_at(slot);
  if (!host || !entry.mac().is_station() || entry.state() == NeighborState::kFailed) return;
  const bool pinned = (entry.flags() & kStaticNeighbor) != 0;
  if (pinned && is_configured(fdb_key(host->bridge, entry.mac()))) return;
  StateRecord record;
  record.kind = pinned ? StateRecord::Kind::kPinnedMapping : StateRecord::Kind::kMapping;
  record.is_v6 = host->ip.is_v6 ? 1 : 0;
  record.bridge = host->bridge;
  const Location port = tables_.neighbors.port(slot);
  if (port < topology_.ports().size()) record.port = port;
  record.when_s = now_s - tables_.neighbors.silent_s(slot, static_cast<uint32_t>(now / kSecond));
  record.mac = entry.mac().bits;
  record.ip_hi = host->ip.hi;
  record.ip_lo = host->ip.lo;
  if ((entry.flags() & kRegisteredNeighbor) != 0) {
    const auto ends = control_.leases().ends(host->bridge, host->ip);
    if (!ends) return;  // it ends at this moment
    record.kind = StateRecord::Kind::kLease;
    record.when_s =
        *ends == kNever ? StateRecord::kForever : now_s + (std::max(*ends, now) - now) / kSecond;
  }
  state_.records.push_back(record);
}

void StateSaver::write() {
  collecting_ = false;
  writing_ = std::async(std::launch::async, [path = path_, state = std::move(state_)] {
    return write_to(path, state);
  });
}

// An error is told once, as long as it is the same.
bool StateSaver::is_written() {
  if (writing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return false;
  std::string error = writing_.get();
  if (!error.empty() && error != told_)
    log("warning: the state is not saved: {} (name another file as control.state)", error);
  if (error.empty()) ++written_;
  told_ = std::move(error);
  return true;
}

}  // namespace godwit
