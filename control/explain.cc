#include "control/explain.h"

#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "lib/config_units.h"
#include "lib/forget.h"
#include "lib/packet.h"

namespace godwit {
namespace {

std::string describe_kind(const Passage& frame, const EthernetView& view) {
  const FrameEvidence& said = frame.said;
  switch (frame.evidence) {
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
  Explanation(const Topology& topology, const Passage& frame, std::span<const Hearer> hearers)
      : topology_(topology), frame_(frame), hearers_(hearers), view_(frame.came.ethernet()) {}

  std::string classify() const;
  std::string learn() const;
  std::string guard() const;
  std::string resolve() const;
  std::string route() const;
  std::string bridge() const;
  std::string flood() const;
  bool is_runt() const { return is_dropped(Drop::kRunt); }
  bool is_homeless() const { return frame_.bridge == kNoBridge; }
  bool was_flooded() const { return frame_.fate == Fate::kFlooded; }

 private:
  std::string follow() const;
  std::string unread() const;
  bool is_dropped(Drop why) const { return frame_.fate == Fate::kDropped && frame_.drop == why; }
  bool waits_for_neighbor() const {
    return frame_.fate == Fate::kHeld && !was_routed() && view_.dst == my_bridge().gateway_mac;
  }
  bool was_routed() const { return frame_.routed != Routed::kNo; }
  std::string src() const { return to_string(view_.src); }
  std::string dst() const { return to_string(frame_.dst); }  // in the end
  std::string was() const { return place(frame_.was_at); }   // not set for every outcome
  const std::string& in() const { return topology_.port(frame_.in_port).name; }
  // That it came in by.
  const BridgeContext& my_bridge() const {
    return topology_.bridge(was_routed() ? frame_.came_by : frame_.bridge);
  }
  const BridgeContext& last_bridge() const { return topology_.bridge(frame_.bridge); }
  std::string place(Location at) const {
    return at < topology_.ports().size() ? topology_.port(at).name : "godwit itself";
  }
  std::string tag() const {
    if (view_.tags == 0) return "no tag";
    return fmt::format("VLAN tag {}{}", view_.outer_vid(), view_.tags > 1 ? " and one inside" : "");
  }

  const Topology& topology_;
  const Passage& frame_;
  std::span<const Hearer> hearers_;
  EthernetView view_;  // as it came in
};

std::string Explanation::classify() const {
  if (is_dropped(Drop::kNoBridge)) return fmt::format("{} is in no bridge: dropped", in());
  if (is_homeless())
    return fmt::format("{} on {}, which takes no such frame: dropped (vlan-mismatch)", tag(), in());
  return fmt::format("{} on {}: bridge {}", tag(), in(), my_bridge().name);
}

std::string Explanation::learn() const {
  const auto& moves = my_bridge().config->moves;
  switch (frame_.learned) {
    case Learned::kNothing:
      return view_.src.is_group() ? "the source is a group address: nothing to learn"
                                  : "the source is the zero address: nothing to learn";
    case Learned::kKnown:
      return fmt::format("{} is at {}, as known", src(), in());
    case Learned::kNew:
      return fmt::format("{} was unknown: learned at {}", src(), in());
    case Learned::kMoved:
      return fmt::format("{} was at {}: moved to {} at once, on {}; settling for {}", src(), was(),
                         in(), to_string(frame_.evidence), duration_text(moves.settle));
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
  if (frame_.fate != Fate::kDropped) return {};
  switch (frame_.drop) {
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
  if (frame_.evidence == Evidence::kData) return {};
  const FrameEvidence& said = frame_.said;
  if (frame_.evidence == Evidence::kRarp && frame_.followed != 0) return follow();
  if (is_homeless()) return {};
  if (!said.mapping) return "names no IP that could be learned";
  const std::string ip = to_string(said.mapping->ip);
  const std::string mac = to_string(said.mapping->mac);
  switch (frame_.mapped) {
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
  const unsigned bridges = frame_.followed;
  return fmt::format("it tells of {} in every bridge of the port: moved to {} in {} {}{}", src(),
                     in(), bridges, is_homeless() ? "" : "other ",
                     bridges == 1 ? "bridge" : "bridges");
}

// Why a mapping was not weighed at all.
std::string Explanation::unread() const {
  switch (frame_.learned) {
    case Learned::kRefused:
    case Learned::kGatewayMac:
    case Learned::kReflected:
      return "not looked at, for the frame was not believed";
    default:
      break;
  }
  if (!guard().empty()) return "not looked at";
  if (!my_bridge().transparent && view_.tags > 1)
    return "not looked at, for it is said behind a second VLAN tag and not of this bridge";
  return "another worker changes this mapping at this moment";
}

std::string Explanation::route() const {
  if (was_routed())
    return fmt::format("routed into bridge {}, to {}{}", last_bridge().name, dst(),
                       frame_.routed == Routed::kInFragments ? ", in fragments" : "");
  if (waits_for_neighbor()) return "the next hop's MAC is unknown: held, and asked for";
  return {};
}

std::string Explanation::bridge() const {
  switch (frame_.fate) {
    case Fate::kForwarded:
      return fmt::format("{} is at {}: sent there", dst(), place(frame_.out));
    case Fate::kFlooded:
      return frame_.dst.is_group() ? fmt::format("{} is a group address: flooded", dst())
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
  switch (frame_.drop) {
    case Drop::kReservedGroup:
      return fmt::format("{} is for the next bridge only: not relayed (reserved-group)", dst());
    case Drop::kIsolated:
      return fmt::format("{} is at {}, and {} is isolated as well: dropped (isolated)", dst(),
                         place(frame_.out), in());
    case Drop::kHairpin:
      return fmt::format("{} is at {}, where the frame came from: dropped (hairpin)", dst(), in());
    case Drop::kStormBroadcast:
    case Drop::kStormMulticast:
    case Drop::kStormUnknown:
      return fmt::format("{} is to be flooded, and {} floods too much: dropped ({})", dst(), in(),
                         to_string(frame_.drop));
    case Drop::kForeignPeer:
      return fmt::format(
          "speaks as another switch on {}, which is not trusted: dropped "
          "(foreign-peer)",
          in());
    case Drop::kNoDestination:
      return fmt::format("{}: no other port to flood to: dropped (no-destination)", dst());
    default:
      return fmt::format("dropped ({})", to_string(frame_.drop));
  }
}

std::string Explanation::flood() const {
  std::string ports;
  for (const Hearer& hearer : hearers_) {
    if (!ports.empty()) ports += ", ";
    ports += topology_.port(hearer.port).name;
    if (hearer.tagged) ports += fmt::format(" (tagged {})", last_bridge().vlan);
  }
  return "to " + ports;
}

}  // namespace

bool ExplainFilter::wants(uint64_t number, std::span<const uint8_t> frame) const {
  return number <= most && frames.wants(frame);
}

std::optional<ExplainFilter> parse_explain_filter(std::string_view text) {
  if (text.empty()) return ExplainFilter{};
  if (const auto mac = parse_mac(text)) return ExplainFilter{.frames = {*mac}};
  if (const auto ip = parse_ip(text)) return ExplainFilter{.frames = {*ip}};
  ExplainFilter filter;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), filter.most);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return filter;
}

Explained explain(const Topology& topology, const Passage& frame, std::span<const Hearer> hearers) {
  const Explanation words(topology, frame, hearers);
  Explained all;
  if (words.is_runt()) {
    all.kind = fmt::format("{} octets, too short for an Ethernet header: dropped (runt)",
                           frame.came.head_size);
    return all;
  }
  const auto add = [&](std::string_view stage, std::string what) {
    if (!what.empty()) all.steps.push_back({stage, std::move(what)});
  };
  const bool is_homeless = words.is_homeless();
  all.kind = describe_kind(frame, frame.came.ethernet());
  add("classify", words.classify());
  if (!is_homeless) add("learn", words.learn());
  add("guard", words.guard());
  add("resolve", words.resolve());
  if (is_homeless) return all;
  add("route", words.route());
  add("bridge", words.bridge());
  if (words.was_flooded()) add("flood", words.flood());
  return all;
}

std::string explain_text(const Topology& topology, const Passage& frame,
                         std::span<const Hearer> hearers, uint64_t number, Nanos now) {
  const Explained all = explain(topology, frame, hearers);
  std::string text = fmt::format("#{} {}.{:09} s {}", number, now / kSecond, now % kSecond,
                                 topology.port(frame.in_port).name);
  if (all.steps.empty()) return text + fmt::format(": {}\n", all.kind);
  const EthernetView view = frame.came.ethernet();
  text += fmt::format(" {} > {}: {}, {} octets\n", to_string(view.src), to_string(view.dst),
                      all.kind, frame.came.length);
  for (const Explained::Step& step : all.steps)
    text += fmt::format("  {:<9} {}\n", step.stage, step.what);
  return text;
}

}  // namespace godwit
