// The API: which request is answered by what, and who may ask. docs/api.md tells it to users, and
// docs/schema/godwit-openapi.yaml to programs.
//
// Control's thread only.
#pragma once

#include <string>

#include "control/api_change.h"
#include "control/api_fields.h"
#include "control/api_look.h"
#include "control/api_show.h"
#include "control/api_subject.h"
#include "control/event_feed.h"
#include "control/http.h"
#include "control/view.h"

namespace godwit {

class Api {
 public:
  // `token`, if it is not empty, opens control.listen for changes.
  Api(ApiSubject subject, std::string token);

  void handle(const HttpRequest& request, const Answer& answer);

  // To be polled whenever control has had a turn, and told of links.
  EventFeed& events() { return events_; }

 private:
  struct Route;
  static const Route kRoutes[];

  void follow_names();
  void require_access(const HttpRequest& request) const;
  HttpReply dispatch(const HttpRequest& request);
  HttpReply hint(const HttpRequest& request);
  HttpReply events(const HttpRequest& request);
  HttpReply metrics(const HttpRequest& request);
  HttpReply health(const HttpRequest& request);

  const ApiSubject subject_;
  const std::string token_;
  const View view_;
  ApiNames names_;         // of the config that the topology follows
  uint64_t names_of_ = 0;  // its number
  EventFeed events_;
  const ApiShow show_;
  const ApiChange change_;
  const ApiLook look_;
};

}  // namespace godwit
