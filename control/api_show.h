// What the API shows: GET. Every function answers one path; docs/schema/godwit-openapi.yaml says
// what the answers hold.
#pragma once

#include <functional>
#include <string>

#include "control/api_fields.h"
#include "control/api_subject.h"
#include "control/http.h"
#include "control/json_list.h"
#include "control/view.h"

namespace godwit {

class ApiShow {
 public:
  // Keeps the references. `names` is the configuration's.
  ApiShow(const ApiSubject& subject, const View& view, const ApiNames& names)
      : subject_(subject), view_(view), names_(names) {}

  HttpReply fdb(const HttpRequest& request) const;
  HttpReply neighbors(const HttpRequest& request) const;
  HttpReply moves(const HttpRequest& request) const;
  HttpReply alarms(const HttpRequest& request) const;
  HttpReply ports(const HttpRequest& request) const;
  HttpReply bridges(const HttpRequest& request) const;
  HttpReply workers(const HttpRequest& request) const;
  HttpReply stats(const HttpRequest& request) const;
  HttpReply version(const HttpRequest& request) const;

 private:
  HttpReply list_reply(std::string name, const JsonList::Range& range, JsonList::At at,
                       JsonList::Skip skip = std::identity()) const;
  Json port(PortIndex index) const;
  Json bridge(BridgeIndex index) const;
  Json worker(size_t index) const;
  ApiFields query(const HttpRequest& request) const { return ApiFields::of_query(request, names_); }

  const ApiSubject& subject_;
  const View& view_;
  const ApiNames& names_;
};

// An answer of one JSON value, with the schema's name in front.
HttpReply json_reply(const Json& value);

}  // namespace godwit
