// A script through the whole pipeline, with control behind it, on virtual time. The sanitizers
// watch the memory, frame buffers too (test/fuzz/poisoned_pool.h); test/fuzz/pipeline_world.cc
// watches what must hold of every frame, table and clock.
//
// A script is an octet that names the scene, then records until it ends:
//
//   1 octet   what:3 | port:3 | time:2
//   0 .. 2    time since the last record: none, 16 bits of 10 us, 16 bits of 10 ms, 8 bits of hours
//   what 0 .. 3: a frame by its recipe of 5 octets, and 2 for each edit that its flags tell of
//        4: an octet, how many and whose host is the next each time; then a recipe as above
//        5: a frame as it is: its length in 16 bits, and its octets
//        6: an octet, a mishap or what an operator says: see Script::disturb
//        7: an octet, a frame that godwit has sent comes back: see Script::send_back
//
// Where the script ends too early, the rest is 0.
//
// With GODWIT_FUZZ_FRAMES=N in the environment the search ends after N frames.
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <span>

#include <sys/prctl.h>

#include "control/eal.h"
#include "test/fuzz/pipeline_frames.h"
#include "test/fuzz/pipeline_world.h"

namespace godwit::test {
namespace {

class Script {
 public:
  Script(std::span<const uint8_t> octets, World& world) : rest_(octets), world_(world) {}

  void play() {
    while (!rest_.empty()) play_record();
    world_.settle();
  }

 private:
  uint8_t take() {
    if (rest_.empty()) return 0;
    const uint8_t octet = rest_.front();
    rest_ = rest_.subspan(1);
    return octet;
  }
  uint16_t take16() {
    const uint8_t high = take();
    return static_cast<uint16_t>(high << 8 | take());
  }

  void play_record() {
    const uint8_t head = take();
    pass_time(head & 3U);
    const auto port = static_cast<PortIndex>((head >> 2 & 7U) % world_.ports());
    switch (head >> 5) {
      case 4:
        return play_many(port);
      case 5:
        return world_.offer(port, take_frame());
      case 6:
        return disturb(port);
      case 7:
        return send_back(port);
      default:
        return play_recipe(port, take_recipe(), 1, 0);
    }
  }

  void pass_time(unsigned unit) {
    constexpr Nanos kHour = 3600 * kSecond;
    switch (unit) {
      case 1:
        return world_.run_for(take16() * 10 * kMicrosecond);
      case 2:
        return world_.run_for(take16() * 10 * kMillisecond);
      case 3:
        return world_.run_for(take() * kHour);
      default:
        return;
    }
  }

  Recipe take_recipe() {
    Recipe recipe;
    recipe.kind = take();
    recipe.src = take();
    recipe.dst = take();
    recipe.size = take();
    recipe.flags = take();
    return recipe;
  }

  // The recipe's frame, again and again, each from or to the next host.
  void play_recipe(PortIndex port, Recipe recipe, unsigned count, unsigned steps) {
    std::vector<Edit> edits((recipe.flags & Recipe::kEdits) >> 4);
    for (Edit& e : edits) e = {take(), take()};
    for (unsigned n = 0; n < count; ++n) {
      world_.offer(port, make_frame(recipe, edits), (recipe.flags & Recipe::kNoHeadroom) != 0);
      recipe.src += steps & 1U;
      recipe.dst += steps >> 1 & 1U;
    }
  }

  void play_many(PortIndex port) {
    const uint8_t many = take();
    play_recipe(port, take_recipe(), 1 + many % 64U, many >> 6);
  }

  Octets take_frame() {
    const size_t size = std::min<size_t>(take16(), rest_.size());
    Octets frame(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(size));
    rest_ = rest_.subspan(size);
    return frame;
  }

  // 255: no buffers. 248: announce. 249 .. 254: flush. 241 .. 246: a VM manager's steps. 240: a
  // link. Else the port takes so many frames.
  void disturb(PortIndex port) {
    constexpr uint8_t kLink = 240;
    constexpr uint8_t kFirstStep = 241;
    constexpr uint8_t kAnnounce = 248;
    const uint8_t how = take();
    if (how == UINT8_MAX) return world_.starve();
    if (how < kLink || how == kAnnounce - 1) return world_.narrow(port, how);
    const auto bridge = static_cast<BridgeIndex>(port % world_.bridges());
    Hint hint;
    if (how == kLink)
      hint.what = LinkHint{port, take() % 2 == 1};
    else if (how < kAnnounce)
      hint.what = vm_hint_of(static_cast<VmStep>(how - kFirstStep));
    else if (how == kAnnounce)
      hint.what = AnnounceHint{bridge};
    else
      hint.what = flush_of(how, port, bridge);
    world_.hear(hint);
  }

  // Three octets: the host, as in recipes; the places and what else is said; and the bridge.
  VmHint vm_hint_of(VmStep step) {
    constexpr std::array<Nanos, 4> kTtls = {kMillisecond, kSecond, 10 * kSecond, 100 * kSecond};
    const uint8_t host = take();
    const uint8_t more = take();
    const uint8_t where = take();
    VmHint hint;
    hint.step = step;
    hint.bridge = static_cast<BridgeIndex>(where % world_.bridges());
    const auto& members = world_.topology().bridge(hint.bridge).members;
    hint.to = members[more % members.size()].port;
    if ((more & 0x10U) != 0) hint.from = members[(where >> 2) % members.size()].port;
    if ((more & 0x20U) != 0) hint.generation = where >> 4;
    if ((more & 0x40U) != 0)
      hint.ips = {address_of(host, (more & 0x80U) != 0)};
    else
      hint.mac = mac_of(host);
    hint.ttl = kTtls[where >> 6];
    return hint;
  }

  // The bits of `how` tell what is named; at least one is.
  FlushHint flush_of(uint8_t how, PortIndex port, BridgeIndex bridge) {
    FlushHint flush;
    if ((how & 1U) != 0) flush.port = port;
    if ((how & 2U) != 0) flush.ipv6 = take() % 2 == 1;
    if ((how & 4U) != 0) flush.bridge = bridge;
    return flush;
  }

  // What godwit sent comes in somewhere, as it was or with one octet changed.
  void send_back(PortIndex port) {
    const uint8_t which = take();
    Octets frame = world_.sent(which & 7U);
    if (const size_t at = which >> 3; at != 0 && at < frame.size()) frame[at] = take();
    world_.offer(port, frame);
  }

  std::span<const uint8_t> rest_;
  World& world_;
};

// How much was played, told at the end.
class Tally {
 public:
  Tally() {
    if (const char* most = std::getenv("GODWIT_FUZZ_FRAMES"))
      most_ = std::strtoull(most, nullptr, 0);
  }
  ~Tally() { tell(); }
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;

  void add(uint64_t frames) {
    ++scripts_;
    frames_ += frames;
    if (frames_ < most_ || told_) return;
    tell();
    std::raise(SIGUSR1);  // asks libFuzzer to end the search
  }

 private:
  void tell() {
    if (!told_) std::fprintf(stderr, "%lu frames in %lu scripts\n", frames_, scripts_);
    told_ = true;
  }

  uint64_t most_ = UINT64_MAX;
  uint64_t frames_ = 0;
  uint64_t scripts_ = 0;
  bool told_ = false;
};

Eal start() {
  // The small tables of each input would take huge pages, which the kernel clears each time.
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  return Eal(Eal::arguments_without_devices());
}

void play(std::span<const uint8_t> octets) {
  static const Eal eal = start();
  static Tally tally;
  if (octets.empty()) return;
  World world(scene(octets[0] % kScenes));
  Script(octets.subspan(1), world).play();
  tally.add(world.received());
}

}  // namespace
}  // namespace godwit::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  godwit::test::play({data, size});
  return 0;
}
