#include "dataplane/kernel_link.h"

#include <string_view>

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace godwit {

std::string interface_of(const std::string& argument) {
  constexpr std::string_view kKey = ",iface=";
  const size_t at = argument.find(kKey);
  if (at == std::string::npos) return {};
  const size_t from = at + kKey.size();
  return argument.substr(from, argument.find(',', from) - from);
}

bool has_kernel_link(const std::string& interface) {
  ifreq request{};
  if (interface.size() >= sizeof request.ifr_name) return false;
  interface.copy(request.ifr_name, interface.size());
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool known = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
  close(fd);
  constexpr int kUp = IFF_UP | IFF_RUNNING;
  return known && (request.ifr_flags & kUp) == kUp;
}

}  // namespace godwit
