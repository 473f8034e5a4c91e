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

void post(Worker& worker, const Burst& burst, uint16_t i, EventKind kind, const Located& located) {
  const bool upheld = kind == EventKind::kUpheld;  // against a claim from elsewhere
  const Event event{.kind = kind,
                    .evidence = burst.evidence[i],
                    .bridge = burst.bridge[i],
                    .from = located.was(),
                    .to = upheld ? located.before.other() : Location{burst.in_port[i]},
                    .hinted = located.before.state() == FdbState::kMigrating,
                    .at = worker.now,
                    .mac = fdb_mac(burst.src_key[i]),
                    .other_mac = {},
                    .ip = {}};
  if (kind == EventKind::kLearned) {
    if (worker.testimonies[burst.in_port[i]].take(worker.now)) worker.events.post(event);
  } else if (is_complaint(kind)) {
    worker.complain(event);
  } else {
    worker.events.post(event);
  }
}

// A frame from a place that is not believed is passed on only for hosts that follow every frame
// otherwise.
void keep_back(Burst& burst, uint16_t i, const Located& located) {
  if (located.before.host_class() != HostClass::kLearned) burst.drop_frame(i, Drop::kUnverified);
}

// Counts and tells what became of frame i's source.
void conclude(Worker& worker, Burst& burst, uint16_t i, const Located& located) {
  WorkerCounters& counters = worker.counters;
  burst.learned[i] = located.what;
  burst.was_at[i] = located.was();
  switch (located.what) {
    case Learned::kNew:
      ++counters.learned;
      if (worker.topology.bridge(burst.bridge[i]).config->inspect_dhcp)
        post(worker, burst, i, EventKind::kLearned, located);
      break;
    case Learned::kMoved:
      ++counters.moved;
      post(worker, burst, i, EventKind::kMoved, located);
      break;
    case Learned::kLate:
    case Learned::kDoubted:
    case Learned::kPending:
      ++counters.late;
      break;
    case Learned::kTested:
      ++counters.tested;
      post(worker, burst, i, EventKind::kTested, located);
      keep_back(burst, i, located);
      break;
    case Learned::kUnverified:
      ++counters.late;
      keep_back(burst, i, located);
      break;
    case Learned::kUpheld:
      post(worker, burst, i, EventKind::kUpheld, located);
      break;
    case Learned::kRevived:
      post(worker, burst, i, EventKind::kRevived, located);
      break;
    case Learned::kRefused:
      ++counters.refused;
      burst.drop_frame(i, Drop::kMacViolation);
      post(worker, burst, i, EventKind::kRefused, located);
      break;
    case Learned::kGatewayMac:
      ++counters.refused;
      burst.drop_frame(i, Drop::kGatewayClaim);
      post(worker, burst, i, EventKind::kGatewayClaim, located);
      break;
    case Learned::kBridgeLimit:
      ++counters.limit_bridge;
      post(worker, burst, i, EventKind::kLearnLimit, located);
      break;
    case Learned::kPortLimit:
      ++counters.limit_port;
      post(worker, burst, i, EventKind::kPortQuota, located);
      break;
    default:
      break;
  }
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
  const bool announces = burst.evidence[i] != Evidence::kData && burst.said[i].announcement;
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
