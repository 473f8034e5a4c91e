#include "lib/device_name.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/core.h>

namespace godwit {
namespace {

constexpr size_t kMaxInterface = 15;    // IFNAMSIZ, less the final zero
constexpr size_t kMaxSocketPath = 107;  // octets of sun_path, less the final zero

DeviceName failed(std::string error) {
  DeviceName device;
  device.error = std::move(error);
  return device;
}

bool all_hex(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// "0000:3b:00.0" or "3b:00.0"; returned with its domain. Empty if it is none.
std::string pci_address(std::string_view text) {
  if (std::count(text.begin(), text.end(), ':') == 1)
    return pci_address(fmt::format("0000:{}", text));
  const bool is_pci = text.size() == 12 && text[4] == ':' && text[7] == ':' && text[10] == '.' &&
                      all_hex(text.substr(0, 4)) && all_hex(text.substr(5, 2)) &&
                      all_hex(text.substr(8, 2)) && text[11] >= '0' && text[11] <= '7';
  return is_pci ? std::string(text) : std::string();
}

// A name as DPDK's virtual devices have, or one with its bus in front.
bool may_be_dpdk_device(std::string_view name) {
  constexpr std::array<std::string_view, 4> kBuses = {"auxiliary", "fslmc", "pci", "vmbus"};
  if (name.find_first_of("/ ") != std::string_view::npos) return false;
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ||
         std::find(kBuses.begin(), kBuses.end(), name.substr(0, colon)) != kBuses.end();
}

DeviceName tap(std::string_view name) {
  if (name.empty() || name.size() > kMaxInterface)
    return failed(
        fmt::format("wants an interface name of 1 to {} octets behind 'tap:'", kMaxInterface));
  if (name.find_first_of("/ ,:") != std::string_view::npos || name == "." || name == "..")
    return failed("is not a name that an interface may have");
  return {DeviceKind::kTap, std::string(name), {}, false, {}};
}

DeviceName socket(DeviceKind kind, std::string_view rest) {
  const size_t comma = rest.find(',');
  const std::string_view path = rest.substr(0, comma);
  const std::string_view role = comma == std::string_view::npos ? "server" : rest.substr(comma + 1);
  if (!path.starts_with('/')) return failed("wants an absolute path (begin it with /)");
  if (path.size() > kMaxSocketPath)
    return failed(
        fmt::format("is longer than the {} octets that a socket's path may have", kMaxSocketPath));
  const bool client = role == "client" || role == "role=client";
  if (!client && role != "server" && role != "role=server")
    return failed("may have ',client' behind the path, and nothing else");
  return {kind, std::string(path), {}, client, {}};
}

}  // namespace

DeviceName parse_device(std::string_view text) {
  if (text.starts_with("tap:")) return tap(text.substr(4));
  if (text.starts_with("memif:")) return socket(DeviceKind::kMemif, text.substr(6));
  if (text.starts_with("vhost:")) return socket(DeviceKind::kVhost, text.substr(6));
  const size_t comma = text.find(',');
  const std::string_view name = text.substr(0, comma);
  DeviceName device;
  if (comma != std::string_view::npos) device.options = text.substr(comma + 1);
  device.name = pci_address(name);
  device.kind = device.name.empty() ? DeviceKind::kVirtual : DeviceKind::kPci;
  if (device.kind == DeviceKind::kVirtual) device.name = name;
  if (device.name.empty()) return failed("has no name in front of the comma");
  if (device.kind == DeviceKind::kVirtual && !may_be_dpdk_device(name))
    return failed(
        "is no device (write a PCI address, a DPDK device such as net_af_packet0,iface=eth1, "
        "vhost:PATH, tap:NAME or memif:PATH)");
  return device;
}

bool is_same_device(const DeviceName& a, const DeviceName& b) {
  return a.kind == b.kind && a.name == b.name;
}

}  // namespace godwit
