// Every claim on a location and what became of it, with what it cost: the record that a network
// engineer asks for after a migration. The latest are kept, and each has a number for good.
//
// Control's thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "control/tail.h"

#include "lib/address.h"
#include "lib/evidence.h"
#include "lib/units.h"

namespace godwit {

enum class MoveVerdict : uint8_t { kAccepted, kRejected, kReverted, kFrozen };

inline constexpr std::array<std::string_view, 4> kMoveVerdictNames = {"accepted", "rejected",
                                                                      "reverted", "frozen"};

struct MoveRecord {
  Nanos at = 0;  // of the first frame from the new place
  BridgeIndex bridge = kNoBridge;
  Mac mac;
  std::vector<IpAddress> ips;  // that followed, sorted
  Location from = kNoLocation;
  Location to = kNoLocation;
  Evidence evidence = Evidence::kData;
  MoveVerdict verdict = MoveVerdict::kAccepted;
  std::optional<Nanos> blackhole;  // until the first frame to it was delivered at its new place
  // Frames for it that went to the old place only; of a move that was taken back, to the new one.
  uint64_t misdelivered = 0;
  uint64_t held = 0;
  uint64_t lost = 0;     // frames for it that were delivered nowhere, until it settled
  uint64_t arrived = 0;  // frames for it that were delivered at the new place
};

class MoveLog {
 public:
  static constexpr size_t kLatest = 65'536;                          // that are kept, unless:
  void keep_at_most(size_t records) { records_.set_most(records); }  // before the first

  // If the host was claimed for that very place before, and is believed only now, the record is
  // that claim's.
  void accepted(MoveRecord record);
  // One record stands for all frames of a claim, until it pauses for kPause. Claims beyond
  // kMostClaims in that time are counted as omitted.
  void rejected(MoveRecord record);

  // A claim that is verified before it is believed: at most one a host, until decided().
  void claimed(MoveRecord record);
  bool decided(uint64_t key, MoveVerdict verdict);  // false: there is none
  // The latest move of the host was a mistake: it was taken back, and what becomes of it from now
  // on has nothing to do with that move.
  void reverted(uint64_t key);
  // The latest claim on the host was one too many, and it stays at `place`.
  void frozen(uint64_t key, Location place);

  // The location of the host of this FDB key has ended: what becomes of it from now on has nothing
  // to do with its moves.
  void ended(uint64_t key) {
    last_.erase(key);
    pending_.erase(key);
    lost_before_.erase(key);
  }

  // The port's number is another's from now on: what is on record of it has no port there.
  void forget_port(PortIndex port);

  // This IP was found to be the host's at that instant: a move of the same instant, which the same
  // frame told of, takes it along.
  void named(uint64_t key, Nanos at, const IpAddress& ip);

  // A frame for the host of this FDB key ended: delivered at these ports (none: it was lost).
  void offered(uint64_t key, Nanos now, std::span<const Location> delivered, Nanos settle);
  // A frame for the host that was held has been delivered.
  void held(uint64_t key);
  // One that was held was lost, before a move or without one.
  void lost(uint64_t key);
  // Whether any move of this host is on record, or claimed.
  bool has_moved(uint64_t key) const { return last_.contains(key) || pending_.contains(key); }

  const Tail<MoveRecord>& records() const { return records_; }
  const std::deque<MoveRecord>& all() const { return records_.latest(); }  // that are kept
  // Records whose verdict has changed since, as it did.
  const Tail<MoveRecord>& revised() const { return revised_; }
  // Not on record, or not any more.
  uint64_t omitted() const { return omitted_claims_ + records_.begin(); }
  // How often this was the verdict, whatever it became later.
  uint64_t count(MoveVerdict verdict) const { return counts_[static_cast<size_t>(verdict)]; }

 private:
  static constexpr size_t kLatestRevised = 4096;
  static constexpr size_t kMostClaims = 65'536;  // at once, that one record each stands for
  static constexpr Nanos kPause = 30 * kSecond;

  struct ClaimKey {
    uint64_t key;
    Location at;
    bool operator==(const ClaimKey&) const = default;
  };
  struct ClaimHash {
    size_t operator()(const ClaimKey& c) const {
      return std::hash<uint64_t>{}(c.key * 0x9e3779b97f4a7c15 + c.at);
    }
  };

  using Claims = std::unordered_map<ClaimKey, Nanos, ClaimHash>;  // → last frame of the claim

  void keep(MoveRecord record);
  void turned_down(MoveRecord record, MoveVerdict verdict);
  void revise(MoveRecord& record, MoveVerdict verdict);
  MoveRecord* latest(uint64_t key);
  std::optional<Nanos> last_heard(const ClaimKey& claim) const;

  Tail<MoveRecord> records_{kLatest};
  Tail<MoveRecord> revised_{kLatestRevised};
  std::unordered_map<uint64_t, uint64_t> last_;         // key → latest accepted record, if kept
  std::unordered_map<uint64_t, MoveRecord> pending_;    // by key
  std::unordered_map<uint64_t, uint64_t> lost_before_;  // key → frames lost while held
  Claims claims_;                                       // heard since turned_
  Claims former_;                                       // heard before, in the last kPause
  Nanos turned_ = 0;
  uint64_t omitted_claims_ = 0;
  std::array<uint64_t, kMoveVerdictNames.size()> counts_{};
};

}  // namespace godwit
