// What one frame says about where a MAC is and whose an IP address is.
//
// Two questions are kept apart. Every frame with a station as its Ethernet source is evidence of
// that MAC's *location*; the kind below tells how much it weighs. Some ARP and ND frames also carry
// a *mapping* of an IP address to a MAC. Nothing here is believed yet: lib/arbiter.h decides.
// Pure functions: any thread, no state.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lib/address.h"
#include "lib/packet.h"

namespace godwit {

// The kinds, as the report names them. read_evidence returns those up to kDad; the others do not
// come from one frame alone.
enum class Evidence : uint8_t {
  kData,         // any other frame, an invalid ARP or ND message included
  kGarpRequest,  // ARP, SPA = TPA (RFC 5227 §2.3, RFC 5944 §4.6), not a reply
  kGarpReply,    // the same as a reply
  kArpRequest,   // ARP that is neither gratuitous nor a probe nor a reply
  kArpReply,     // ARP reply, not gratuitous
  kArpProbe,     // ARP, SPA = 0 (RFC 5227 §1.1): asks, and must teach no mapping
  kRarp,         // EtherType 0x8035 (RFC 903), as hypervisors announce a VM
  kNs,           // Neighbor Solicitation (RFC 4861 §4.3)
  kNa,           // Neighbor Advertisement (RFC 4861 §4.4)
  kRs,           // Router Solicitation (RFC 4861 §4.1)
  kDad,          // Neighbor Solicitation from :: (RFC 4862 §5.4.2)
  kProbeReply,   // the answer to a probe of godwit's, on the port that was probed
  kHint,         // the VM manager
  kLink,         // a port's link
  kPeer,         // another switch
};

std::string_view to_string(Evidence kind);  // "garp-request"

// Asks who has an address, or whether anybody has it.
constexpr bool is_question(Evidence kind) {
  return kind == Evidence::kArpRequest || kind == Evidence::kArpProbe || kind == Evidence::kNs ||
         kind == Evidence::kDad;
}

// A claim that `ip` is at `mac`: `ip` may be a host's address and `mac` is a station, always.
struct Mapping {
  IpAddress ip;
  Mac mac;
  // May replace another MAC in an entry. ARP: always (RFC 826). NS, RS: always (RFC 4861 §7.2.3,
  // §6.2.6). NA: the O flag; without it, another MAC only makes the entry STALE (§7.2.5).
  bool overrides = false;
  // Says that it answers a question: NA with S (RFC 4861 §7.2.5), ARP reply. Whether the question
  // was godwit's is for the caller to know; only then is it a proof that the host can be reached.
  bool solicited = false;
  // The claimed MAC is the Ethernet source too. If not, somebody speaks for another host: a proxy,
  // or a thief. Untrusted ports may refuse such a mapping.
  bool sha_is_source = false;
  // A solicited NA without the option: an answer to a unicast NS need not repeat the address
  // (RFC 4861 §4.4), and Linux's does not. It confirms an entry that has this MAC, the frame's
  // source, and does nothing else.
  bool confirms_only = false;
};

struct FrameEvidence {
  Evidence kind = Evidence::kData;
  // The sender announces itself unasked: GARP (RFC 5227 §2.3), RARP, NA without S (RFC 4861
  // §7.2.6).
  bool announcement = false;
  std::optional<Mapping> mapping;
  // The address in question: TPA of ARP, target of NS and NA; unspecified in all others.
  IpAddress target;
};

// May a frame of this type be anything but data?
constexpr bool is_evidence_ethertype(uint16_t ether_type) {
  return ether_type == kEtherTypeArp || ether_type == kEtherTypeRarp ||
         ether_type == kEtherTypeIpv6;
}

// The same, but looks two octets deeper, so that IPv6 traffic other than ND is told apart at once.
// False means that read_evidence would return kData.
inline bool may_be_evidence(const EthernetView& eth, std::span<const uint8_t> frame) {
  if (!is_evidence_ethertype(eth.ether_type)) return false;
  if (eth.ether_type != kEtherTypeIpv6) return true;
  const std::span<const uint8_t> l3 = l3_of(eth, frame);
  return l3.size() > kIpv6HeaderSize && l3[6] == kProtocolIcmpv6 && is_nd_type(l3[kIpv6HeaderSize]);
}

// Whether an IPv6 packet is Multicast Listener Discovery (RFC 2710 §3, RFC 3810 §5), which is data
// to a switch, but one that says little: a kernel sends it for every address it is given.
bool is_mld(std::span<const uint8_t> l3);

// The frame's kind and claim. `eth` is parse_ethernet(frame).
//
// ARP: any opcode and any target teach, because RFC 826 merges the sender's pair before it looks at
// either (RFC 5944 §4.6 makes that a MUST). SPA = 0 teaches nothing (RFC 5227 §1.1); nor does an
// SHA that is no station (RFC 1812 §3.3.2) or an SPA that is no host's.
// RARP: never a mapping, whatever the opcode: in a request SPA and TPA are undefined (RFC 903).
// ND: NS and RS map their IP source to the source option (RFC 4861 §7.2.3, §6.2.6), NA its target
// to the target option (§7.2.5); without the option, nothing but a confirmation by a solicited NA.
// NS from :: maps nothing, its target is tentative (RFC 4862 §5.4.3). What its parser refuses is
// kData: it shows a location as every frame does.
FrameEvidence read_evidence(const EthernetView& eth, std::span<const uint8_t> frame);

// The same for a frame whose EtherType is ARP, of which `src` is the Ethernet source and `l3` what
// follows the EtherType; written where it is to stand. False for data; `out` is then as it was.
inline bool read_arp(Mac src, std::span<const uint8_t> l3, FrameEvidence& out) {
  const auto arp = parse_arp(l3);
  if (!arp) return false;
  const bool reply = arp->op == kArpReply;
  const bool gratuitous = arp->spa == arp->tpa;
  const bool probe = arp->spa.is_unspecified();
  const Evidence others = reply ? Evidence::kArpReply : Evidence::kArpRequest;
  const Evidence own = reply ? Evidence::kGarpReply : Evidence::kGarpRequest;
  out.kind = probe ? Evidence::kArpProbe : gratuitous ? own : others;
  out.announcement = gratuitous && !probe;
  // Member by member: a copy of the whole would wait for the stores that made it.
  out.target.hi = 0;
  out.target.lo = arp->tpa.lo;
  out.target.is_v6 = false;
  if (!arp->spa.is_host() || !arp->sha.is_station()) {
    out.mapping.reset();
    return true;
  }
  out.mapping.emplace(Mapping{.ip = arp->spa,
                              .mac = arp->sha,
                              .overrides = true,
                              .solicited = reply && !gratuitous,
                              .sha_is_source = arp->sha == src});
  return true;
}

// Whether ARP is what nearly all of it is: a request by a host that speaks for itself, for another
// address than its own. Then read_arp tells of a kArpRequest, the TPA as its target, and a mapping
// of the SPA to `src` or none. At least kArpSize octets. Quick: of what may be no host's, only the
// SPA of a probe is told.
inline bool is_ordinary_request(Mac src, const uint8_t* l3) {
  const uint32_t spa = load_be32(l3 + kArpSpa);
  return load_be64(l3) == (kArpIpv4OverEthernet << 16 | kArpRequest) &&
         load_mac(l3 + kArpSha) == src && spa != 0 && spa != load_be32(l3 + kArpTpa);
}

}  // namespace godwit
