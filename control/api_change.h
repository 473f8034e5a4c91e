// What the API changes: POST and DELETE.
#pragma once

#include <string_view>

#include "control/api_fields.h"
#include "control/api_subject.h"
#include "control/http.h"

namespace godwit {

class ApiChange {
 public:
  // Keeps the references. `names` is the configuration's.
  ApiChange(const ApiSubject& subject, const ApiNames& names) : subject_(subject), names_(names) {}

  HttpReply add_host(const HttpRequest& request) const;
  HttpReply remove_host(const HttpRequest& request) const;
  HttpReply flush_fdb(const HttpRequest& request) const;
  HttpReply flush_neighbors(const HttpRequest& request) const;
  // A hint of this kind, one of kHintNames, with the same body as in a file of hints.
  HttpReply hint(std::string_view kind, const HttpRequest& request) const;
  HttpReply check_config(const HttpRequest& request) const;
  // The daemon's own file once more.
  HttpReply reload_config(const HttpRequest& request) const;

 private:
  const ApiSubject& subject_;
  const ApiNames& names_;
};

}  // namespace godwit
