#include "dataplane/kernel_link.h"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace godwit {
namespace {

// A socket to ask by, and the question.
class Request {
 public:
  explicit Request(const std::string& name) : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    name.copy(asked.ifr_name, sizeof asked.ifr_name - 1);
  }
  ~Request() {
    if (fd_ >= 0) close(fd_);
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  bool ask(unsigned long what) { return ioctl(fd_, what, &asked) == 0; }

  ifreq asked{};

 private:
  int fd_;
};

}  // namespace

std::string interface_of(const std::string& argument) {
  constexpr std::string_view kKey = ",iface=";
  const size_t at = argument.find(kKey);
  if (at == std::string::npos) return {};
  const size_t from = at + kKey.size();
  return argument.substr(from, argument.find(',', from) - from);
}

KernelInterface look_at_interface(const std::string& name) {
  KernelInterface interface;
  Request request(name);
  if (!request.ask(SIOCGIFINDEX)) return interface;
  interface.index = request.asked.ifr_ifindex;
  constexpr int kUp = IFF_UP | IFF_RUNNING;
  interface.has_link = request.ask(SIOCGIFFLAGS) && (request.asked.ifr_flags & kUp) == kUp;
  if (request.ask(SIOCGIFMTU))
    interface.mtu = static_cast<uint16_t>(std::min(request.asked.ifr_mtu, 65535));
  if (request.ask(SIOCGIFHWADDR))
    for (size_t octet = 0; octet < 6; ++octet)
      interface.mac.bits =
          interface.mac.bits << 8 | static_cast<uint8_t>(request.asked.ifr_hwaddr.sa_data[octet]);
  return interface;
}

bool set_kernel_mtu(const std::string& name, uint16_t mtu) {
  Request request(name);
  request.asked.ifr_mtu = mtu;
  return request.ask(SIOCSIFMTU);
}

}  // namespace godwit
