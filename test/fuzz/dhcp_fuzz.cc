// Any octets as the payload of a DHCP message: what is read must be within them, and make sense.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "lib/dhcp.h"

namespace {

using godwit::DhcpAct;
using godwit::DhcpMessage;

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const DhcpMessage& m, std::span<const uint8_t> octets, bool is_v6) {
  require(m.lease_count <= DhcpMessage::kMaxLeases);
  const bool names =
      m.act == DhcpAct::kGrant || m.act == DhcpAct::kRelease || m.act == DhcpAct::kDecline;
  require(names || m.lease_count == 0);
  for (unsigned n = 0; n < m.lease_count; ++n) {
    require(m.leases[n].ip.is_host() && m.leases[n].ip.is_v6 == is_v6);
    require(m.act == DhcpAct::kGrant || m.leases[n].seconds == 0);
  }
  if (m.duid.empty()) return;
  require(m.duid.data() >= octets.data());
  require(m.duid.data() + m.duid.size() <= octets.data() + octets.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<uint8_t> copy(data, data + size);  // of just that size
  const std::span<const uint8_t> octets(copy);
  if (const auto m = godwit::parse_dhcpv4(octets)) check(*m, octets, false);
  if (const auto m = godwit::parse_dhcpv6(octets)) check(*m, octets, true);
  return 0;
}
