#include "control/event_feed.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace godwit {
namespace {

constexpr size_t kPieceOctets = size_t{16} << 10;
constexpr std::string_view kRetry = "retry: 1000\n\n";  // milliseconds, for a client to come back

}  // namespace

// One client's way through the logs.
class EventSource final : public BodySource {
 public:
  EventSource(EventFeed& feed, EventFeed::Places places, EventFeed::Wanted wanted)
      : feed_(feed), places_(places), wanted_(wanted) {
    feed_.clients_.push_back(this);
  }
  ~EventSource() override { std::erase(feed_.clients_, this); }
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;

  Turn produce(std::string& piece) override {
    if (!std::exchange(greeted_, true)) piece += kRetry;
    const EventFeed::Places ends = feed_.ends();
    tell_missed(piece);
    for (const size_t full = piece.size() + kPieceOctets; piece.size() < full;) {
      std::optional<EventLog> log = oldest(ends);
      if (!log) return Turn::kWait;
      write(piece, name_of(kEventLogNames, *log),
            feed_.event(*log, places_[static_cast<size_t>(*log)]++));
    }
    return Turn::kMore;
  }

 private:
  void tell_missed(std::string& piece) {
    const EventFeed::Places begins = feed_.begins();
    uint64_t missed = 0;
    for (size_t log = 0; log < places_.size(); ++log) {
      if (places_[log] >= begins[log]) continue;
      if (wanted_[log]) missed += begins[log] - places_[log];
      places_[log] = begins[log];
    }
    if (missed > 0) write(piece, "missed", Json{{"events", missed}}.dump());
  }

  // The log whose next event happened first.
  std::optional<EventLog> oldest(const EventFeed::Places& ends) const {
    std::optional<EventLog> first;
    Nanos first_at = kNever;
    for (size_t log = 0; log < places_.size(); ++log) {
      if (!wanted_[log] || places_[log] >= ends[log]) continue;
      const Nanos at = feed_.happened_at(static_cast<EventLog>(log), places_[log]);
      if (first && at >= first_at) continue;
      first = static_cast<EventLog>(log);
      first_at = at;
    }
    return first;
  }

  void write(std::string& piece, std::string_view name, std::string_view json) const {
    std::string id;
    for (const uint64_t place : places_) id += fmt::format("{}{}", id.empty() ? "" : "-", place);
    piece += fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, name, json);
  }

  EventFeed& feed_;
  EventFeed::Places places_;
  EventFeed::Wanted wanted_;
  bool greeted_ = false;
};

EventFeed::EventFeed(const Topology& topology, const View& view, Control& control)
    : topology_(topology), view_(view), control_(control) {
  control_.alarms().on_alarm = [this](const Alarm& alarm) {
    alarms_.add({alarm.at, view_.alarm(alarm).dump()});
    if (on_alarm) on_alarm(alarm);
  };
}

EventFeed::~EventFeed() { control_.alarms().on_alarm = nullptr; }

void EventFeed::link_changed(Nanos at, PortIndex port, bool up) {
  const Json change = {
      {"at_ns", at}, {"port", topology_.port(port).name}, {"state", up ? "up" : "down"}};
  links_.add({at, change.dump()});
}

EventFeed::Places EventFeed::begins() const {
  const MoveLog& moves = control_.moves();
  return {moves.records().begin(), moves.revised().begin(), alarms_.begin(), links_.begin()};
}

EventFeed::Places EventFeed::ends() const {
  const MoveLog& moves = control_.moves();
  return {moves.records().end(), moves.revised().end(), alarms_.end(), links_.end()};
}

void EventFeed::poll() {
  if (clients_.empty()) return;
  const Places now = ends();
  if (std::exchange(told_, now) == now) return;
  const std::vector<BodySource*> waiting = clients_;
  for (BodySource* client : waiting) client->wake();
}

Nanos EventFeed::happened_at(EventLog log, uint64_t place) const {
  switch (log) {
    case EventLog::kMoves:
      return control_.moves().records()[place].at;
    case EventLog::kVerdicts:
      return control_.moves().revised()[place].at;
    case EventLog::kAlarms:
      return alarms_[place].at;
    case EventLog::kLinks:
      return links_[place].at;
  }
  return kNever;
}

std::string EventFeed::event(EventLog log, uint64_t place) const {
  switch (log) {
    case EventLog::kMoves:
      return view_.move(control_.moves().records()[place]).dump();
    case EventLog::kVerdicts:
      return view_.move(control_.moves().revised()[place]).dump();
    case EventLog::kAlarms:
      return alarms_[place].json;
    case EventLog::kLinks:
      return links_[place].json;
  }
  return {};
}

std::unique_ptr<BodySource> EventFeed::subscribe(const std::vector<EventLog>& logs,
                                                 std::string_view last_event_id) {
  Wanted wanted{};
  for (const EventLog log : logs) wanted[static_cast<size_t>(log)] = true;
  if (logs.empty()) wanted.fill(true);
  const Places now = ends();
  Places places = now;
  const char* at = last_event_id.data();
  const char* const end = at + last_event_id.size();
  for (uint64_t& place : places) {
    uint64_t number = 0;
    const auto [behind, error] = std::from_chars(at, end, number);
    if (error != std::errc()) break;
    // A place beyond the end is of another run of godwit, of which nothing is known any more.
    const uint64_t last = now[static_cast<size_t>(&place - places.data())];
    place = number <= last ? number : 0;
    at = behind == end ? end : behind + 1;
  }
  return std::make_unique<EventSource>(*this, places, wanted);
}

}  // namespace godwit
