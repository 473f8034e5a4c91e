// Frames, where test/unit/frames.h has none.
#pragma once

#include <cstdint>
#include <string_view>

#include "test/unit/frames.h"

#include "lib/address.h"
#include "lib/packet.h"

namespace godwit::test {

using frames::Octets;

// Of an EtherType that says nothing to godwit, with the text as payload.
Octets data(Mac src, Mac dst, std::string_view text = "data");

// With a tag in front of those that it has.
Octets tagged(Octets frame, uint16_t tci, uint16_t tpid = kEtherTypeVlan);
// With zeros up to `size` octets.
Octets padded(Octets frame, size_t size);

Octets rarp(Mac mac);
Octets garp(Mac mac, const IpAddress& ip);
Octets arp(Mac src, const ArpView& arp);  // to all
Octets unsolicited_na(Mac mac, const IpAddress& ip);

}  // namespace godwit::test
