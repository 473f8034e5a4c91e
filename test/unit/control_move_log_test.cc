#include <catch2/catch.hpp>

#include "control/move_log.h"

#include "lib/fdb.h"

namespace godwit {
namespace {

constexpr Mac kVm{0x525400000002};
constexpr BridgeIndex kBridge = 1;
constexpr Location kOld = 3;
constexpr Location kNew = 4;
constexpr Location kThird = 5;
constexpr Nanos kSettle = 5 * kSecond;
const uint64_t kKey = fdb_key(kBridge, kVm);

MoveRecord record(Nanos at, Location from = kOld, Location to = kNew) {
  MoveRecord move;
  move.at = at;
  move.bridge = kBridge;
  move.mac = kVm;
  move.from = from;
  move.to = to;
  return move;
}

// A log with one move at one second.
struct Log : MoveLog {
  Log() { accepted(record(kSecond)); }
  void offer(Nanos at, std::vector<Location> delivered) { offered(kKey, at, delivered, kSettle); }
};

}  // namespace

TEST_CASE("the blackhole ends with the first frame delivered at the new place", "[control]") {
  Log log;
  CHECK(log.has_moved(kKey));
  CHECK_FALSE(log.all()[0].blackhole);
  log.offer(kSecond + 3, {kOld});
  log.offer(kSecond + 4, {});
  CHECK_FALSE(log.all()[0].blackhole);
  log.offer(kSecond + 7, {kNew});
  log.offer(kSecond + 9, {kNew});
  CHECK(log.all()[0].blackhole == 7);
  CHECK(log.all()[0].misdelivered == 1);
  CHECK(log.all()[0].lost == 1);
}

TEST_CASE("a frame that is flooded reaches the new place too", "[control]") {
  Log log;
  log.offer(kSecond, {kOld, kThird, kNew});
  CHECK(log.all()[0].blackhole == 0);
  CHECK(log.all()[0].misdelivered == 0);
}

TEST_CASE("a frame that reached others only is neither lost nor misdelivered", "[control]") {
  Log log;
  log.offer(kSecond, {kThird});
  CHECK_FALSE(log.all()[0].blackhole);
  CHECK(log.all()[0].misdelivered == 0);
  CHECK(log.all()[0].lost == 0);
}

TEST_CASE("frames are lost until the host has settled", "[control]") {
  Log log;
  log.offer(kSecond + kSettle - 1, {});
  CHECK(log.all()[0].lost == 1);
  log.offer(kSecond + kSettle, {});
  CHECK(log.all()[0].lost == 1);
  log.offer(kSecond + kSettle, {kOld});  // but misdelivered at any time
  CHECK(log.all()[0].misdelivered == 1);
}

TEST_CASE("what follows counts for the last move", "[control]") {
  Log log;
  log.accepted(record(2 * kSecond, kNew, kOld));
  log.offer(2 * kSecond + 5, {kNew});
  log.offer(2 * kSecond + 6, {kOld});
  REQUIRE(log.all().size() == 2);
  CHECK_FALSE(log.all()[0].blackhole);
  CHECK(log.all()[1].misdelivered == 1);
  CHECK(log.all()[1].blackhole == 6);
}

TEST_CASE("frames for others are not counted", "[control]") {
  Log log;
  log.offered(fdb_key(0, kVm), kSecond, {}, kSettle);
  CHECK(log.all()[0].lost == 0);
  CHECK_FALSE(log.has_moved(fdb_key(0, kVm)));
}

TEST_CASE("one record stands for a claim until it pauses", "[control]") {
  MoveLog log;
  log.rejected(record(0));
  log.rejected(record(30 * kSecond - 1));
  log.rejected(record(59 * kSecond));  // 30 s since the first, not since the last
  CHECK(log.all().size() == 1);
  log.rejected(record(89 * kSecond));
  CHECK(log.all().size() == 2);
  log.rejected(record(89 * kSecond, kOld, kThird));  // another claimant
  REQUIRE(log.all().size() == 3);
  for (const MoveRecord& move : log.all()) CHECK(move.verdict == MoveVerdict::kRejected);
  CHECK_FALSE(log.has_moved(kKey));
}

TEST_CASE("a claim is remembered no longer than it takes to pause", "[control]") {
  MoveLog log;
  constexpr size_t kMostClaims = 65'536;
  log.keep_at_most(2 * kMostClaims);
  const auto claim = [&](uint64_t host, Nanos at) {
    MoveRecord move = record(at);
    move.mac = Mac{kVm.bits + host};
    log.rejected(std::move(move));
  };
  for (uint64_t host = 0; host < kMostClaims; ++host) claim(host, 0);
  CHECK(log.all().size() == kMostClaims);
  claim(kMostClaims, kSecond);
  CHECK(log.all().size() == kMostClaims);
  CHECK(log.omitted() == 1);
  claim(0, 29 * kSecond);  // goes on
  CHECK(log.omitted() == 1);
  claim(kMostClaims, 31 * kSecond);
  CHECK(log.all().size() == kMostClaims + 1);
  claim(0, 58 * kSecond);  // 29 s since it was heard last
  CHECK(log.all().size() == kMostClaims + 1);
  claim(1, 58 * kSecond);
  CHECK(log.all().size() == kMostClaims + 2);
  CHECK(log.omitted() == 1);
}

TEST_CASE("the log keeps the latest moves by their numbers, and counts the others", "[control]") {
  MoveLog log;
  log.keep_at_most(3);
  for (Nanos n = 0; n < 3; ++n) log.accepted(record(n));
  CHECK(log.omitted() == 0);
  for (Nanos n = 3; n < 8; ++n) log.accepted(record(n));
  CHECK(log.omitted() == 5);
  REQUIRE(log.all().size() == 3);
  CHECK(log.records().begin() == 5);
  CHECK(log.records().end() == 8);
  for (Nanos n = 5; n < 8; ++n) CHECK(log.records()[n].at == n);
  log.offered(kKey, 8, {}, kSettle);
  CHECK(log.records()[7].lost == 1);
}

TEST_CASE("a host whose move is not on record any more has none", "[control]") {
  Log log;  // of the host's move
  const auto move_others = [&](uint64_t first, uint64_t end) {
    for (uint64_t n = first; n < end; ++n) {
      MoveRecord move = record(2 * kSecond);
      move.mac = Mac{kVm.bits + n};
      log.accepted(std::move(move));
    }
  };
  move_others(1, MoveLog::kLatest);
  CHECK(log.has_moved(kKey));
  move_others(MoveLog::kLatest, MoveLog::kLatest + 1);
  CHECK_FALSE(log.has_moved(kKey));
  log.offer(3 * kSecond, {});
  log.reverted(kKey);
  log.frozen(kKey, kOld);
  CHECK(log.revised().end() == 0);
  for (const MoveRecord& move : log.all()) CHECK(move.lost == 0);
}

TEST_CASE("verdicts that change are told as they were", "[control]") {
  Log log;
  log.frozen(kKey, kOld);
  REQUIRE(log.revised().end() == 2);
  CHECK(log.revised()[0].verdict == MoveVerdict::kReverted);
  CHECK(log.revised()[1].verdict == MoveVerdict::kFrozen);
  for (Nanos n = 2; n < 10'000; ++n) {
    log.accepted(record(n * kSecond));
    log.reverted(kKey);
  }
  CHECK(log.revised().end() == 10'000);
  CHECK(log.revised().latest().size() == 4096);
  CHECK(log.revised()[9'999].at == 9'999 * kSecond);
}

TEST_CASE("a claim that is believed in the end is one record, from its first frame on",
          "[control]") {
  Log log;
  MoveRecord claim = record(9 * kSecond, kNew, kThird);
  claim.evidence = Evidence::kRarp;
  log.claimed(claim);
  log.offer(9 * kSecond + 4, {kNew});
  const bool by_itself = GENERATE(false, true);  // three frames, or the VM manager's word
  if (by_itself)
    log.accepted(record(10 * kSecond, kNew, kThird));
  else
    log.decided(kKey, MoveVerdict::kAccepted);
  log.offer(10 * kSecond, {kThird});
  REQUIRE(log.all().size() == 2);
  CHECK(log.all()[1].at == 9 * kSecond);
  CHECK(log.all()[1].evidence == Evidence::kRarp);
  CHECK(log.all()[1].verdict == MoveVerdict::kAccepted);
  CHECK(log.all()[1].misdelivered == 1);
  CHECK(log.all()[1].blackhole == kSecond);
}

TEST_CASE("a claim that another move overtakes was not believed", "[control]") {
  Log log;
  log.claimed(record(9 * kSecond, kNew, kThird));
  log.offer(9 * kSecond + 4, {kNew});
  log.accepted(record(10 * kSecond, kNew, kOld));
  REQUIRE(log.all().size() == 3);
  CHECK(log.all()[1].to == kThird);
  CHECK(log.all()[1].verdict == MoveVerdict::kRejected);
  CHECK(log.all()[1].misdelivered == 0);
  CHECK(log.all()[2].verdict == MoveVerdict::kAccepted);
}

TEST_CASE("of a move that was taken back, what went to the false place went astray", "[control]") {
  Log log;
  log.offer(kSecond + 1, {kNew});
  log.offer(kSecond + 2, {kOld});
  log.reverted(kKey);
  for (Nanos n = 0; n < 9; ++n) log.offer(2 * kSecond + n, {kOld});
  REQUIRE(log.all().size() == 1);
  CHECK(log.all()[0].verdict == MoveVerdict::kReverted);
  CHECK(log.all()[0].misdelivered == 1);
  CHECK_FALSE(log.has_moved(kKey));
}

TEST_CASE("who is frozen for a false claim has moved rightly before", "[control]") {
  Log log;
  log.claimed(record(9 * kSecond, kNew, kThird));
  log.decided(kKey, MoveVerdict::kRejected);
  log.claimed(record(10 * kSecond, kNew, kThird));  // stands for the first, but for its end
  log.frozen(kKey, kNew);
  REQUIRE(log.all().size() == 3);
  CHECK(log.all()[0].verdict == MoveVerdict::kAccepted);
  CHECK(log.all()[1].verdict == MoveVerdict::kRejected);
  CHECK(log.all()[2].verdict == MoveVerdict::kFrozen);
  CHECK(log.all()[2].at == 10 * kSecond);
}

TEST_CASE("who is frozen for a move stays where that led, or was taken back", "[control]") {
  Log log;
  const Location place = GENERATE(as<Location>{}, kNew, kOld);
  log.offer(kSecond + 1, {kNew});
  log.frozen(kKey, place);
  CHECK(log.all()[0].verdict == MoveVerdict::kFrozen);
  CHECK(log.all()[0].misdelivered == (place == kOld ? 1 : 0));
  CHECK(log.has_moved(kKey) == (place == kNew));
}

}  // namespace godwit
