#include "control/alarms.h"

#include <utility>

namespace godwit {

void Alarms::raise(Alarm alarm) {
  const Fact fact{alarm.kind, alarm.bridge, alarm.port, alarm.mac.value_or(Mac{}),
                  alarm.ip.value_or(IpAddress{})};
  const auto told = told_.find(fact);
  const bool again = told != told_.end() && alarm.at - told->second < kQuiet;
  if (again || alarms_.size() == kMost) {
    ++suppressed_;
    return;
  }
  told_[fact] = alarm.at;
  alarms_.push_back(std::move(alarm));
}

}  // namespace godwit
