#include "lib/dhcp.h"

#include <algorithm>

#include "lib/byte_order.h"

namespace godwit {
namespace {

using Octets = std::span<const uint8_t>;

// ---- DHCPv4: RFC 2131 §2, RFC 2132 ----

constexpr size_t kXidAt = 4;
constexpr size_t kCiaddrAt = 12;
constexpr size_t kYiaddrAt = 16;
constexpr size_t kChaddrAt = 28;
constexpr size_t kSnameAt = 44;
constexpr size_t kFileAt = 108;
constexpr size_t kCookieAt = 236;
constexpr size_t kOptionsAt = 240;
constexpr uint32_t kCookie = 0x63825363;
constexpr uint8_t kBootReply = 2;
constexpr uint8_t kEthernet = 1;
constexpr uint8_t kMacSize = 6;

enum class Option : uint8_t {
  kPad = 0,
  kRequestedAddress = 50,
  kLeaseTime = 51,
  kOverload = 52,
  kMessageType = 53,
  kEnd = 255,
};

enum class Type : uint8_t {
  kDiscover = 1,
  kOffer,
  kRequest,
  kDecline,
  kAck,
  kNak,
  kRelease,
};

struct OptionsV4 {
  uint8_t type = 0;
  uint8_t overload = 0;
  std::optional<uint32_t> lease_time;
  IpAddress requested;
};

// An option of another length than its own is none (RFC 2132); of equal ones the first counts.
void read_option(uint8_t code, Octets value, OptionsV4& out) {
  switch (Option{code}) {
    case Option::kMessageType:
      if (value.size() == 1 && out.type == 0) out.type = value[0];
      break;
    case Option::kOverload:
      if (value.size() == 1) out.overload = value[0];
      break;
    case Option::kLeaseTime:
      if (value.size() == 4 && !out.lease_time) out.lease_time = load_be32(value.data());
      break;
    case Option::kRequestedAddress:
      if (value.size() == 4 && out.requested.is_unspecified())
        out.requested = load_ipv4(value.data());
      break;
    default:
      break;
  }
}

// False if an option runs past the end. A missing end option is forgiven, as hosts do.
bool read_options(Octets field, OptionsV4& out) {
  while (!field.empty() && Option{field[0]} != Option::kEnd) {
    if (Option{field[0]} == Option::kPad) {
      field = field.subspan(1);
      continue;
    }
    if (field.size() < 2 || field.size() - 2 < field[1]) return false;
    read_option(field[0], field.subspan(2, field[1]), out);
    field = field.subspan(size_t{2} + field[1]);
  }
  return true;
}

// The options field, and those that it says are used for options as well (RFC 2132 §9.3).
std::optional<OptionsV4> options_of(Octets payload) {
  OptionsV4 options;
  if (!read_options(payload.subspan(kOptionsAt), options)) return std::nullopt;
  const uint8_t overload = options.overload;
  if ((overload & 1) != 0 && !read_options(payload.subspan(kFileAt, kCookieAt - kFileAt), options))
    return std::nullopt;
  if ((overload & 2) != 0 && !read_options(payload.subspan(kSnameAt, kFileAt - kSnameAt), options))
    return std::nullopt;
  return options;
}

DhcpAct act_of(Type type) {
  switch (type) {
    case Type::kDiscover:
    case Type::kRequest:
      return DhcpAct::kAsk;
    case Type::kOffer:
      return DhcpAct::kOffer;
    case Type::kDecline:
      return DhcpAct::kDecline;
    case Type::kAck:
      return DhcpAct::kGrant;
    case Type::kNak:
      return DhcpAct::kRefuse;
    case Type::kRelease:
      return DhcpAct::kRelease;
  }
  return DhcpAct::kNothing;
}

void add_lease(DhcpMessage& message, const IpAddress& ip, uint32_t seconds) {
  if (!ip.is_host() || message.lease_count == DhcpMessage::kMaxLeases) return;
  message.leases[message.lease_count++] = {ip, seconds};
}

// ---- DHCPv6: RFC 8415 §8, §9, §21 ----

constexpr size_t kHeaderV6 = 4;
constexpr size_t kRelayHeader = 34;
constexpr size_t kOptionHeader = 4;
constexpr size_t kIaNaFixed = 12;    // IAID, T1, T2
constexpr size_t kIaAddrFixed = 24;  // address, preferred and valid lifetime
constexpr uint8_t kRelayForward = 12;
constexpr uint8_t kRelayReply = 13;

enum class OptionV6 : uint16_t {
  kClientId = 1,
  kIaNa = 3,
  kIaAddr = 5,
  kRelayMessage = 9,
  kStatusCode = 13,
};

struct KindV6 {
  DhcpAct act;
  bool from_server;
};

KindV6 kind_of(uint8_t type) {
  switch (type) {
    case 1:  // SOLICIT
    case 3:  // REQUEST
    case 4:  // CONFIRM
    case 5:  // RENEW
    case 6:  // REBIND
      return {DhcpAct::kAsk, false};
    case 2:  // ADVERTISE
      return {DhcpAct::kOffer, true};
    case 7:  // REPLY
      return {DhcpAct::kGrant, true};
    case 8:  // RELEASE
      return {DhcpAct::kRelease, false};
    case 9:  // DECLINE
      return {DhcpAct::kDecline, false};
    case 10:  // RECONFIGURE
    case kRelayReply:
      return {DhcpAct::kNothing, true};
    default:
      return {DhcpAct::kNothing, false};
  }
}

// Calls each(code, value) for every option; false if one runs past the end, or `each` is false.
template <class Each>
bool for_each_option(Octets options, Each each) {
  while (!options.empty()) {
    if (options.size() < kOptionHeader) return false;
    const uint16_t size = load_be16(&options[2]);
    if (options.size() - kOptionHeader < size) return false;
    if (!each(OptionV6{load_be16(options.data())}, options.subspan(kOptionHeader, size)))
      return false;
    options = options.subspan(kOptionHeader + size);
  }
  return true;
}

bool is_failure(Octets status) { return status.size() >= 2 && load_be16(status.data()) != 0; }

// A preferred lifetime beyond the valid one makes the address void (§21.6).
bool read_address(Octets value, bool gives, DhcpMessage& message) {
  if (value.size() < kIaAddrFixed) return false;
  const uint32_t preferred = load_be32(&value[16]);
  const uint32_t valid = load_be32(&value[20]);
  bool failed = preferred > valid;
  const bool whole = for_each_option(value.subspan(kIaAddrFixed), [&](OptionV6 code, Octets inner) {
    failed |= code == OptionV6::kStatusCode && is_failure(inner);
    return true;
  });
  if (!failed) add_lease(message, load_ipv6(value.data()), gives ? valid : 0);
  return whole;
}

bool read_ia_na(Octets value, DhcpMessage& message) {
  if (value.size() < kIaNaFixed) return false;
  const bool gives = message.act == DhcpAct::kGrant;
  const uint8_t before = message.lease_count;
  bool failed = false;
  const bool whole = for_each_option(value.subspan(kIaNaFixed), [&](OptionV6 code, Octets inner) {
    if (code == OptionV6::kIaAddr) return read_address(inner, gives, message);
    failed |= code == OptionV6::kStatusCode && is_failure(inner);
    return true;
  });
  if (failed) message.lease_count = before;
  return whole;
}

std::optional<DhcpMessage> parse_client_server(Octets payload) {
  if (payload.size() < kHeaderV6) return std::nullopt;
  const auto [act, from_server] = kind_of(payload[0]);
  DhcpMessage message;
  message.act = act;
  message.from_server = from_server;
  message.transaction = load_be32(payload.data()) & 0xffffff;
  const bool names_addresses =
      act == DhcpAct::kGrant || act == DhcpAct::kRelease || act == DhcpAct::kDecline;
  bool failed = false;
  const bool whole = for_each_option(payload.subspan(kHeaderV6), [&](OptionV6 code, Octets value) {
    if (code == OptionV6::kClientId && message.duid.empty()) message.duid = value;
    if (code == OptionV6::kStatusCode) failed |= is_failure(value);
    return code != OptionV6::kIaNa || !names_addresses || read_ia_na(value, message);
  });
  if (!whole) return std::nullopt;
  if (failed) message.lease_count = 0;
  return message;
}

// What a relay's message carries; nothing if that is a relay's message again.
std::optional<DhcpMessage> parse_relayed(Octets payload) {
  if (payload.size() < kRelayHeader) return std::nullopt;
  Octets carried;
  const bool whole =
      for_each_option(payload.subspan(kRelayHeader), [&](OptionV6 code, Octets value) {
        if (code == OptionV6::kRelayMessage && carried.empty()) carried = value;
        return true;
      });
  if (!whole || carried.empty()) return std::nullopt;
  DhcpMessage message;
  const bool nested = carried[0] == kRelayForward || carried[0] == kRelayReply;
  if (!nested) {
    const auto inner = parse_client_server(carried);
    if (!inner) return std::nullopt;
    message = *inner;
  }
  message.from_server = payload[0] == kRelayReply;
  message.relayed = true;
  return message;
}

}  // namespace

std::optional<DhcpMessage> parse_dhcpv4(Octets payload) {
  if (payload.size() < kCookieAt) return std::nullopt;
  DhcpMessage message;
  message.from_server = payload[0] == kBootReply;
  message.transaction = load_be32(&payload[kXidAt]);
  if (payload[1] == kEthernet && payload[2] == kMacSize)
    message.chaddr = load_mac(&payload[kChaddrAt]);
  if (payload.size() < kOptionsAt || load_be32(&payload[kCookieAt]) != kCookie) return message;
  const auto options = options_of(payload);
  if (!options) return std::nullopt;
  message.act = act_of(Type{options->type});
  const bool is_servers_act = message.act == DhcpAct::kOffer || message.act == DhcpAct::kGrant ||
                              message.act == DhcpAct::kRefuse;
  if (message.act != DhcpAct::kNothing && is_servers_act != message.from_server)
    return std::nullopt;
  if (message.act == DhcpAct::kGrant && options->lease_time)
    add_lease(message, load_ipv4(&payload[kYiaddrAt]), *options->lease_time);
  if (message.act == DhcpAct::kRelease) add_lease(message, load_ipv4(&payload[kCiaddrAt]), 0);
  if (message.act == DhcpAct::kDecline) add_lease(message, options->requested, 0);
  return message;
}

std::optional<DhcpMessage> parse_dhcpv6(Octets payload) {
  if (payload.empty()) return std::nullopt;
  const bool relayed = payload[0] == kRelayForward || payload[0] == kRelayReply;
  return relayed ? parse_relayed(payload) : parse_client_server(payload);
}

}  // namespace godwit
