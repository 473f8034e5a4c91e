#include "lib/device_name.h"

#include <catch2/catch.hpp>

namespace godwit {
namespace {

DeviceName good(std::string_view text) {
  DeviceName device = parse_device(text);
  INFO(text << " " << device.error);
  CHECK(device.ok());
  return device;
}

}  // namespace

TEST_CASE("a PCI address is completed by its domain", "[config]") {
  for (const char* text : {"0000:3b:00.1", "3b:00.1"}) {
    const DeviceName device = good(text);
    CHECK(device.kind == DeviceKind::kPci);
    CHECK(device.name == "0000:3b:00.1");
  }
  CHECK(good("3b:00.0,mprq_en=1").options == "mprq_en=1");
}

TEST_CASE("any other word is a DPDK device, with its options", "[config]") {
  const DeviceName device = good("net_pcap0,rx_pcap=/tmp/a b.pcap,infinite_rx=1");
  CHECK(device.kind == DeviceKind::kVirtual);
  CHECK(device.name == "net_pcap0");
  CHECK(device.options == "rx_pcap=/tmp/a b.pcap,infinite_rx=1");
  CHECK(good("net_ring0").options.empty());
  CHECK(good("auxiliary:mlx5_core.sf.2").name == "auxiliary:mlx5_core.sf.2");
}

TEST_CASE("taps and sockets are named by the host's names", "[config]") {
  CHECK(good("tap:vm7-0").kind == DeviceKind::kTap);
  CHECK(good("tap:vm7-0").name == "vm7-0");
  const DeviceName server = good("vhost:/run/a.sock");
  CHECK(server.kind == DeviceKind::kVhost);
  CHECK(server.name == "/run/a.sock");
  CHECK_FALSE(server.client);
  CHECK(good("vhost:/run/a.sock,client").client);
  CHECK(good("memif:/run/m.sock,role=client").client);
  CHECK_FALSE(good("memif:/run/m.sock,role=server").client);
  CHECK(good("memif:/run/m.sock").kind == DeviceKind::kMemif);
}

TEST_CASE("what is no device says what to write", "[config]") {
  struct Bad {
    std::string text;
    const char* error;
  };
  for (const Bad& bad : {Bad{"vhost:a.sock", "absolute path"},
                         {"vhost:", "absolute path"},
                         {"memif:/a,id=3", "',client'"},
                         {"vhost:/" + std::string(107, 'a'), "107 octets"},
                         {"tap:", "1 to 15"},
                         {"tap:abcdefghijklmnop", "1 to 15"},
                         {"tap:a/b", "not a name"},
                         {"tap:..", "not a name"},
                         {"vhsot:/a", "is no device"},
                         {"0000:3b:00.9", "is no device"},
                         {"/dev/net", "is no device"},
                         {",iface=a", "no name"}}) {
    INFO(bad.text);
    const DeviceName device = parse_device(bad.text);
    CHECK_FALSE(device.ok());
    CHECK_THAT(device.error, Catch::Contains(bad.error));
  }
}

}  // namespace godwit
