// A network interface of the kernel, as DPDK's drivers on top of one do not tell.
#pragma once

#include <cstdint>
#include <string>

#include "lib/address.h"

namespace godwit {

// The interface that a DPDK device argument names ("net_tap0,iface=vm7"); empty if none.
std::string interface_of(const std::string& argument);

struct KernelInterface {
  int index = 0;          // 0: there is none of this name
  bool has_link = false;  // it is set up, and has a carrier
  Mac mac;
  uint16_t mtu = 0;
};

// Some system calls.
KernelInterface look_at_interface(const std::string& name);

// False, with errno, when it is refused.
bool set_kernel_mtu(const std::string& name, uint16_t mtu);

}  // namespace godwit
