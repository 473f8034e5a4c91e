#include "dataplane/vhost_port.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string_view>

#include <fmt/core.h>
#include <rte_mbuf.h>
#include <rte_vhost.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace godwit {
namespace {

constexpr int kNoGuest = -1;
constexpr uint16_t kMostAtOnce = 32;  // that librte_vhost takes in one call

// Features by their bits (virtio 1.1 §5.1.3). Frames are to be whole, with their checksums in them.
constexpr uint64_t kChecksums = 0x3;           // CSUM, GUEST_CSUM
constexpr uint64_t kSegmentation = 0xff << 7;  // GUEST_ and HOST_ TSO4, TSO6, ECN, UFO
constexpr uint64_t kSeveralQueues = 1U << 22;  // MQ

// Rings by their numbers: a guest receives from us by the even ones.
constexpr uint16_t to_guest(uint16_t queue) { return static_cast<uint16_t>(2 * queue); }
constexpr uint16_t from_guest(uint16_t queue) { return static_cast<uint16_t>(2 * queue + 1); }

// librte_vhost names a guest's socket, and nothing of ours. Its thread and control meet here.
std::mutex devices_lock;
std::map<std::string, VhostDevice*> devices;

VhostDevice* device_of(int guest) {
  std::array<char, sizeof(sockaddr_un::sun_path)> path{};
  if (rte_vhost_get_ifname(guest, path.data(), path.size()) != 0) return nullptr;
  const std::lock_guard lock(devices_lock);
  const auto at = devices.find(path.data());
  return at == devices.end() ? nullptr : at->second;
}

// A socket with nobody behind it is what a process leaves that was killed.
void remove_stale_socket(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const bool refused =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED;
  close(fd);
  if (refused) unlink(path.c_str());
}

}  // namespace

// A pair of rings, between one guest and one worker.
class VhostDevice::Queue final : public Port {
 public:
  Queue(uint16_t number, rte_mempool* pool) : number_(number), pool_(pool) {}

  uint16_t rx(rte_mbuf** frames, uint16_t count) override {
    const int guest = from_.load(std::memory_order_acquire);
    if (guest == kNoGuest || count == 0) return 0;
    return rte_vhost_dequeue_burst(guest, from_guest(number_), pool_, frames, count);
  }

  // A guest may use fewer rings than it was offered. The first is always in use; workers that share
  // it then take turns at librte_vhost's lock.
  uint16_t tx(rte_mbuf** frames, uint16_t count) override {
    const int guest = to_.load(std::memory_order_acquire);
    if (guest == kNoGuest) return 0;
    const uint16_t ring = to_guest(is_enabled() ? number_ : 0);
    uint16_t sent = 0;
    while (sent < count) {
      const auto some = std::min<uint16_t>(kMostAtOnce, count - sent);
      const uint16_t taken = rte_vhost_enqueue_burst(guest, ring, frames + sent, some);
      sent += taken;
      if (taken < some) break;
    }
    rte_pktmbuf_free_bulk(frames, sent);
    return sent;
  }

  bool is_enabled() const { return enabled_.load(std::memory_order_relaxed); }
  // librte_vhost complains about every look at a ring that the guest does not have.
  void hear(int guest) { from_.store(guest, std::memory_order_release); }
  void talk_to(int guest) { to_.store(guest, std::memory_order_release); }
  void enable(bool on) { enabled_.store(on, std::memory_order_relaxed); }

 private:
  const uint16_t number_;
  rte_mempool* const pool_;
  std::atomic<int> from_{kNoGuest};
  std::atomic<int> to_{kNoGuest};
  std::atomic<bool> enabled_{false};  // the ring to the guest; only chooses between rings
};

const rte_vhost_device_ops VhostDevice::kCallbacks = [] {
  rte_vhost_device_ops callbacks{};
  callbacks.new_device = [](int guest) {
    VhostDevice* device = device_of(guest);
    return device != nullptr && device->came(guest) ? 0 : -1;
  };
  callbacks.destroy_device = [](int guest) {
    if (VhostDevice* device = device_of(guest)) device->goes(guest);
  };
  callbacks.vring_state_changed = [](int guest, uint16_t ring, int enabled) {
    if (VhostDevice* device = device_of(guest)) device->ring_changed(guest, ring, enabled != 0);
    return 0;
  };
  return callbacks;
}();

VhostDevice::VhostDevice(const VhostOptions& options, rte_mempool* pool)
    : path_(options.path), device_(options.device), mtu_(options.mtu), guest_(kNoGuest) {
  std::vector<Port*> all;
  for (uint16_t q = 0; q < options.queues; ++q)
    all.push_back(queues_.emplace_back(std::make_unique<Queue>(q, pool)).get());
  shares_ = std::make_unique<QueueShares>(
      all, std::vector(all.begin(), all.begin() + std::min(options.queues, options.workers)),
      options.workers, options.first_worker);

  const char* const path = path_.c_str();
  if (!options.client) remove_stale_socket(path_);
  const auto require = [&](bool done, std::string_view step) {
    if (!done) throw std::runtime_error(fmt::format("device '{}': {}", device_, step));
  };
  uint64_t flags = RTE_VHOST_USER_NET_COMPLIANT_OL_FLAGS;
  if (options.client) flags |= RTE_VHOST_USER_CLIENT;
  require(rte_vhost_driver_register(path, flags) == 0, "cannot be registered");
  {
    const std::lock_guard lock(devices_lock);
    devices[path_] = this;
  }
  // From here on the destructor is not run: what was registered is taken back by hand.
  const uint64_t not_offered =
      kChecksums | kSegmentation | (options.queues == 1 ? kSeveralQueues : 0);
  if (rte_vhost_driver_disable_features(path, not_offered) != 0 ||
      rte_vhost_driver_callback_register(path, &kCallbacks) != 0 ||
      rte_vhost_driver_start(path) != 0) {
    const int error = errno;
    forget();
    require(false, fmt::format("the socket cannot be {}: {}", options.client ? "used" : "made",
                               std::strerror(error)));
  }
}

VhostDevice::~VhostDevice() { forget(); }

// Guests that are connected go first, as if they had left.
void VhostDevice::forget() {
  rte_vhost_driver_unregister(path_.c_str());
  const std::lock_guard lock(devices_lock);
  devices.erase(path_);
}

PortState VhostDevice::state() const {
  PortState state;
  state.device = device_;
  state.mtu = mtu_;
  state.up = up_.load(std::memory_order_relaxed);
  return state;
}

void VhostDevice::attach(PortUser* user) {
  const std::lock_guard lock(user_lock_);
  user_ = user;
}

// One guest at a time: a second that connects to the same socket is turned away.
bool VhostDevice::came(int guest) {
  if (guest_ != kNoGuest) return false;
  guest_ = guest;
  const uint16_t rings = rte_vhost_get_vring_num(guest);
  // We look for frames by ourselves; the guest need not call.
  for (uint16_t ring = 0; ring < rings; ++ring) rte_vhost_enable_guest_notification(guest, ring, 0);
  const auto queues = static_cast<uint16_t>(queues_.size());
  for (uint16_t q = 0; q < queues; ++q) {
    if (from_guest(q) < rings) queues_[q]->hear(guest);
    queues_[q]->talk_to(guest);
  }
  tell_link();
  return true;
}

void VhostDevice::goes(int guest) {
  if (guest != guest_) return;
  {
    // What workers have sent by then, the guest takes along in its memory; the rest waits.
    const std::lock_guard lock(user_lock_);
    if (user_ != nullptr) {
      user_->stands_still();
      user_->wait_for_workers();
    }
  }
  guest_ = kNoGuest;
  for (const auto& queue : queues_) {
    queue->hear(kNoGuest);
    queue->talk_to(kNoGuest);
    queue->enable(false);
  }
  tell_link();
  const std::lock_guard lock(user_lock_);
  if (user_ != nullptr) user_->wait_for_workers();
}

// Rings are told of before their guest is, and further ones later. librte_vhost's lock is held
// here: no waiting.
void VhostDevice::ring_changed(int guest, uint16_t ring, bool enabled) {
  const auto queue = static_cast<uint16_t>(ring / 2);
  if (queue >= queues_.size() || (guest_ != kNoGuest && guest_ != guest)) return;
  if (ring == to_guest(queue))
    queues_[queue]->enable(enabled);
  else if (enabled && guest == guest_)
    queues_[queue]->hear(guest);
  tell_link();
}

void VhostDevice::tell_link() {
  const bool up = guest_ != kNoGuest && queues_.front()->is_enabled();
  up_.store(up, std::memory_order_relaxed);
  const std::lock_guard lock(user_lock_);
  if (user_ == nullptr) return;
  if (up)
    user_->link(true);
  else
    user_->stands_still();
}

}  // namespace godwit
