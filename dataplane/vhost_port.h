// Ports of virtual machines: vhost-user sockets, over librte_vhost itself. (DPDK's ethdev over it
// counts among the 32 ethdevs that Debian's build has room for; librte_vhost takes 1024 guests.)
//
// Frames are whole: checksum and segmentation offloads are not offered to the guest. A frame for
// the guest is copied into its memory and our buffer freed; one from it is copied into a buffer of
// the pool. When the machine manager says so (SEND_RARP), librte_vhost itself puts the guest's RARP
// in front of what the guest sent.
//
// Who comes and goes. The guest's side of the socket is served by a thread of librte_vhost's. It
// says that a guest is there (its number is stored, workers see it at their next round) and that
// one goes (the number is taken away, and with it the link, at once). What a guest's number stands
// for is freed as soon as the thread goes on; so it waits, after it has taken the number away,
// until every worker has passed a quiescent state: a worker that had loaded the number has then
// finished with it, and every later round loads "none". So the thread waits for workers, at most a
// round's time, and no worker ever waits for the thread. The store of the number releases and the
// workers' load acquires, so that they see the rings as the thread set them up.
//
// One wait is librte_vhost's own: while it maps a guest's memory again or enables a ring, which
// happens when a guest starts and when its migration begins, it holds a lock that a worker which
// sends to this guest spins on, for some ten microseconds. It never holds that lock when it tells
// us that a guest goes.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dataplane/port.h"
#include "dataplane/port_device.h"
#include "dataplane/queue_shares.h"

struct rte_mempool;
struct rte_vhost_device_ops;

namespace godwit {

struct VhostOptions {
  std::string path;     // of the socket
  std::string device;   // as the configuration names it
  uint16_t mtu = 0;     // octets, that is shown; 0: it does not say
  bool client = false;  // connects to the machine manager's socket, again and again
  uint16_t queues = 1;  // pairs, that the guest may use
  uint16_t workers = 1;
  unsigned first_worker = 0;  // whose the first queue is
};

class VhostDevice final : public PortDevice {
 public:
  // Makes the socket, or begins to look for it. A socket that a godwit which has ended left behind
  // is replaced. Throws std::runtime_error naming the device and what does not work.
  VhostDevice(const VhostOptions& options, rte_mempool* pool);
  ~VhostDevice() override;

  Port& port(uint16_t worker) override { return shares_->of(worker); }
  PortState state() const override;
  void attach(PortUser* user) override;

 private:
  class Queue;
  static const rte_vhost_device_ops kCallbacks;

  void forget();
  // On librte_vhost's thread.
  bool came(int guest);
  void goes(int guest);
  void ring_changed(int guest, uint16_t ring, bool enabled);
  void tell_link();

  std::string path_;
  std::string device_;
  uint16_t mtu_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::unique_ptr<QueueShares> shares_;
  int guest_;                    // librte_vhost's thread's: who is connected
  std::atomic<bool> up_{false};  // a fact of its own, which orders nothing: relaxed
  std::mutex user_lock_;         // between librte_vhost's thread and control; no worker takes it
  PortUser* user_ = nullptr;
};

}  // namespace godwit
