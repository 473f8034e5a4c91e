#include <catch2/catch.hpp>

#include "control/host_index.h"

namespace godwit {
namespace {

constexpr Mac kVm{0x525400000002};
constexpr Mac kOther{0x525400000003};
constexpr IpAddress kV4 = IpAddress::v4(0x0a090002);
constexpr IpAddress kLaterV4 = IpAddress::v4(0x0a090003);
constexpr IpAddress kV6 = IpAddress::v6(0xfe80000000000000, 2);

using Ips = std::vector<IpAddress>;

}  // namespace

TEST_CASE("the IPs of a MAC are kept in order, each once", "[control]") {
  HostIndex hosts;
  CHECK(hosts.ips(0, kVm).empty());
  CHECK(hosts.add(0, kVm, kV6, 0) == 1);
  CHECK(hosts.add(0, kVm, kLaterV4, 0) == 2);
  CHECK(hosts.add(0, kVm, kV4, 0) == 3);
  CHECK(hosts.add(0, kVm, kLaterV4, 0) == 3);
  CHECK(hosts.ips(0, kVm) == Ips{kV4, kLaterV4, kV6});
}

TEST_CASE("a MAC in another bridge is another host", "[control]") {
  HostIndex hosts;
  hosts.add(0, kVm, kV4, 0);
  hosts.add(1, kVm, kV6, 0);
  hosts.add(0, kOther, kLaterV4, 0);
  CHECK(hosts.ips(0, kVm) == Ips{kV4});
  CHECK(hosts.ips(1, kVm) == Ips{kV6});
  CHECK(hosts.ips(0, kOther) == Ips{kLaterV4});
  CHECK(hosts.ips(1, kOther).empty());
}

TEST_CASE("what is removed is gone, and nothing else", "[control]") {
  HostIndex hosts;
  hosts.add(0, kVm, kV4, 0);
  hosts.add(0, kVm, kV6, 0);
  hosts.remove(0, kLaterV4);
  hosts.remove(1, kV4);
  CHECK(hosts.ips(0, kVm) == Ips{kV4, kV6});
  hosts.remove(0, kV4);
  CHECK(hosts.ips(0, kVm) == Ips{kV6});
  hosts.remove(0, kV6);
  CHECK(hosts.ips(0, kVm).empty());
  CHECK(hosts.add(0, kVm, kV4, 0) == 1);
}

TEST_CASE("an IP that is told to be another MAC's is no longer the first one's", "[control]") {
  HostIndex hosts;
  hosts.add(0, kVm, kV4, 0);
  hosts.add(0, kVm, kV6, 0);
  hosts.add(1, kVm, kV4, 0);
  CHECK(hosts.add(0, kOther, kV4, 0) == 1);
  CHECK(hosts.ips(0, kVm) == Ips{kV6});
  CHECK(hosts.ips(0, kOther) == Ips{kV4});
  CHECK(hosts.ips(1, kVm) == Ips{kV4});
  hosts.remove(0, kV4);
  CHECK(hosts.ips(0, kOther).empty());
}

}  // namespace godwit
