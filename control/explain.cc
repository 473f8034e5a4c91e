#include "control/explain.h"

#include <charconv>

#include <fmt/format.h>

#include "dataplane/flood.h"

#include "lib/config_units.h"
#include "lib/forget.h"
#include "lib/packet.h"

namespace godwit {
namespace {

bool names_ip(std::span<const uint8_t> bytes, const EthernetView& view, const IpAddress& ip) {
  const auto l3 = l3_of(view, bytes);
  if (const auto v4 = parse_ipv4(l3); v4 && view.ether_type == kEtherTypeIpv4)
    return v4->src == ip || v4->dst == ip;
  if (const auto nd = parse_nd(l3); nd && view.ether_type == kEtherTypeIpv6 && nd->target == ip)
    return true;
  if (const auto v6 = parse_ipv6(l3); v6 && view.ether_type == kEtherTypeIpv6)
    return v6->src == ip || v6->dst == ip;
  if (const auto arp = parse_arp(l3); arp && view.ether_type == kEtherTypeArp)
    return arp->spa == ip || arp->tpa == ip;
  return false;
}

std::string describe_kind(const Burst& burst, uint16_t i, const EthernetView& view) {
  const FrameEvidence& said = burst.said[i];
  switch (burst.evidence[i]) {
    case Evidence::kGarpRequest:
      return "gratuitous ARP request";
    case Evidence::kGarpReply:
      return "gratuitous ARP reply";
    case Evidence::kArpRequest:
      return fmt::format("ARP request for {}", to_string(said.target));
    case Evidence::kArpReply:
      return fmt::format("ARP reply to {}", to_string(said.target));
    case Evidence::kArpProbe:
      return fmt::format("ARP probe for {}", to_string(said.target));
    case Evidence::kRarp:
      return "RARP";
    case Evidence::kNs:
      return fmt::format("neighbor solicitation for {}", to_string(said.target));
    case Evidence::kNa:
      return fmt::format("{} neighbor advertisement of {}",
                         said.announcement ? "unsolicited" : "solicited", to_string(said.target));
    case Evidence::kRs:
      return "router solicitation";
    case Evidence::kDad:
      return fmt::format("duplicate address detection for {}", to_string(said.target));
    default:
      break;
  }
  if (view.ether_type == kEtherTypeIpv4) return "IPv4";
  if (view.ether_type == kEtherTypeIpv6) return "IPv6";
  return fmt::format("EtherType {:#06x}", view.ether_type);
}

// One frame and the words for it.
class Explanation {
 public:
  Explanation(const Topology& topology, const PortStates& ports, const Burst& burst, uint16_t i,
              const PlayedFrame& frame)
      : topology_(topology),
        ports_(ports),
        burst_(burst),
        i_(i),
        view_(parse_ethernet(frame.captured.bytes).value_or(EthernetView{})) {}

  std::string classify() const;
  std::string learn() const;
  std::string guard() const;
  std::string resolve() const;
  std::string route() const;
  std::string bridge() const;
  std::string flood() const;
  bool is_runt() const { return is_dropped(Drop::kRunt); }
  bool is_homeless() const { return burst_.bridge[i_] == kNoBridge; }
  bool was_flooded() const { return burst_.fate[i_] == Fate::kFlooded; }

 private:
  std::string follow() const;
  std::string unread() const;
  bool is_dropped(Drop why) const {
    return burst_.fate[i_] == Fate::kDropped && burst_.drop[i_] == why;
  }
  const EthernetView& view() const { return view_; }  // as it came in
  bool waits_for_neighbor() const {
    return burst_.fate[i_] == Fate::kHeld && !was_routed() && view().dst == my_bridge().gateway_mac;
  }
  bool was_routed() const { return burst_.routed[i_] != Routed::kNo; }
  std::string src() const { return to_string(view().src); }
  std::string dst() const { return to_string(burst_.ethernet(i_).dst); }  // in the end
  std::string was() const { return place(burst_.was_at[i_]); }  // not set for every outcome
  const std::string& in() const { return topology_.port(burst_.in_port[i_]).name; }
  // That it came in by.
  const BridgeContext& my_bridge() const {
    return topology_.bridge(was_routed() ? burst_.came_by[i_] : burst_.bridge[i_]);
  }
  const BridgeContext& last_bridge() const { return topology_.bridge(burst_.bridge[i_]); }
  std::string place(Location at) const {
    return at < topology_.ports().size() ? topology_.port(at).name : "godwit itself";
  }
  std::string tag() const {
    if (view().tags == 0) return "no tag";
    return fmt::format("VLAN tag {}{}", view().outer_vid(),
                       view().tags > 1 ? " and one inside" : "");
  }

  const Topology& topology_;
  const PortStates& ports_;
  const Burst& burst_;
  uint16_t i_;
  EthernetView view_;
};

std::string Explanation::classify() const {
  if (is_dropped(Drop::kNoBridge)) return fmt::format("{} is in no bridge: dropped", in());
  if (is_homeless())
    return fmt::format("{} on {}, which takes no such frame: dropped (vlan-mismatch)", tag(), in());
  return fmt::format("{} on {}: bridge {}", tag(), in(), my_bridge().name);
}

std::string Explanation::learn() const {
  const auto& moves = my_bridge().config->moves;
  switch (burst_.learned[i_]) {
    case Learned::kNothing:
      return view().src.is_group() ? "the source is a group address: nothing to learn"
                                   : "the source is the zero address: nothing to learn";
    case Learned::kKnown:
      return fmt::format("{} is at {}, as known", src(), in());
    case Learned::kNew:
      return fmt::format("{} was unknown: learned at {}", src(), in());
    case Learned::kMoved:
      return fmt::format("{} was at {}: moved to {} at once, on {}; settling for {}", src(), was(),
                         in(), to_string(burst_.evidence[i_]), duration_text(moves.settle));
    case Learned::kLate:
      return fmt::format("{} moved to {} a moment ago: a late frame from {}, no evidence", src(),
                         was(), in());
    case Learned::kDoubted:
      return fmt::format("{} moved to {}, which is silent now, and {} is heard: not yet believed",
                         src(), was(), in());
    case Learned::kRefused:
      return fmt::format("{} is pinned to {}: refused at {}", src(), was(), in());
    case Learned::kGatewayMac:
      return fmt::format("{} is the gateway's own MAC: refused at {}", src(), in());
    case Learned::kReflected:
      return fmt::format("godwit flooded this frame a moment ago: {} sends it back, no evidence",
                         in());
    case Learned::kBridgeLimit:
      return fmt::format("{} is unknown, and bridge {} has no room: not learned", src(),
                         my_bridge().name);
    case Learned::kPortLimit:
      return fmt::format("{} is unknown, and {} has used its share: not learned", src(), in());
    case Learned::kTested:
      return fmt::format("{} is at {} and claimed for {}: to be verified before it is believed",
                         src(), was(), in());
    case Learned::kUnverified:
      return fmt::format("{} is at {}, and what {} says is not verified: no evidence", src(), was(),
                         in());
    case Learned::kUpheld:
      return fmt::format("{} is at {}, as known; a claim from elsewhere was false", src(), in());
    case Learned::kRevived:
      return fmt::format("{} was offline at {}, and is heard there again", src(), in());
    case Learned::kPending:
      return fmt::format("{} is to move from {} to {}, and this shows not that it runs there",
                         src(), was(), in());
    case Learned::kElsewhere:
      return fmt::format("another worker learns {} at this moment", src());
  }
  return {};
}

std::string Explanation::guard() const {
  if (burst_.fate[i_] != Fate::kDropped) return {};
  switch (burst_.drop[i_]) {
    case Drop::kRogueDhcp:
      return fmt::format("a DHCP message that {} may not send", in());
    case Drop::kDhcpLimit:
      return "more DHCP messages than the limits allow";
    case Drop::kArpInspection:
      return fmt::format("{} is not registered for the address that it names", src());
    case Drop::kSourceGuard:
      return fmt::format("{} is not registered for the address that it sends from", src());
    default:
      return {};
  }
}

std::string Explanation::resolve() const {
  if (burst_.evidence[i_] == Evidence::kData) return {};
  const FrameEvidence& said = burst_.said[i_];
  if (burst_.evidence[i_] == Evidence::kRarp && burst_.followed[i_] != 0) return follow();
  if (is_homeless()) return {};
  if (!said.mapping) return "names no IP that could be learned";
  const std::string ip = to_string(said.mapping->ip);
  const std::string mac = to_string(said.mapping->mac);
  switch (burst_.mapped[i_]) {
    case Mapped::kNothing:
      return said.mapping->confirms_only ? "an answer that confirms nothing known" : unread();
    case Mapped::kSame:
      return fmt::format("{} is {}'s, as known", ip, mac);
    case Mapped::kConfirmed:
      return fmt::format("{} is {}'s, as was in doubt", ip, mac);
    case Mapped::kNew:
      return fmt::format("{} was unknown: it is {}'s", ip, mac);
    case Mapped::kTakenOver:
      return fmt::format("{} was another MAC's, which is gone: it is {}'s now", ip, mac);
    case Mapped::kConflict:
      return fmt::format("{} claims {}, which stays another MAC's: conflict", mac, ip);
    case Mapped::kForeignSender:
      return fmt::format("{} is claimed for {}, which did not send this: not believed", ip, mac);
    case Mapped::kOffLink:
      return fmt::format("{} is on no subnet of this bridge: not learned", ip);
    case Mapped::kGatewayIp:
      return fmt::format("{} is the gateway's own address: not believed", ip);
    case Mapped::kOverheard:
      return fmt::format("{} was not told to godwit, and neighbors.learn is off", ip);
    case Mapped::kLimit:
      return fmt::format("{} is unknown, and the neighbor table has no room: not learned", ip);
  }
  return {};
}

// A RARP in the other bridges of its port.
std::string Explanation::follow() const {
  const unsigned bridges = burst_.followed[i_];
  return fmt::format("it tells of {} in every bridge of the port: moved to {} in {} {}{}", src(),
                     in(), bridges, is_homeless() ? "" : "other ",
                     bridges == 1 ? "bridge" : "bridges");
}

// Why a mapping was not weighed at all.
std::string Explanation::unread() const {
  switch (burst_.learned[i_]) {
    case Learned::kRefused:
    case Learned::kGatewayMac:
    case Learned::kReflected:
      return "not looked at, for the frame was not believed";
    default:
      break;
  }
  if (!guard().empty()) return "not looked at";
  if (!my_bridge().transparent && view().tags > 1)
    return "not looked at, for it is said behind a second VLAN tag and not of this bridge";
  return "another worker changes this mapping at this moment";
}

std::string Explanation::route() const {
  if (was_routed())
    return fmt::format("routed into bridge {}, to {}{}", last_bridge().name, dst(),
                       burst_.routed[i_] == Routed::kInFragments ? ", in fragments" : "");
  if (waits_for_neighbor()) return "the next hop's MAC is unknown: held, and asked for";
  return {};
}

std::string Explanation::bridge() const {
  switch (burst_.fate[i_]) {
    case Fate::kForwarded:
      return fmt::format("{} is at {}: sent there", dst(), place(burst_.out[i_]));
    case Fate::kFlooded:
      return burst_.ethernet(i_).dst.is_group()
                 ? fmt::format("{} is a group address: flooded", dst())
                 : fmt::format("{} is unknown: flooded", dst());
    case Fate::kConsumed:
      return dst() == to_string(kForgetGroup) ? "another switch's word: given to control"
                                              : "for godwit itself: consumed";
    case Fate::kHeld:
      return waits_for_neighbor() ? std::string()
                                  : fmt::format("{} stands still: held until it runs", dst());
    default:
      break;
  }
  switch (burst_.drop[i_]) {
    case Drop::kReservedGroup:
      return fmt::format("{} is for the next bridge only: not relayed (reserved-group)", dst());
    case Drop::kIsolated:
      return fmt::format("{} is at {}, and {} is isolated as well: dropped (isolated)", dst(),
                         place(burst_.out[i_]), in());
    case Drop::kHairpin:
      return fmt::format("{} is at {}, where the frame came from: dropped (hairpin)", dst(), in());
    case Drop::kStormBroadcast:
    case Drop::kStormMulticast:
    case Drop::kStormUnknown:
      return fmt::format("{} is to be flooded, and {} floods too much: dropped ({})", dst(), in(),
                         to_string(burst_.drop[i_]));
    case Drop::kForeignPeer:
      return fmt::format(
          "speaks as another switch on {}, which is not trusted: dropped "
          "(foreign-peer)",
          in());
    case Drop::kNoDestination:
      return fmt::format("{}: no other port to flood to: dropped (no-destination)", dst());
    default:
      return fmt::format("dropped ({})", to_string(burst_.drop[i_]));
  }
}

std::string Explanation::flood() const {
  std::string ports;
  for_each_hearer(topology_, ports_, burst_, i_, [&](const Membership& member) {
    if (!ports.empty()) ports += ", ";
    ports += topology_.port(member.port).name;
    if (member.tagged) ports += fmt::format(" (tagged {})", last_bridge().vlan);
  });
  return "to " + ports;
}

std::string line(std::string_view stage, const std::string& words) {
  return words.empty() ? words : fmt::format("  {:<9} {}\n", stage, words);
}

}  // namespace

bool ExplainFilter::wants(const Burst& burst, uint16_t i, const PlayedFrame& frame) const {
  if (const auto* count = std::get_if<uint64_t>(&only)) return frame.number <= *count;
  if (std::holds_alternative<std::monostate>(only)) return true;
  if (burst.fate[i] == Fate::kDropped && burst.drop[i] == Drop::kRunt) return false;
  const EthernetView view = parse_ethernet(frame.captured.bytes).value_or(EthernetView{});
  if (const auto* mac = std::get_if<Mac>(&only)) return view.src == *mac || view.dst == *mac;
  return names_ip(frame.captured.bytes, view, std::get<IpAddress>(only));
}

std::optional<ExplainFilter> parse_explain_filter(std::string_view text) {
  if (text.empty()) return ExplainFilter{};
  if (const auto mac = parse_mac(text)) return ExplainFilter{*mac};
  if (const auto ip = parse_ip(text)) return ExplainFilter{*ip};
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return ExplainFilter{count};
}

std::string explain(const Topology& topology, const PortStates& ports, const Burst& burst,
                    uint16_t i, const PlayedFrame& frame, Nanos now) {
  const Explanation words(topology, ports, burst, i, frame);
  std::string text = fmt::format("#{} {}.{:09} s {}", frame.number, now / kSecond, now % kSecond,
                                 topology.port(burst.in_port[i]).name);
  if (words.is_runt())
    return text + fmt::format(": {} octets, too short for an Ethernet header: dropped (runt)\n",
                              frame.captured.bytes.size());
  const EthernetView view = parse_ethernet(frame.captured.bytes).value_or(EthernetView{});
  text += fmt::format(" {} > {}: {}, {} octets\n", to_string(view.src), to_string(view.dst),
                      describe_kind(burst, i, view), frame.captured.original_length);
  text += line("classify", words.classify());
  if (!words.is_homeless()) text += line("learn", words.learn());
  text += line("guard", words.guard());
  text += line("resolve", words.resolve());
  if (words.is_homeless()) return text;
  text += line("route", words.route());
  text += line("bridge", words.bridge());
  if (words.was_flooded()) text += line("flood", words.flood());
  return text;
}

}  // namespace godwit
