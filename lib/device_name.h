// What a port's `device` names, taken apart: the words are the user's, and so are the errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace godwit {

enum class DeviceKind {
  kVirtual,  // a DPDK device argument: "net_af_packet0,iface=eth1"
  kPci,      // "0000:3b:00.0", arguments of its driver behind a comma
  kTap,      // "tap:NAME": an interface of the host, made for the port
  kMemif,    // "memif:PATH": shared memory with another process
  kVhost,    // "vhost:PATH": a vhost-user socket
};

struct DeviceName {
  DeviceKind kind = DeviceKind::kVirtual;
  std::string name;     // DPDK's name of it, the PCI address with its domain, or NAME or PATH
  std::string options;  // of kVirtual and kPci: what follows the name's comma
  bool client = false;  // of kMemif and kVhost: connects to the socket instead of making it
  std::string error;    // words that follow the quoted text; empty: none

  bool ok() const { return error.empty(); }
};

DeviceName parse_device(std::string_view text);

// Whether two ports cannot have them at once.
bool is_same_device(const DeviceName& a, const DeviceName& b);

}  // namespace godwit
