#include "lib/frame_filter.h"

#include "lib/packet.h"

namespace godwit {
namespace {

bool names_ip(const EthernetView& view, std::span<const uint8_t> frame, const IpAddress& ip) {
  const std::span<const uint8_t> l3 = l3_of(view, frame);
  switch (view.ether_type) {
    case kEtherTypeIpv4: {
      const auto v4 = parse_ipv4(l3);
      return v4 && (v4->src == ip || v4->dst == ip);
    }
    case kEtherTypeIpv6: {
      const auto v6 = parse_ipv6(l3);
      if (v6 && (v6->src == ip || v6->dst == ip)) return true;
      const auto nd = parse_nd(l3);
      return nd && nd->target == ip;
    }
    case kEtherTypeArp: {
      const auto arp = parse_arp(l3);
      return arp && (arp->spa == ip || arp->tpa == ip);
    }
    default:
      return false;
  }
}

}  // namespace

bool FrameFilter::wants(std::span<const uint8_t> frame) const {
  if (std::holds_alternative<std::monostate>(only)) return true;
  const auto view = parse_ethernet(frame);
  if (!view) return false;
  if (const auto* mac = std::get_if<Mac>(&only)) return view->src == *mac || view->dst == *mac;
  return names_ip(*view, frame, std::get<IpAddress>(only));
}

}  // namespace godwit
