#include "control/hint_desk.h"

#include <algorithm>

#include <fmt/core.h>

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr int kTries = 1000;

bool goes_somewhere(VmStep step) { return step == VmStep::kPrepare || step == VmStep::kCommit; }

// It is where it was, by the manager's word: a claim on it is false, and it stands still no longer.
FdbEntry confirmed(FdbEntry entry, Nanos now) {
  if (entry.state() == FdbState::kTesting) return upheld(entry, now);
  if (entry.state() == FdbState::kSettling) return entry.with_aside(false);
  return rested(entry, now).with_aside(false);
}

// What is tested about it waits until it can answer.
FdbEntry stood_still(FdbEntry entry) {
  if (entry.state() != FdbState::kTesting) return entry.with_aside(true);
  return entry.with_aside(true).with_mark(false).with_windows(0);
}

}  // namespace

std::string HintDesk::hear(const VmHint& hint, Nanos now) {
  const Host host = find_host(hint);
  if (!host.refusal.empty()) return host.refusal;
  if (std::string refusal = refuse_old(host.key, hint); !refusal.empty()) return refusal;
  std::string refusal = apply(hint, host.key, now);
  if (refusal.empty()) note_generation(host.key, hint);
  return refusal;
}

HintDesk::Host HintDesk::find_host(const VmHint& hint) const {
  if (hint.mac) return {fdb_key(hint.bridge, *hint.mac), {}};
  std::optional<Mac> mac;
  for (const IpAddress& ip : hint.ips) {
    const auto hit = tables_.neighbors.find(hint.bridge, ip);
    if (!hit) return {0, fmt::format("{} is nobody's", to_string(ip))};
    if (mac && *mac != hit.entry.mac()) return {0, "the addresses are those of several hosts"};
    mac = hit.entry.mac();
  }
  return {fdb_key(hint.bridge, *mac), {}};
}

std::string HintDesk::refuse_old(uint64_t key, const VmHint& hint) const {
  if (!hint.generation) return {};
  const auto last = generations_.find(key);
  if (last == generations_.end() || last->second < *hint.generation) return {};
  return fmt::format("generation {} is not above {}, which was heard already", *hint.generation,
                     last->second);
}

void HintDesk::note_generation(uint64_t key, const VmHint& hint) {
  if (!hint.generation) return;
  if (generations_.size() >= kMostGenerations && !generations_.contains(key))
    generations_.erase(generations_.begin());
  generations_[key] = *hint.generation;
}

std::string HintDesk::apply(VmHint hint, uint64_t key, Nanos now) {
  for (;;) {
    Fdb::Hit hit = tables_.fdb.find(key);
    if (!hit) return hear_of_unknown(hint, key, now);
    // The host itself was faster than the manager: with its word there is nothing left to verify.
    if (hint.step == VmStep::kPrepare && hit.entry.state() == FdbState::kTesting &&
        hit.entry.other() == hint.to)
      hint.step = VmStep::kCommit;
    const bool is_there = goes_somewhere(hint.step) && hit.entry.location() == hint.to;
    if (hint.from && hit.entry.location() != *hint.from && !is_there)
      return fmt::format("it is at {}, not at {}", name_of_port(hit.entry.location()),
                         name_of_port(*hint.from));
    const Answer answer = weigh(hint, hit.entry, now);
    if (!answer.refusal.empty()) return answer.refusal;
    if (hint.step == VmStep::kLeave) {
      if (on_leave(key, hit.slot, hit.entry, now)) return {};
      continue;
    }
    const FdbEntry was = hit.entry;
    if (!(answer.next == was) && !tables_.fdb.compare_exchange(hit.slot, hit.entry, answer.next))
      continue;  // a frame was faster: judge again
    follow_up(hint, key, was, answer.next, now);
    return {};
  }
}

// The manager knows the host, and godwit has not heard it yet.
std::string HintDesk::hear_of_unknown(const VmHint& hint, uint64_t key, Nanos now) {
  const bool comes = hint.step == VmStep::kCommit;
  if (!comes && !(hint.step == VmStep::kPrepare && hint.from)) return "it is not known";
  const PortIndex at = comes ? hint.to : *hint.from;
  const HostClass host_class = topology_.bridge(hint.bridge).config->moves.host_class;
  const auto insert = [&] {
    return tables_.fdb.insert(hint.bridge, fdb_mac(key), first_heard(at, host_class, now));
  };
  auto inserted = insert();
  for (int tries = 0; inserted.status == InsertStatus::kBusy && tries < kTries; ++tries)
    inserted = insert();  // a worker is about to
  if (inserted.status != InsertStatus::kInserted && inserted.status != InsertStatus::kExists)
    return "there is no room for another host";
  if (comes && inserted.status == InsertStatus::kInserted) {
    on_commit(key, kNoLocation, at, now);
    return {};
  }
  return apply(hint, key, now);
}

HintDesk::Answer HintDesk::weigh(const VmHint& hint, FdbEntry entry, Nanos now) const {
  if (entry.host_class() == HostClass::kStatic) return {{}, "the configuration says where it is"};
  const bool prepared_for = entry.state() == FdbState::kMigrating;
  switch (hint.step) {
    case VmStep::kPrepare:
      if (entry.location() == hint.to)
        return {{}, fmt::format("it is at {} already", name_of_port(hint.to))};
      return {prepared(entry, hint.to, now), {}};
    case VmStep::kSuspend:
      if (entry.state() == FdbState::kOffline) return {{}, "its place is offline"};
      return {stood_still(entry), {}};
    case VmStep::kCommit:
      return weigh_commit(hint, entry, now);
    case VmStep::kCancel:
      if (!prepared_for && !is_held(entry)) return {{}, "nothing is prepared"};
      return {prepared_for ? rested(entry, now).with_aside(false) : entry.with_aside(false), {}};
    case VmStep::kResume:
      if (!is_held(entry)) return {{}, "it does not stand still"};
      return {entry.with_aside(false), {}};
    case VmStep::kLeave:
      if (prepared_for) return {{}, "it is about to move: cancel that first, or commit it"};
      return {entry, {}};
  }
  return {entry, {}};
}

HintDesk::Answer HintDesk::weigh_commit(const VmHint& hint, FdbEntry entry, Nanos now) const {
  if (entry.location() == hint.to) return {confirmed(entry, now), {}};
  if (entry.state() == FdbState::kMigrating && entry.other() != hint.to)
    return {{}, fmt::format("it was prepared for {}", name_of_port(entry.other()))};
  return {committed(entry, hint.to, now), {}};
}

void HintDesk::follow_up(const VmHint& hint, uint64_t key, FdbEntry was, FdbEntry is, Nanos now) {
  if (is_held(was) && !is.aside()) questions_.unpark(key);
  switch (hint.step) {
    case VmStep::kPrepare:
      return watch_.prepared(key, now + hint.ttl, now);
    case VmStep::kSuspend:
      return watch_.suspended(key, now + topology_.bridge(hint.bridge).config->moves.hold.time,
                              now);
    case VmStep::kCommit:
      if (was.location() == hint.to) return watch_.confirmed(key, was, now);
      watch_.committed(key, now);
      return on_commit(key, was.location(), hint.to, now);
    default:
      return;
  }
}

std::string HintDesk::name_of_port(Location at) const {
  return at < topology_.ports().size() ? topology_.port(at).name : "no port";
}

}  // namespace godwit
