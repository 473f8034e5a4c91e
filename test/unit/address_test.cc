#include "lib/address.h"

#include <catch2/catch.hpp>

namespace godwit {

TEST_CASE("a MAC is six hexadecimal octets and nothing else", "[address]") {
  CHECK(parse_mac("52:54:00:00:00:02") == Mac{0x525400000002});
  CHECK(parse_mac("FF-ff-FF-ff-FF-ff")->is_broadcast());
  for (const char* bad : {"", "52:54:00:00:00", "52:54:00:00:00:0g", "52:54:00:00:00:02 ",
                          "5254.0000.0002x", "52:54:00:00:00:-2", "+2:54:00:00:00:02"})
    CHECK_FALSE(parse_mac(bad));
  CHECK(to_string(Mac{0x0180c200000e}) == "01:80:c2:00:00:0e");
}

TEST_CASE("what a MAC may be", "[address]") {
  CHECK(Mac{0x0180c200000f}.is_reserved_group());
  CHECK_FALSE(Mac{0x0180c2000010}.is_reserved_group());
  CHECK_FALSE(Mac{0}.is_station());
  CHECK_FALSE(Mac{0x333300000001}.is_station());
  CHECK(Mac{0x525400000002}.is_station());
  CHECK(parse_mac("00:00:5e:00:01:07")->is_virtual_router());
  CHECK(parse_mac("00:00:5e:00:02:ff")->is_virtual_router());
  for (const char* other : {"00:00:5e:00:00:07", "00:00:5e:00:03:07", "02:00:5e:00:01:07",
                            "01:00:5e:00:01:07", "00:00:5e:01:01:07"})
    CHECK_FALSE(parse_mac(other)->is_virtual_router());
}

TEST_CASE("a MAC makes a link-local address", "[address]") {
  CHECK(to_string(link_local_of(Mac{0x525400000002})) == "fe80::5054:ff:fe00:2");
  CHECK(to_string(link_local_of(Mac{0x02005e100001})) == "fe80::5eff:fe10:1");
  CHECK(to_string(link_local_of(Mac{0x3456789abcde})) == "fe80::3656:78ff:fe9a:bcde");
  CHECK(link_local_of(Mac{0x525400000002}).is_link_local());
}

TEST_CASE("IP addresses are parsed and printed as their RFCs say", "[address]") {
  CHECK(parse_ip("10.9.0.2") == IpAddress::v4(0x0a090002));
  CHECK(to_string(*parse_ip("fe80:0:0:0:5054:00ff:fe00:0002")) == "fe80::5054:ff:fe00:2");
  CHECK_FALSE(parse_ip("10.9.0"));
  CHECK_FALSE(parse_ip("010.9.0.300"));
  CHECK(parse_ip("fe80::1")->is_link_local());
  CHECK(parse_ip("169.254.1.1")->is_link_local());
  CHECK_FALSE(parse_ip("ff02::1")->is_host());
  CHECK_FALSE(parse_ip("0.0.0.7")->is_host());
  CHECK(parse_ip("10.9.0.2")->is_host());
}

TEST_CASE("a prefix contains its addresses, whatever its length", "[address]") {
  CHECK(parse_prefix("10.9.0.254/24")->contains(*parse_ip("10.9.0.1")));
  CHECK_FALSE(parse_prefix("10.9.0.254/24")->contains(*parse_ip("10.9.1.1")));
  CHECK(parse_prefix("0.0.0.0/0")->contains(*parse_ip("203.0.113.9")));
  CHECK_FALSE(parse_prefix("0.0.0.0/0")->contains(*parse_ip("fd00::1")));
  CHECK(parse_prefix("fd00:9::fe/64")->contains(*parse_ip("fd00:9::1:2:3:4")));
  CHECK_FALSE(parse_prefix("fd00:9::fe/64")->contains(*parse_ip("fd00:9:0:1::1")));
  CHECK(parse_prefix("fd00:9::fe/127")->contains(*parse_ip("fd00:9::ff")));
  CHECK_FALSE(parse_prefix("fd00:9::fe/128")->contains(*parse_ip("fd00:9::ff")));
  CHECK_FALSE(parse_prefix("10.9.0.254/33"));
  CHECK_FALSE(parse_prefix("10.9.0.254"));
}

}  // namespace godwit
