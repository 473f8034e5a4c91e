#include "dataplane/learn.h"

#include "dataplane/flood.h"
#include "dataplane/worker.h"

#include "lib/arbiter.h"
#include "lib/fdb.h"

namespace godwit {
namespace {

// How often a lost compare-and-swap is tried again. Each loss means that another worker moved or
// refreshed this very MAC in the nanoseconds between; a frame more or less decides nothing then.
constexpr int kTries = 4;

// True when the sighting is settled; `out` then says how. Else `hit` is the entry that is there.
bool insert(Tables& tables, const BridgeContext& bridge, const Sighting& seen, Nanos now,
            Fdb::Hit& hit, Located& out) {
  const FdbEntry entry = first_heard(seen.port, bridge.config->moves.host_class, now);
  const Fdb::Inserted inserted = tables.fdb.insert(seen.bridge, seen.mac, entry);
  switch (inserted.status) {
    case InsertStatus::kInserted:
      out.what = Learned::kNew;
      return true;
    case InsertStatus::kPortLimit:
      out.what = Learned::kPortLimit;
      return true;
    case InsertStatus::kBusy:
      out.what = Learned::kElsewhere;
      return true;
    case InsertStatus::kExists:
      hit = {inserted.slot, inserted.entry};
      return false;
    default:
      out.what = Learned::kBridgeLimit;
      return true;
  }
}

Learned outcome_of(Verdict verdict, FdbEntry current) {
  switch (verdict) {
    case Verdict::kMoved:
      return Learned::kMoved;
    case Verdict::kLate:
      return Learned::kLate;
    case Verdict::kDoubted:
      return Learned::kDoubted;
    case Verdict::kRefused:
      return current.location() == kSelf ? Learned::kGatewayMac : Learned::kRefused;
    case Verdict::kTested:
      return Learned::kTested;
    case Verdict::kUnverified:
      return Learned::kUnverified;
    case Verdict::kUpheld:
      return Learned::kUpheld;
    case Verdict::kRevived:
      return Learned::kRevived;
    case Verdict::kPending:
      return Learned::kPending;
    case Verdict::kKnown:
    case Verdict::kRefreshed:
      return Learned::kKnown;
  }
  return Learned::kKnown;
}

// The same for an entry that is there.
bool apply(Tables& tables, const BridgeContext& bridge, const Sighting& seen, Nanos now,
           const Fdb::Hit& hit, Located& out) {
  const Claim claim{seen.port, seen.announcement, now, seen.quiet};
  const auto [verdict, next] = judge(hit.entry, claim, bridge.config->moves);
  FdbEntry expected = hit.entry;
  if (!(next == hit.entry) && !tables.fdb.compare_exchange(hit.slot, expected, next)) return false;
  out = {outcome_of(verdict, hit.entry), hit.entry};
  return true;
}

// Frames that a destination's kernel sends before the VM runs there (NS, DAD, RS, MLD, ARP probes).
bool is_quiet(const Burst& burst, uint16_t i) {
  switch (burst.evidence[i]) {
    case Evidence::kNs:
    case Evidence::kDad:
    case Evidence::kRs:
    case Evidence::kArpProbe:
      return true;
    case Evidence::kData: {
      const EthernetView view = burst.ethernet(i);
      return view.ether_type == kEtherTypeIpv6 && is_mld(l3_of(view, burst.bytes(i)));
    }
    default:
      return false;
  }
}

bool is_complaint(EventKind kind) { return kind > EventKind::kAnswered; }

std::optional<EventKind> event_kind_of(Learned what) {
  switch (what) {
    case Learned::kMoved:
      return EventKind::kMoved;
    case Learned::kTested:
      return EventKind::kTested;
    case Learned::kUpheld:
      return EventKind::kUpheld;
    case Learned::kRevived:
      return EventKind::kRevived;
    case Learned::kRefused:
      return EventKind::kRefused;
    case Learned::kGatewayMac:
      return EventKind::kGatewayClaim;
    case Learned::kBridgeLimit:
      return EventKind::kLearnLimit;
    case Learned::kPortLimit:
      return EventKind::kPortQuota;
    default:
      return std::nullopt;
  }
}

void count(WorkerCounters& counters, Learned what) {
  switch (what) {
    case Learned::kNew:
      ++counters.learned;
      break;
    case Learned::kMoved:
      ++counters.moved;
      break;
    case Learned::kLate:
    case Learned::kDoubted:
    case Learned::kPending:
    case Learned::kUnverified:
      ++counters.late;
      break;
    case Learned::kTested:
      ++counters.tested;
      break;
    case Learned::kRefused:
    case Learned::kGatewayMac:
      ++counters.refused;
      break;
    case Learned::kBridgeLimit:
      ++counters.limit_bridge;
      break;
    case Learned::kPortLimit:
      ++counters.limit_port;
      break;
    default:
      break;
  }
}

Event event_of(const Worker& worker, const Burst& burst, uint16_t i) {
  return {.kind = EventKind::kMoved,
          .evidence = burst.evidence[i],
          .bridge = burst.bridge[i],
          .from = kNoLocation,
          .to = burst.in_port[i],
          .at = worker.now,
          .mac = fdb_mac(burst.src_key[i]),
          .other_mac = {},
          .ip = {}};
}

// Who snoops DHCP wants to know of hosts that may have been granted an address before.
void tell_of_new(Worker& worker, const Burst& burst, uint16_t i) {
  if (!worker.topology.bridge(burst.bridge[i]).config->inspect_dhcp ||
      !worker.testimonies[burst.in_port[i]].take(worker.now))
    return;
  Event event = event_of(worker, burst, i);
  event.kind = EventKind::kLearned;
  worker.events.post(event);
}

// Why the frame goes no further. One from a place that is not believed is passed on only for hosts
// that follow every frame otherwise.
std::optional<Drop> drop_for(const Located& located) {
  switch (located.what) {
    case Learned::kTested:
    case Learned::kUnverified:
      if (located.before.host_class() == HostClass::kLearned) return std::nullopt;
      return Drop::kUnverified;
    case Learned::kRefused:
      return Drop::kMacViolation;
    case Learned::kGatewayMac:
      return Drop::kGatewayClaim;
    default:
      return std::nullopt;
  }
}

// Counts and tells what became of frame i's source.
void conclude(Worker& worker, Burst& burst, uint16_t i, const Located& located) {
  burst.learned[i] = located.what;
  burst.was_at[i] = located.was();
  if (located.what == Learned::kNew) {  // the most frequent, and no news
    ++worker.counters.learned;
    return tell_of_new(worker, burst, i);
  }
  tell(worker, event_of(worker, burst, i), located);
  if (const auto reason = drop_for(located)) burst.drop_frame(i, *reason);
}

// Beyond a refresh: what a later frame of the same burst must see.
bool has_written(Learned what) {
  switch (what) {
    case Learned::kNew:
    case Learned::kMoved:
    case Learned::kDoubted:
    case Learned::kTested:
    case Learned::kUnverified:
    case Learned::kUpheld:
    case Learned::kRevived:
      return true;
    default:
      return false;
  }
}

// The source is not where the burst's lookup, or an earlier frame of the burst, last saw it. True
// when that changed the table in a way that a later frame of the burst must see.
[[gnu::noinline]] bool learn_cold(Worker& worker, Burst& burst, uint16_t i) {
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  const FdbEntry entry(burst.found_entry[i]);
  const bool at_home = !entry.is_free() && entry.location() == burst.in_port[i];
  if (!at_home && bridge.is_trusted(burst.in_port[i]) && is_reflection(worker, burst, i)) {
    ++worker.counters.reflected;
    burst.learned[i] = Learned::kReflected;
    burst.drop_frame(i, Drop::kReflection);
    return false;
  }
  const bool announces = burst.evidence[i] != Evidence::kData && burst.said(i).announcement;
  const Sighting seen{.bridge = burst.bridge[i],
                      .mac = fdb_mac(burst.src_key[i]),
                      .port = burst.in_port[i],
                      .announcement = announces,
                      .quiet = entry.state() == FdbState::kMigrating && is_quiet(burst, i),
                      .looked_up = entry.is_free()};
  const Located located = locate(worker.tables, bridge, seen, worker.now);
  conclude(worker, burst, i, located);
  return has_written(located.what);
}

// Whether it matters that an earlier frame of the burst may have written the entry of this source.
// A source that was unknown meets it when it is inserted; but a reflection is told by where its
// source is, and must not come so far.
bool must_look_again(const Worker& worker, const Burst& burst, uint16_t i) {
  if (burst.found_entry[i] != 0) return true;
  return burst.bridge[i] != kNoBridge &&
         worker.topology.bridge(burst.bridge[i]).is_trusted(burst.in_port[i]);
}

// Not every source is where it was.
[[gnu::noinline]] void learn_each(Worker& worker, Burst& burst, uint16_t tick) {
  const Fdb& fdb = worker.tables.fdb;
  bool written = false;  // by this burst: what the bulk lookup found may be out of date
  for (uint16_t i = 0; i < burst.count; ++i) {
    if (written && must_look_again(worker, burst, i))
      burst.found_entry[i] = fdb.find(burst.src_key[i]).entry.word();
    if (is_heard(FdbEntry(burst.found_entry[i]), burst.in_port[i], tick)) continue;
    if (burst.src_key[i] != Fdb::kNoKey)
      written |= learn_cold(worker, burst, i);
    else
      burst.learned[i] = Learned::kNothing;
  }
}

}  // namespace

std::optional<Event> news_of(Event event, const Located& located) {
  const auto kind = event_kind_of(located.what);
  if (!kind) return std::nullopt;
  event.kind = *kind;
  event.from = located.was();
  event.hinted = located.before.state() == FdbState::kMigrating;
  // Against a claim from elsewhere.
  if (*kind == EventKind::kUpheld) event.to = located.before.other();
  return event;
}

void tell(Worker& worker, const Event& event, const Located& located) {
  count(worker.counters, located.what);
  const auto news = news_of(event, located);
  if (!news) return;
  if (is_complaint(news->kind))
    worker.complain(*news);
  else
    worker.events.post(*news);
}

bool is_reflection(const Worker& worker, const Burst& burst, uint16_t i) {
  return worker.tables.reflections.seen(fingerprint(burst.ethernet(i), burst.bytes(i)), worker.now);
}

Located locate(Tables& tables, const BridgeContext& bridge, const Sighting& seen, Nanos now) {
  Located out;
  Fdb::Hit hit;
  if (!seen.looked_up) hit = tables.fdb.find(seen.bridge, seen.mac);
  for (int tries = 0; tries < kTries; ++tries) {
    if (!hit && (!seen.may_create || insert(tables, bridge, seen, now, hit, out))) return out;
    if (hit && apply(tables, bridge, seen, now, hit, out)) return out;
    hit = tables.fdb.find(seen.bridge, seen.mac);
  }
  out.what = Learned::kElsewhere;
  return out;
}

void learn(Worker& worker, Burst& burst) {
  const uint16_t tick = FdbEntry::stamp_s(worker.now);
  worker.tables.fdb.find_bulk(burst.src_key.data(), burst.src_home.data(), burst.count,
                              burst.found_entry.data());
  std::fill_n(burst.learned.begin(), burst.count, Learned::kKnown);
  uint64_t differs = 0;
  for (uint16_t i = 0; i < burst.count; ++i)
    differs |= differs_from_heard(FdbEntry(burst.found_entry[i]), burst.in_port[i], tick);
  if (differs != 0) learn_each(worker, burst, tick);
}

}  // namespace godwit
