// The ports that one worker receives from and sends to, by PortIndex: what its loop goes through.
//
// Control makes one, and may publish another while the worker runs (Worker::use). A list is never
// written again, and lives until a grace period after its successor was published.
#pragma once

#include <span>
#include <vector>

#include "dataplane/port.h"

#include "lib/units.h"

namespace godwit {

class PortList {
 public:
  // nullptr: there is no port of this number.
  explicit PortList(std::span<Port* const> ports) : ports_(ports.begin(), ports.end()) {
    for (size_t p = 0; p < ports.size(); ++p)
      if (ports[p] != nullptr) present_.push_back(static_cast<PortIndex>(p));
  }

  // Those that are there.
  std::span<const PortIndex> present() const { return present_; }
  Port* operator[](PortIndex port) const { return ports_[port]; }

 private:
  std::vector<Port*> ports_;
  std::vector<PortIndex> present_;
};

}  // namespace godwit
