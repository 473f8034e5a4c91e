// Looking at live traffic by the API: a trace of a host's frames, and a capture.
#pragma once

#include <cstddef>
#include <optional>

#include "control/api_fields.h"
#include "control/api_subject.h"
#include "control/http.h"
#include "control/view.h"

namespace godwit {

class ApiLook {
 public:
  // Keeps the references. `names` is the configuration's.
  ApiLook(const ApiSubject& subject, const View& view, const ApiNames& names)
      : subject_(subject), view_(view), names_(names) {}

  HttpReply trace(const HttpRequest& request) const;
  HttpReply start_trace(const HttpRequest& request) const;
  HttpReply stop_trace(const HttpRequest& request) const;
  HttpReply capture(const HttpRequest& request) const;
  HttpReply start_capture(const HttpRequest& request) const;
  HttpReply stop_capture(const HttpRequest& request) const;

 private:
  Json trace_state() const;
  Json capture_state() const;
  std::optional<Json> frame(size_t place) const;
  std::string capture_path(const std::string& name) const;

  const ApiSubject& subject_;
  const View& view_;
  const ApiNames& names_;
};

}  // namespace godwit
