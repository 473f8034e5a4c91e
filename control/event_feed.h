// What happens, as server-sent events (HTML Living Standard §9.2): moves, verdicts that changed
// afterwards, alarms and links.
//
// The logs of control are the queue: each client has a place in them and nothing else, so a client
// that reads slowly costs no memory and makes nobody wait. What the logs forget before it has read
// so far, it is told as an event `missed` with the number. The id of an event names the client's
// places behind it, so that one that connects again goes on where it was (Last-Event-ID).
//
// Control's thread only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/control.h"
#include "control/http.h"
#include "control/tail.h"
#include "control/view.h"

namespace godwit {

enum class EventLog : uint8_t { kMoves, kVerdicts, kAlarms, kLinks };

inline constexpr std::array<std::string_view, 4> kEventLogNames = {"move", "verdict", "alarm",
                                                                   "link"};

class EventFeed {
 public:
  // Keeps the references, and takes control's Alarms::on_alarm.
  EventFeed(const Topology& topology, const View& view, Control& control);
  ~EventFeed();
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  // Called with each alarm, at once.
  std::function<void(const Alarm&)> on_alarm;

  // A link went up or down.
  void link_changed(Nanos at, PortIndex port, bool up);
  // Control has had a turn: whoever waits is told if anything is new.
  void poll();

  // Of these logs (all, if none is named), from the present on, or from behind the event of this
  // id. The feed must outlive the source.
  std::unique_ptr<BodySource> subscribe(const std::vector<EventLog>& logs,
                                        std::string_view last_event_id);
  size_t clients() const { return clients_.size(); }

 private:
  friend class EventSource;
  using Wanted = std::array<bool, kEventLogNames.size()>;
  // As it was told: a port may have another name by now.
  struct Told {
    Nanos at = 0;
    std::string json;
  };
  using Places = std::array<uint64_t, kEventLogNames.size()>;

  static constexpr size_t kLatest = 4096;  // of what no log of control's keeps

  Places begins() const;  // of what the logs still have
  Places ends() const;
  Nanos happened_at(EventLog log, uint64_t place) const;
  std::string event(EventLog log, uint64_t place) const;  // JSON

  const Topology& topology_;
  const View& view_;
  Control& control_;
  Tail<Told> alarms_{kLatest};
  Tail<Told> links_{kLatest};
  Places told_{};  // where the logs ended at the last poll
  std::vector<BodySource*> clients_;
};

}  // namespace godwit
