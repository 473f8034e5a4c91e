#include "test/bounds/scene.h"

#include <fmt/format.h>

namespace godwit::bounds {
namespace {

constexpr size_t kMaxFrame = 256;

}  // namespace

std::string scene_config(std::string_view more) {
  return fmt::format(R"(
ports: {{server1: {{}}, server2: {{}}, server3: {{}}, uplink: {{}}, far: {{}}}}
bridges:
  tenant:
    ports: [server1, server2, server3, {{port: uplink, trusted: true}}]
    gateway: {{mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/16, "fd00:9::fe/64"]}}
    static: [{{mac: "52:54:00:00:00:01", port: uplink, ip: 10.9.0.1}}]
    {}
  elsewhere:
    ports: [far]
    gateway: {{mac: "02:00:5e:10:00:01", addresses: [10.8.0.254/24, "fd00:8::fe/64"]}}
    static: [{{mac: "52:54:00:00:00:08", port: far, ip: 10.8.0.8}}]
)",
                     more);
}

Host& add_vm(World& world, unsigned n) {
  return world.add_host(Mac{uint64_t{0x525400010000} + n}, IpAddress::v4(0x0a090100 + n),
                        IpAddress::v6(0xfd00000900000000, 0x10000 + n));
}

Octets arp_frame(const Host& host, const ArpView& arp, Mac dst) {
  Octets frame(kMaxFrame);
  frame.resize(build_arp(frame, {.dst = dst, .src = host.mac}, arp));
  return frame;
}

Octets rarp_frame(const Host& host) {
  Octets frame(kMaxFrame);
  frame.resize(
      build_rarp(frame, {.dst = kBroadcastMac, .src = host.mac}, make_rarp_request(host.mac)));
  return frame;
}

Octets nd_frame(const Host& host, const NdView& nd, Mac dst) {
  Octets frame(kMaxFrame);
  frame.resize(build_nd(frame, {.dst = dst, .src = host.mac}, nd));
  return frame;
}

}  // namespace godwit::bounds
