#include "control/forget.h"

#include <algorithm>
#include <array>
#include <string>

#include "lib/arbiter.h"
#include "lib/packet.h"
#include "lib/packet_build.h"

namespace godwit {
namespace {

constexpr size_t kMostTellings = 1U << 16;
constexpr size_t kMostQuestions = 1U << 16;
constexpr unsigned kTurns = 512;  // of one run, well under a millisecond
constexpr Nanos kRetry = kMillisecond;

// Of a rate, the burst that it allows is what one second brings.
TokenBucket bucket(Rate rate) {
  return {rate.per_second, static_cast<uint32_t>(std::min<uint64_t>(rate.per_second, UINT32_MAX))};
}

std::vector<HmacSha256> macs_of(const ForgetConfig& forget) {
  std::vector<HmacSha256> macs;
  if (forget.is_on())
    for (const auto& key : forget.keys) macs.emplace_back(key);
  return macs;
}

// Locally administered (IEEE 802-2014 §8.4). A gateway's MAC will not do: several switches may have
// the same. Each speaks with its own, also when it passes on what another said, so that the MAC is
// always seen where the switch is.
Mac mac_of_sender(uint64_t sender) { return Mac{uint64_t{0x02} << 40 | (sender & 0xffffffffff)}; }

bool leads_to_switches(const BridgeContext& bridge) {
  return std::any_of(bridge.members.begin(), bridge.members.end(),
                     [](const Membership& member) { return member.trusted; });
}

// Whether the host was heard after that instant. In whole seconds, as entries have them: what was
// heard in the second of that instant was not.
bool is_heard_since(FdbEntry entry, Nanos then, Nanos now) {
  return now / kSecond - seconds_since_heard(entry, now) > then / kSecond;
}

}  // namespace

Forgetter::Forgetter(const Topology& topology, Tables& tables, Questions& questions, Alarms& alarms)
    : topology_(topology),
      tables_(tables),
      questions_(questions),
      alarms_(alarms),
      macs_(macs_of(topology.config().forget)),
      self_(sender_id(topology.config().forget.switch_name)),
      mac_(mac_of_sender(self_)),
      max_skew_(topology.config().forget.max_skew),
      tell_pace_(bucket(topology.config().forget.rate)),
      ask_pace_(tell_pace_),
      windows_(2 * max_skew_) {}

void Forgetter::set_unix_time(Nanos unix_time, Nanos now) { unix_start_ = unix_time - now; }

void Forgetter::forget(BridgeIndex b, Mac mac, std::span<const IpAddress> ips, Location port,
                       ForgetReason reason, Nanos known) {
  const BridgeContext& bridge = topology_.bridge(b);
  if (!is_on() || bridge.is_trusted(port) || !leads_to_switches(bridge)) return;
  if (tellings_.size() == kMostTellings || !unix_start_) return add(ForgetCount::kNotSent);
  Telling telling{.bridge = b, .known = known, .message = {}};
  telling.message.sender = self_;
  telling.message.network = bridge.vlan;
  telling.message.reason = reason;
  telling.message.mac = mac;
  if (port < topology_.ports().size()) telling.message.port = port_id(topology_.port(port).name);
  for (const IpAddress& ip : ips)
    if (!telling.message.add(ip)) break;
  tellings_.push_back(telling);
}

Nanos Forgetter::next_due() const {
  if (!tellings_.empty()) return retry_;
  return due_.empty() ? kNever : std::max(retry_, due_.begin()->first);
}

void Forgetter::run(Nanos now) {
  unsigned turns = 0;
  for (; !tellings_.empty() && turns < kTurns && tell(tellings_.front(), now); ++turns) {
    ask_about(tellings_.front(), now);
    tellings_.pop_front();
  }
  while (!due_.empty() && due_.begin()->first <= now && turns++ < kTurns) {
    const Question question = due_.begin()->second;
    if (!is_heard_again(question)) {
      if (!ask(question, now)) break;
      if (question.asked + 1 < kQuestions) {
        auto again = due_.extract(due_.begin());
        again.key() = now + kSecond;
        ++again.mapped().asked;
        due_.insert(std::move(again));
        continue;
      }
    }
    asked_about_.erase({question.bridge, question.ip});
    due_.erase(due_.begin());
  }
  if (next_due() <= now) retry_ = now + kRetry;
}

// False when it is to be tried again later.
bool Forgetter::tell(Telling& telling, Nanos now) {
  if (!tell_pace_.take(now)) return false;
  const Nanos unix_now = *unix_start_ + now;
  // By the clock, so that the numbers go up over a restart as well.
  if (first_sequence_ == 0) first_sequence_ = next_sequence_ = unix_now;
  telling.message.sequence = next_sequence_;
  telling.message.issued_at = unix_now;
  const Nanos age_ms = (now - std::min(now, telling.known)) / kMillisecond;
  telling.message.age_ms = static_cast<uint32_t>(std::min<Nanos>(age_ms, UINT32_MAX));
  std::array<uint8_t, kForgetMaxSize> message;
  const size_t length = encode_forget(
      message, telling.message, [&](std::span<const uint8_t> text) { return macs_[0].tag(text); });
  if (!questions_.tell_switches(telling.bridge, mac_, std::span(message).first(length),
                                kNoLocation))
    return false;
  ++next_sequence_;
  add(ForgetCount::kSent);
  return true;
}

void Forgetter::ask_about(const Telling& telling, Nanos now) {
  for (const IpAddress& ip : telling.message.addresses()) {
    if (due_.size() == kMostQuestions) return;
    if (asked_about_.insert({telling.bridge, ip}).second)
      due_.emplace(now, Question{telling.bridge, telling.message.mac, ip});
  }
}

bool Forgetter::is_heard_again(const Question& question) const {
  const FdbEntry entry = tables_.fdb.find(question.bridge, question.mac).entry;
  return !entry.is_free() && entry.state() != FdbState::kOffline;
}

bool Forgetter::ask(const Question& question, Nanos now) {
  if (!ask_pace_.take(now) || !questions_.seek(question.bridge, question.ip, true)) return false;
  add(ForgetCount::kAsked);
  return true;
}

void Forgetter::hear(const Punt& punt, Nanos now) {
  const auto view = parse_ethernet(punt.frame());
  if (!is_on() || !unix_start_ || !view) return;
  add(ForgetCount::kReceived);
  const std::span<const uint8_t> payload = l3_of(*view, punt.frame());
  const ForgetCount verdict = judge(payload, punt, now);
  add(verdict);
  const bool is_news = verdict == ForgetCount::kApplied || verdict == ForgetCount::kUnknown ||
                       verdict == ForgetCount::kElsewhere || verdict == ForgetCount::kNewer;
  if (is_news && payload.size() <= kForgetMaxSize)
    questions_.tell_switches(punt.bridge, mac_, payload, punt.port);
}

ForgetCount Forgetter::judge(std::span<const uint8_t> payload, const Punt& punt, Nanos now) {
  const auto sealed = split_forget(payload);
  if (!sealed) {
    alarm(punt, "not whole, or of another version");
    return ForgetCount::kMalformed;
  }
  if (std::none_of(macs_.begin(), macs_.end(),
                   [&](HmacSha256& mac) { return mac.matches(sealed->text, sealed->tag); })) {
    alarm(punt, "signed with a key that is not ours");
    return ForgetCount::kForged;
  }
  const auto forget = decode_forget(sealed->text);
  if (!forget) {
    alarm(punt, "signed, and makes no sense");
    return ForgetCount::kMalformed;
  }
  if (const auto refused = refuse(*forget, punt, now)) return *refused;
  return apply(*forget, punt, now);
}

// Why a message that was signed by one of us is not to be acted upon, if so.
std::optional<ForgetCount> Forgetter::refuse(const Forget& forget, const Punt& punt, Nanos now) {
  const Nanos unix_now = *unix_start_ + now;
  const Nanos skew = std::max(unix_now, forget.issued_at) - std::min(unix_now, forget.issued_at);
  if (skew > max_skew_) {
    alarm(punt, "issued too long ago, or clocks differ by more than forget.max_skew");
    return ForgetCount::kSkewed;
  }
  if (forget.sender == self_) {
    const bool is_echo = first_sequence_ != 0 &&
                         forget.sequence - first_sequence_ < next_sequence_ - first_sequence_;
    if (!is_echo) alarm(punt, "another switch has the name of this one");
    return ForgetCount::kOwn;
  }
  switch (windows_.hear(forget.sender, forget.sequence, now)) {
    case Freshness::kFresh:
      break;
    case Freshness::kReplayed:  // with more than one way between switches, nothing unusual
      return ForgetCount::kReplayed;
    case Freshness::kStale:
      alarm(punt, "far behind the newest of its sender");
      return ForgetCount::kStale;
    case Freshness::kNoRoom:
      alarm(punt, "one switch too many");
      return ForgetCount::kNoRoom;
  }
  if (forget.network == topology_.bridge(punt.bridge).vlan) return std::nullopt;
  alarm(punt, "of another VLAN than the bridge");
  return ForgetCount::kWrongBridge;
}

ForgetCount Forgetter::apply(const Forget& forget, const Punt& punt, Nanos now) {
  const uint64_t key = fdb_key(punt.bridge, forget.mac);
  const Fdb::Hit hit = tables_.fdb.find(key);
  if (!hit) return ForgetCount::kUnknown;
  // Of a host on its way the VM manager has the last word.
  if (hit.entry.location() != punt.port || hit.entry.host_class() == HostClass::kStatic ||
      hit.entry.state() == FdbState::kMigrating)
    return ForgetCount::kElsewhere;
  const Nanos age = Nanos{forget.age_ms} * kMillisecond;
  if (is_heard_since(hit.entry, now - std::min(now, age), now) ||
      !end_host(key, hit.slot, hit.entry))
    return ForgetCount::kNewer;
  return ForgetCount::kApplied;
}

// Without the host: before the tag is right anybody may have named it, and the fact is the port.
void Forgetter::alarm(const Punt& punt, std::string_view detail) {
  Alarm alarm;
  alarm.at = punt.at;
  alarm.kind = AlarmKind::kForgetRefused;
  alarm.bridge = punt.bridge;
  alarm.port = punt.port;
  alarm.detail = detail;
  alarms_.raise(std::move(alarm));
}

}  // namespace godwit
