#include "control/alarms.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace godwit {

Alarms::Alarms(size_t ports)
    : most_of_port_(std::clamp(kMost / std::max<size_t>(ports, 1), kLeast, kMostOfPort)) {}

void Alarms::raise(Alarm alarm) {
  const Fact fact{alarm.kind, alarm.bridge, alarm.port, alarm.mac.value_or(Mac{}),
                  alarm.ip.value_or(IpAddress{})};
  OfPort& port = ports_[alarm.port];
  if (was_told(fact, alarm.at) || !port.pace.take(alarm.at)) {
    ++suppressed_[static_cast<size_t>(alarm.kind)];
    return;
  }
  facts_[fact] = alarm.at;
  ++counts_[static_cast<size_t>(alarm.kind)];
  if (on_alarm) on_alarm(alarm);
  if (port.latest.size() == most_of_port_) port.latest.pop_front();
  port.latest.push_back({told_++, std::move(alarm)});
}

// Facts are kept for kQuiet to twice that: two maps, of which the elder is forgotten as a whole.
bool Alarms::was_told(const Fact& fact, Nanos at) {
  if (at >= turned_ + kQuiet) {
    const bool lately = at < turned_ + 2 * kQuiet;
    former_ = lately ? std::move(facts_) : Facts{};
    facts_.clear();
    turned_ = at;
  }
  for (const Facts* facts : {&facts_, &former_})
    if (const auto told = facts->find(fact); told != facts->end() && at - told->second < kQuiet)
      return true;
  return false;
}

std::vector<Alarm> Alarms::all() const {
  std::vector<const Kept*> kept;
  for (const auto& [port, of_port] : ports_)
    for (const Kept& one : of_port.latest) kept.push_back(&one);
  std::sort(kept.begin(), kept.end(),
            [](const Kept* x, const Kept* y) { return x->number < y->number; });
  std::vector<Alarm> alarms;
  alarms.reserve(kept.size());
  for (const Kept* one : kept) alarms.push_back(one->alarm);
  return alarms;
}

uint64_t Alarms::suppressed() const {
  return std::accumulate(suppressed_.begin(), suppressed_.end(), uint64_t{0});
}

void Alarms::forget_port(PortIndex port) {
  const auto is_of_port = [port](const auto& fact) { return fact.first.port == port; };
  ports_.erase(port);
  std::erase_if(facts_, is_of_port);
  std::erase_if(former_, is_of_port);
}

}  // namespace godwit
