#include "lib/evidence.h"

#include <string>

#include <catch2/catch.hpp>

#include "test/unit/frames.h"

namespace godwit {
namespace {

using frames::kIcmp;
using frames::kIp;
using frames::octets;
using frames::Octets;
using frames::prefix;
using frames::resealed;

// Of ARP's fields, in an untagged frame.
constexpr size_t kOp = kIp + 6;
constexpr size_t kSha = kIp + 8;
constexpr size_t kSpa = kIp + 14;

FrameEvidence evidence_of(const Octets& frame) {
  const auto eth = parse_ethernet(frame);
  REQUIRE(eth);
  const FrameEvidence evidence = read_evidence(*eth, frame);
  if (!may_be_evidence(*eth, frame)) CHECK(evidence.kind == Evidence::kData);
  return evidence;
}

Octets with(Octets frame, size_t offset, const Octets& value) {
  for (size_t i = 0; i < value.size(); ++i) frame.at(offset + i) = value[i];
  return frame;
}

Octets tagged(Octets frame, const char* tags) {
  const Octets inserted = octets(tags);
  frame.insert(frame.begin() + 12, inserted.begin(), inserted.end());
  return frame;
}

struct Known {
  const Octets& frame;
  const IpAddress* mapped;  // to frames::kVm; nullptr: no mapping
  IpAddress target;
  size_t size;  // octets that it takes, without padding
  Evidence kind;
  bool announcement, overrides, solicited;
};

constexpr IpAddress kNone;

const Known kKnown[] = {
    {frames::kQemuRarp, nullptr, kNone, 42, Evidence::kRarp, true, false, false},
    {frames::kLinuxGarp, &frames::kVmV4, frames::kVmV4, 42, Evidence::kGarpRequest, true, true,
     false},
    {frames::kGarpReply, &frames::kVmV4, frames::kVmV4, 42, Evidence::kGarpReply, true, true,
     false},
    {frames::kArpRequest, &frames::kVmV4, frames::kPeerV4, 42, Evidence::kArpRequest, false, true,
     false},
    {frames::kArpReply, &frames::kVmV4, frames::kPeerV4, 42, Evidence::kArpReply, false, true,
     true},
    {frames::kArpProbe, nullptr, frames::kVmV4, 42, Evidence::kArpProbe, false, false, false},
    {frames::kLinuxUnsolicitedNa, &frames::kVmV6, frames::kVmV6, 86, Evidence::kNa, true, true,
     false},
    {frames::kSolicitedNa, &frames::kVmV6, frames::kVmV6, 86, Evidence::kNa, false, true, true},
    {frames::kNs, &frames::kVmV6, frames::kPeerV6, 86, Evidence::kNs, false, true, false},
    {frames::kLinuxDad, nullptr, frames::kVmV6, 86, Evidence::kDad, false, false, false},
    {frames::kLinuxRs, &frames::kVmV6, kNone, 70, Evidence::kRs, false, true, false},
    {frames::kLinuxMldReport, nullptr, kNone, 90, Evidence::kData, false, false, false},
};

void check_evidence(const FrameEvidence& evidence, const Known& known) {
  CHECK(evidence.kind == known.kind);
  CHECK(evidence.announcement == known.announcement);
  CHECK(evidence.target == known.target);
  REQUIRE(evidence.mapping.has_value() == (known.mapped != nullptr));
  if (!evidence.mapping) return;
  CHECK(evidence.mapping->ip == *known.mapped);
  CHECK(evidence.mapping->mac == frames::kVm);
  CHECK(evidence.mapping->overrides == known.overrides);
  CHECK(evidence.mapping->solicited == known.solicited);
  CHECK(evidence.mapping->sha_is_source);
}

}  // namespace

TEST_CASE("frames say what their RFCs mean, with and without tags", "[evidence]") {
  for (const Known& known : kKnown) {
    CAPTURE(to_string(known.kind));
    check_evidence(evidence_of(known.frame), known);
    check_evidence(evidence_of(tagged(known.frame, "8100 600a")), known);
    check_evidence(evidence_of(tagged(known.frame, "88a8 0064 8100 000a")), known);
    CHECK(evidence_of(tagged(known.frame, "8100 0001 8100 0002 8100 0003")).kind ==
          Evidence::kData);
  }
}

TEST_CASE("a frame cut short is data and is not read beyond its end", "[evidence]") {
  for (const Known& known : kKnown) {
    for (const char* tags : {"", "8100 600a", "88a8 0064 8100 000a"}) {
      const Octets whole = tagged(known.frame, tags);
      const size_t needed = known.size + octets(tags).size();
      for (size_t size = kEthernetHeaderSize; size <= whole.size(); ++size) {
        CAPTURE(to_string(known.kind), tags, size);
        CHECK(evidence_of(prefix(whole, size)).kind ==
              (size < needed ? Evidence::kData : known.kind));
      }
      for (size_t size = 0; size < kEthernetHeaderSize; ++size)
        CHECK_FALSE(parse_ethernet(prefix(whole, size)));
    }
  }
}

TEST_CASE("every opcode of ARP teaches, every target too", "[evidence]") {
  for (const char* op : {"0000", "0001", "0003", "0009", "ffff"}) {
    CAPTURE(op);
    const auto request = evidence_of(with(frames::kArpRequest, kOp, octets(op)));
    CHECK(request.kind == Evidence::kArpRequest);
    CHECK(request.mapping->ip == frames::kVmV4);
    CHECK(evidence_of(with(frames::kGarpReply, kOp, octets(op))).kind == Evidence::kGarpRequest);
    CHECK(evidence_of(with(frames::kArpProbe, kOp, octets(op))).kind == Evidence::kArpProbe);
    CHECK(evidence_of(with(frames::kQemuRarp, kOp, octets(op))).kind == Evidence::kRarp);
  }
  const auto probe = evidence_of(with(frames::kArpReply, kSpa, octets("00000000")));
  CHECK(probe.kind == Evidence::kArpProbe);
  CHECK_FALSE(probe.mapping);
}

TEST_CASE("an ordinary ARP request is what reading it tells", "[evidence]") {
  const Octets request = frames::prefix(frames::kArpRequest, kEthernetHeaderSize + kArpSize);
  unsigned ordinary = 0;
  unsigned mapped = 0;
  for (size_t at = 0; at < request.size(); ++at)
    for (unsigned value = 0; value < 256; ++value) {
      Octets frame = request;
      frame[at] = static_cast<uint8_t>(value);
      const EthernetView eth = *parse_ethernet(frame);
      if (eth.ether_type != kEtherTypeArp ||
          !is_ordinary_request(eth.src, l3_of(eth, frame).data()))
        continue;
      ++ordinary;
      const FrameEvidence said = read_evidence(eth, frame);
      CHECK(said.kind == Evidence::kArpRequest);
      CHECK_FALSE(said.announcement);
      CHECK(said.target == load_ipv4(&frame[kEthernetHeaderSize + kArpTpa]));
      if (!said.mapping) continue;
      ++mapped;
      CHECK(said.mapping->ip == load_ipv4(&frame[kEthernetHeaderSize + kArpSpa]));
      CHECK(said.mapping->mac == eth.src);
      CHECK(said.mapping->sha_is_source);
      CHECK(said.mapping->overrides);
      CHECK_FALSE(said.mapping->solicited);
      CHECK_FALSE(said.mapping->confirms_only);
    }
  // Any destination, THA, target and SPA; not the two of which one octet makes them the same
  // address. Nothing else may change, but an octet as it was counts as changed, too.
  constexpr unsigned kAsItWas = 2 + 6 + 8 + 6;  // of the EtherType, source, head and SHA
  CHECK(ordinary == kAsItWas + 256 * (6 + 6 + 4 + 4) - 2);
  constexpr unsigned kNoHosts = 1 + 1 + 16;  // first octets of an SPA: 0, 127, and 224 to 239
  CHECK(mapped == ordinary - kNoHosts);
}

TEST_CASE("RARP never maps, even if it names addresses", "[evidence]") {
  for (const char* op : {"0003", "0004"}) {
    auto frame = with(frames::kQemuRarp, kOp, octets(op));
    frame = with(frame, kSpa, octets("0a090002 525400000002 0a090002"));
    const auto evidence = evidence_of(frame);
    CHECK(evidence.kind == Evidence::kRarp);
    CHECK(evidence.announcement);
    CHECK_FALSE(evidence.mapping);
    CHECK(evidence.target.is_unspecified());
  }
}

TEST_CASE("a claim for a MAC that is not the frame's source says so", "[evidence]") {
  const Octets thief = octets("525400000666");
  for (const Known& known : kKnown) {
    if (known.mapped == nullptr) continue;
    CAPTURE(to_string(known.kind));
    const auto evidence = evidence_of(with(known.frame, 6, thief));
    REQUIRE(evidence.mapping);
    CHECK(evidence.mapping->mac == frames::kVm);
    CHECK_FALSE(evidence.mapping->sha_is_source);
  }
}

TEST_CASE("only a host's address and a station's MAC make a mapping", "[evidence]") {
  for (const char* mac : {"ffffffffffff", "01005e000001", "000000000000"}) {
    CAPTURE(mac);
    const auto garp = evidence_of(with(frames::kLinuxGarp, kSha, octets(mac)));
    CHECK(garp.kind == Evidence::kGarpRequest);
    CHECK(garp.announcement);
    CHECK_FALSE(garp.mapping);
    for (const Octets* nd : {&frames::kLinuxUnsolicitedNa, &frames::kNs, &frames::kLinuxRs}) {
      const auto evidence = evidence_of(resealed(with(*nd, nd->size() - 6, octets(mac))));
      CHECK(evidence.kind != Evidence::kData);
      CHECK_FALSE(evidence.mapping);
    }
  }
  for (const char* ip : {"ffffffff", "e0000001", "7f000001", "00000007"}) {
    CAPTURE(ip);
    const auto evidence = evidence_of(with(frames::kArpRequest, kSpa, octets(ip)));
    CHECK(evidence.kind == Evidence::kArpRequest);
    CHECK_FALSE(evidence.mapping);
  }
  const Octets loopback = octets("00000000000000000000000000000001");
  const auto na = evidence_of(resealed(with(frames::kLinuxUnsolicitedNa, kIcmp + 8, loopback)));
  CHECK(na.kind == Evidence::kNa);
  CHECK_FALSE(na.mapping);
}

TEST_CASE("ND without the link-layer address option maps nothing", "[evidence]") {
  for (const Octets* frame : {&frames::kSolicitedNa, &frames::kNs, &frames::kLinuxRs}) {
    const Evidence kind = evidence_of(*frame).kind;
    Octets bare = prefix(*frame, frame->size() - kNdOptionUnit);
    bare[kIp + 5] -= kNdOptionUnit;
    const auto evidence = evidence_of(resealed(bare));
    CHECK(evidence.kind == kind);
    // A solicited NA confirms its sender (RFC 4861 §4.4), the others say nothing.
    const bool confirms = evidence.mapping && evidence.mapping->confirms_only;
    CHECK(confirms == (kind == Evidence::kNa));
    CHECK(evidence.mapping.has_value() == confirms);
  }
  // An NA is believed for its target option only, an NS for its source option only.
  const auto na = evidence_of(resealed(with(frames::kSolicitedNa, kIcmp + 24, octets("01"))));
  CHECK(na.kind == Evidence::kNa);
  CHECK((na.mapping && na.mapping->confirms_only));
  const auto ns = evidence_of(resealed(with(frames::kNs, kIcmp + 24, octets("02"))));
  CHECK(ns.kind == Evidence::kNs);
  CHECK_FALSE(ns.mapping);
}

TEST_CASE("an NA overrides only with its O flag", "[evidence]") {
  const auto na = evidence_of(resealed(with(frames::kLinuxUnsolicitedNa, kIcmp + 4, octets("00"))));
  REQUIRE(na.mapping);
  CHECK(na.announcement);
  CHECK_FALSE(na.mapping->overrides);
}

TEST_CASE("an invalid ND message is data", "[evidence]") {
  Octets forwarded = frames::kLinuxUnsolicitedNa;
  forwarded[kIp + 7] = 64;
  CHECK(evidence_of(forwarded).kind == Evidence::kData);
  Octets damaged = frames::kLinuxUnsolicitedNa;
  damaged.back() ^= 1;
  CHECK(evidence_of(damaged).kind == Evidence::kData);
}

TEST_CASE("what cannot be evidence is told apart at once", "[evidence]") {
  CHECK(is_evidence_ethertype(0x0806));
  CHECK(is_evidence_ethertype(0x8035));
  CHECK(is_evidence_ethertype(0x86dd));
  CHECK_FALSE(is_evidence_ethertype(0x0800));
  CHECK_FALSE(is_evidence_ethertype(0x8100));
  for (const Known& known : kKnown) {
    const auto eth = parse_ethernet(known.frame);
    CHECK(may_be_evidence(*eth, known.frame) == (known.kind != Evidence::kData));
  }
  const Octets echo = resealed(with(frames::kNs, kIcmp, octets("80")));
  CHECK_FALSE(may_be_evidence(*parse_ethernet(echo), echo));
}

TEST_CASE("evidence is named as the report names it", "[evidence]") {
  std::string names;
  for (int i = 0; i <= static_cast<int>(Evidence::kPeer); ++i)
    names += std::string(to_string(static_cast<Evidence>(i))) + ' ';
  CHECK(names ==
        "data garp-request garp-reply arp-request arp-reply arp-probe rarp ns na rs dad "
        "probe-reply hint link peer ");
}

}  // namespace godwit
