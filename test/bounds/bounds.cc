// What moves cost, kind by kind: a thousand randomised moves each, on virtual time. Prints the
// table of docs/moves.md, and fails if a bound is not kept.
//   bounds [MOVES]    of each kind; 1000 unless said
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "control/eal.h"
#include "test/bounds/scene.h"
#include "test/bounds/traveller.h"
#include "test/bounds/world.h"

namespace godwit::bounds {
namespace {

constexpr unsigned kTravellers = 20;
constexpr Nanos kRefused = kNever;  // a host of this class must not follow such a sign
// Nothing is promised: a locked host waits for the VM manager, and until then is OFFLINE.
constexpr Nanos kUnbound = kNever - 1;

constexpr std::array<std::string_view, 3> kClasses = {"learned", "registered", "locked"};

using Bounds = std::array<Nanos, kClasses.size()>;

struct Kind {
  Sign sign;
  std::string_view note;
  bool answers;   // ARP and neighbor solicitations
  bool back;      // to where it has just come from, before the last move has settled
  Bounds bounds;  // by class, from the sign to the last frame that does not arrive
};

// A frame for the VM may be on its way when the verdict falls: hence a moment more.
constexpr Nanos kVerified = 150 * kMillisecond;
// Neither place answers: twice that, then three frames of the VM's, 20 ms apart.
constexpr Nanos kUnanswered = 300 * kMillisecond + 3 * 20 * kMillisecond;
// aging: 40s; three questions a second apart, on a clock of whole seconds.
constexpr Nanos kKeptAlive = (40 / 4 + 1 + 3 + 1) * kSecond;

// Data from the place left behind, in three spans of 60 ms.
constexpr Nanos kThreeWindows = 180 * kMillisecond;

constexpr Bounds kUnhinted = {0, kVerified, kRefused};
constexpr Bounds kHinted = {0, 0, 0};

constexpr Kind kKinds[] = {
    {Sign::kGarpRequest, "", true, false, kUnhinted},
    {Sign::kGarpReply, "", true, false, kUnhinted},
    {Sign::kRarp, "", true, false, kUnhinted},
    {Sign::kArpGateway, "", true, false, kUnhinted},
    {Sign::kArpOther, "", true, false, kUnhinted},
    {Sign::kReplyGateway, "", true, false, kUnhinted},
    {Sign::kReplyOther, "", true, false, kUnhinted},
    {Sign::kNs, "", true, false, kUnhinted},
    {Sign::kNa, "", true, false, kUnhinted},
    {Sign::kData, "", true, false, kUnhinted},
    {Sign::kData, ", answers nothing", false, false, {0, kUnanswered, kRefused}},
    {Sign::kRarp, ", back at once", true, true, kUnhinted},
    {Sign::kNa, ", back at once", true, true, kUnhinted},
    {Sign::kData, ", back at once", true, true, {kThreeWindows, kVerified, kRefused}},
    {Sign::kPrepared, "", true, false, kHinted},
    {Sign::kCommit, "", true, false, kHinted},
    {Sign::kSuspend, "", true, false, kHinted},
    {Sign::kSuspend, ", back at once", true, true, kHinted},
    {Sign::kLink, "", true, false, kHinted},
    {Sign::kKeepalive, "", true, false, {kKeptAlive, kKeptAlive, kUnbound}},
};

Tally measure(const Kind& kind, std::string_view host_class, bool v6, unsigned moves) {
  const bool alone = kind.sign == Sign::kLink;  // a link is every VM's of the port
  const bool mute = kind.sign == Sign::kKeepalive;
  const unsigned travellers = alone ? 1 : kTravellers;
  World world(scene_config(fmt::format("moves: {{class: {}, keepalive: {}}}\n    aging: {}s",
                                       host_class, mute, mute ? 40 : 300)));
  Tally tally;
  Traveller::Plan plan;
  plan.sign = kind.sign;
  plan.v6 = v6;
  plan.answers = kind.answers;
  plan.moves = (moves + travellers - 1) / travellers;
  if (mute) plan.watched = 20 * kSecond, plan.interval = 50 * kMillisecond;
  if (mute || alone) plan.pause = 8 * kSecond;
  if (kind.back) plan.pause = kSecond, plan.places = 2;
  std::vector<std::unique_ptr<Traveller>> all;
  Nanos end = 0;
  for (unsigned n = 0; n < travellers; ++n) {
    all.push_back(std::make_unique<Traveller>(world, add_vm(world, n + 1), n + 1, plan, tally));
    end = std::max(end, all.back()->begin(world.some(0, kSecond)));
  }
  world.run(end + 100 * kSecond);
  return tally;
}

bool is_kept(const Tally& tally, const Kind& kind, Nanos bound) {
  if (bound == kRefused) return tally.lost + tally.misdelivered == tally.offered;
  const bool whole = kind.sign == Sign::kSuspend;
  if (whole && (tally.lost + tally.misdelivered + tally.reordered) != 0) return false;
  if (tally.doubled != 0) return false;
  return bound == 0 ? tally.lost + tally.misdelivered == 0 : tally.longest <= bound;
}

std::string in_ms(Nanos time) { return fmt::format("{:.1f}", static_cast<double>(time) / 1e6); }

bool run(const Kind& kind, size_t host_class, bool v6, unsigned moves) {
  const Nanos bound = kind.bounds[host_class];
  if (bound == kUnbound) return true;
  if (bound == kRefused) moves = kTravellers;  // each moves once, and is then where nobody looks
  const Tally t = measure(kind, kClasses[host_class], v6, moves);
  const bool kept = t.moves >= moves && is_kept(t, kind, bound);
  fmt::print("| {}{} | {} | {} | {} | {} | {} | {} | {} | {} | {}{} |\n", to_string(kind.sign),
             kind.note, kClasses[host_class], v6 ? "v6" : "v4", t.moves, t.offered, t.lost,
             t.misdelivered, t.doubled, in_ms(t.longest),
             bound == kRefused ? "refused" : in_ms(bound), kept ? "" : " **not kept**");
  std::fflush(stdout);
  return kept;
}

bool run_all(unsigned moves) {
  bool all_kept = true;
  fmt::print(
      "| sign of the move | class | IP | moves | frames after it | lost | to the old place | "
      "doubled | longest, ms | bound, ms |\n"
      "|---|---|---|---:|---:|---:|---:|---:|---:|---:|\n");
  for (const Kind& kind : kKinds)
    for (size_t c = 0; c < kClasses.size(); ++c)
      for (const bool v6 : {false, true}) all_kept &= run(kind, c, v6, moves);
  return all_kept;
}

}  // namespace
}  // namespace godwit::bounds

int main(int argc, char** argv) {
  const unsigned moves = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 1000;
  const godwit::Eal eal(godwit::Eal::arguments_without_devices());
  return godwit::bounds::run_all(std::max(moves, 1U)) ? 0 : 1;
}
