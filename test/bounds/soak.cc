// A soak on virtual time: a thousand hosts, each of which moves once a second, all of the time,
// with a frame for each behind every move. Beside them, one host speaks just often enough to be
// remembered, and one too seldom. It fails when a frame goes astray or is lost, a move is not
// believed, an entry lives too long or too short (stamps of 16 bits wrap every 65 s and every 18
// h), an event is lost, or memory grows.
//
//     soak SECONDS        of virtual time; a line for each hour
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "control/eal.h"
#include "test/bounds/scene.h"
#include "test/bounds/world.h"

namespace godwit::bounds {
namespace {

constexpr unsigned kHosts = 1000;
constexpr PortIndex kServers = 3;
constexpr Nanos kAging = 300 * kSecond;
constexpr Nanos kSettled = 300 * kSecond;  // what grows once has grown by then
constexpr uint64_t kMostGrowth = 8 << 20;  // octets

uint64_t resident_octets() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0;
  uint64_t resident = 0;
  file >> all >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

class Soak {
 public:
  Soak() {
    for (unsigned n = 0; n < kHosts; ++n) {
      Host& host = add_vm(world_, n + 1);
      host.on_data = [this](uint64_t, PortIndex) { ++arrived_; };
      host.on_stray = [this](uint64_t, PortIndex) { ++strays_; };
      const Nanos first = kSecond + n * kSecond / kHosts;
      world_.at(first, [this, &host] { move(host, 0); });
    }
    seldom_.answers = often_.answers = false;
    speak(often_, kAging - 10 * kSecond);
    speak(seldom_, kAging + 10 * kSecond);
  }

  bool run(Nanos until) {
    world_.run(std::min(until, kSettled));
    const uint64_t base = resident_octets();
    for (Nanos hour = 3600 * kSecond; world_.now() < until; hour += 3600 * kSecond) {
      world_.run(std::min(hour, until));
      print(base);
    }
    return is_well(base);
  }

 private:
  void move(Host& host, unsigned times) {
    host.at = static_cast<Location>(times % kServers);
    world_.send(host.at, arp_frame(host, make_garp_request(host.mac, host.v4), kBroadcastMac));
    world_.at(world_.now() + kMillisecond, [this, &host] {
      ++offered_;
      world_.send(kUplink, data_frame(kPeerMac, host.mac, kPeerV4, host.v4, offered_));
    });
    world_.at(world_.now() + kSecond, [this, &host, times] { move(host, times + 1); });
    if (times > 0) ++moves_;
  }

  void speak(Host& host, Nanos every) {
    if (world_.tables().fdb.find(fdb_key(0, host.mac))) ++remembered_[&host];
    world_.send(0, arp_frame(host, make_garp_request(host.mac, host.v4), kBroadcastMac));
    ++spoke_[&host];
    world_.at(world_.now() + every, [this, &host, every] { speak(host, every); });
  }

  void print(uint64_t base) {
    fmt::print("{:>5.1f} h: {} moves, {:+.1f} MiB\n", static_cast<double>(world_.now()) / 3.6e12,
               moves_,
               (static_cast<double>(resident_octets()) - static_cast<double>(base)) / (1 << 20));
    std::fflush(stdout);
  }

  bool expect(bool is_so, std::string_view what) {
    if (!is_so) fmt::print("FAILED: {}\n", what);
    return is_so;
  }

  bool is_well(uint64_t base) {
    const MoveLog& log = world_.control().moves();
    bool well = expect(world_.worker().counters.moved == moves_, "every move is believed");
    // Those of the last millisecond are on their way.
    well &= expect(offered_ - arrived_ <= 1, "every frame arrives");
    well &= expect(strays_ == 0, "no frame goes astray");
    well &=
        expect(log.omitted() + log.all().size() == moves_, "every move is on record, or counted");
    well &= expect(log.count(MoveVerdict::kAccepted) == moves_, "no verdict but accepted");
    well &= expect(world_.control().events_lost() == 0, "no event is lost");
    well &= expect(world_.control().alarms().told() == 0, "no alarm");
    well &= expect(remembered_[&often_] == spoke_[&often_] - 1, "who speaks is remembered");
    well &= expect(remembered_[&seldom_] == 0, "who is silent is forgotten");
    well &= expect(resident_octets() < base + kMostGrowth, "memory is flat");
    return well;
  }

  World world_{scene_config("aging: 300s")};
  Host& often_ = add_vm(world_, kHosts + 1);
  Host& seldom_ = add_vm(world_, kHosts + 2);
  std::map<const Host*, uint64_t> spoke_;
  std::map<const Host*, uint64_t> remembered_;
  uint64_t moves_ = 0;
  uint64_t offered_ = 0;
  uint64_t arrived_ = 0;
  uint64_t strays_ = 0;
};

}  // namespace
}  // namespace godwit::bounds

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const godwit::Eal eal(godwit::Eal::arguments_without_devices());
  const auto seconds = std::strtoull(argv[1], nullptr, 10);
  return godwit::bounds::Soak().run(seconds * godwit::kSecond) ? 0 : 1;
}
