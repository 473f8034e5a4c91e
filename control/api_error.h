// Why a request is refused, as HTTP and JSON say it: {error, what, where, hint}.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "control/http.h"

#include "lib/config_parse.h"

namespace godwit {

struct ApiError : std::runtime_error {
  ApiError(unsigned status_in, const std::string& what_in, std::string where_in = {},
           std::string hint_in = {})
      : std::runtime_error(what_in),
        status(status_in),
        where(std::move(where_in)),
        hint(std::move(hint_in)) {}

  unsigned status;
  std::string where;
  std::string hint;
  std::vector<ConfigMessage> messages;  // each thing that is wrong with a body
};

// The reader's messages about a body or a query as one error of status 400; `where` is "body" or
// "query".
ApiError bad_input(std::vector<ConfigMessage> messages, const std::string& where);

HttpReply reply_of(const ApiError& error);

}  // namespace godwit
