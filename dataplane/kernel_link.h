// The link of a network interface of the kernel, which DPDK's drivers on top of one do not tell.
#pragma once

#include <string>

namespace godwit {

// The interface that a DPDK device argument names ("net_af_packet0,iface=eth1"); empty if none.
std::string interface_of(const std::string& argument);

// It is there, set up, and has a carrier. A system call.
bool has_kernel_link(const std::string& interface);

}  // namespace godwit
