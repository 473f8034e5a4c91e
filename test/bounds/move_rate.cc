// How many moves a second one core can verify, worker and control together: a thousand hosts move
// back and forth, each answers the probes where it is, and only the switch's own time counts. Not a
// test: a machine's speed decides.
#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <rte_cycles.h>

#include "control/eal.h"
#include "test/bounds/scene.h"
#include "test/bounds/world.h"

#include "lib/packet_build.h"

namespace godwit::bounds {
namespace {

constexpr unsigned kHosts = 1000;
constexpr unsigned kRounds = 40;
constexpr Nanos kApart = 20 * kMicrosecond;  // 50,000 moves in each second of virtual time

void run(bool answering) {
  World world(scene_config("moves: {class: learned}"));
  std::vector<Host*> hosts;
  const auto show = [&](Host& host, PortIndex at) {
    host.at = at;
    world.send(at, arp_frame(host, make_garp_request(host.mac, host.v4), kBroadcastMac));
  };
  const auto all_go = [&](PortIndex to) {
    for (unsigned n = 0; n < kHosts; ++n)
      world.at(world.now() + n * kApart, [&, n, to] { show(*hosts[n], to); });
    world.run(world.now() + kHosts * kApart + 200 * kMillisecond);
  };
  for (unsigned n = 0; n < kHosts; ++n) {
    hosts.push_back(&add_vm(world, n + 1));
    hosts[n]->answers = answering;
  }
  all_go(0);
  const uint64_t before = world.cycles();
  const uint64_t probes = world.control().watch().probes();
  const uint64_t moved = world.worker().counters.moved;
  const size_t alarms = world.control().alarms().all().size();
  for (unsigned round = 1; round <= kRounds; ++round) all_go(static_cast<PortIndex>(round % 2));
  const auto moves = static_cast<double>(world.worker().counters.moved - moved);
  const auto cycles = static_cast<double>(world.cycles() - before);
  fmt::print("{:<9} {:.0f} moves, {:.1f} probes each, {} alarms: {:.0f} cycles each, {:.0f} k/s\n",
             answering ? "verified" : "silent", moves,
             static_cast<double>(world.control().watch().probes() - probes) / moves,
             world.control().alarms().all().size() - alarms, cycles / moves,
             static_cast<double>(rte_get_tsc_hz()) / (cycles / moves) / 1000);
}

}  // namespace
}  // namespace godwit::bounds

int main() {
  const godwit::Eal eal(godwit::Eal::arguments_without_devices());
  godwit::bounds::run(true);
  godwit::bounds::run(false);
}
