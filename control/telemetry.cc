#include "control/telemetry.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <rte_telemetry.h>

#include "control/http.h"
#include "control/view.h"

namespace godwit {
namespace {

constexpr auto kPatience = std::chrono::seconds(1);

struct Command {
  const char* name;
  const char* help;
  std::string_view path;    // of the API
  std::string_view list{};  // in its answer; none: all of it is shown
  std::string_view key{};   // of each item: what a parameter names
  std::string_view filter{};
};

constexpr Command kCommands[] = {
    {"/godwit/counters", "All that godwit counts, in all.", "/v1/stats"},
    {"/godwit/info", "Which godwit this is.", "/v1/version"},
    {"/godwit/ports", "The ports; one of them. Parameter: its name.", "/v1/ports", "ports", "name",
     "port"},
    {"/godwit/bridges", "The bridges; one of them. Parameter: its name.", "/v1/bridges", "bridges",
     "name", "bridge"},
    {"/godwit/workers", "The workers; one of them. Parameter: its number.", "/v1/workers",
     "workers", "worker"},
    {"/godwit/hosts", "Some of the hosts; where one is, in each bridge. Parameter: its MAC.",
     "/v1/fdb", "fdb", "mac", "mac"},
    {"/godwit/neighbors", "Some of the neighbors; one of them. Parameter: its IP address.",
     "/v1/neighbors", "neighbors", "ip", "ip"},
};
constexpr std::string_view kMostItems = "256";  // that fit an answer of DPDK's, by name

// A request on its way through control's event loop.
class Query : public std::enable_shared_from_this<Query> {
 public:
  Query(boost::asio::io_context& loop, Api& api, HttpRequest request)
      : loop_(loop), api_(api), request_(std::move(request)) {}

  std::future<Json> answer() { return answer_.get_future(); }
  void run() {
    api_.handle(request_, [self = shared_from_this()](HttpReply reply) {
      self->reply_ = std::move(reply);
      self->go_on();
    });
  }

 private:
  void go_on() {
    const bool is_whole =
        !reply_.source || reply_.source->produce(reply_.body) == BodySource::Turn::kLast;
    if (is_whole) return answer_.set_value(Json::parse(reply_.body));
    boost::asio::post(loop_, [self = shared_from_this()] { self->go_on(); });
  }

  boost::asio::io_context& loop_;
  Api& api_;
  HttpRequest request_;
  HttpReply reply_;
  std::promise<Json> answer_;
};

// Whom to ask, if anybody. The mutex is held only to hand over a request.
struct Desk {
  std::mutex mutex;
  boost::asio::io_context* loop = nullptr;
  Api* api = nullptr;
};

Desk& desk() {
  static Desk desk;
  return desk;
}

std::future<Json> ask(HttpRequest request) {
  const std::lock_guard lock(desk().mutex);
  if (desk().api == nullptr) return {};
  const auto query = std::make_shared<Query>(*desk().loop, *desk().api, std::move(request));
  std::future<Json> answer = query->answer();
  boost::asio::post(*desk().loop, [query] { query->run(); });
  return answer;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// DPDK takes letters, digits and underscores.
std::string dict_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

// A list of objects by what each is called, its first member: DPDK has no such list within another
// value.
Json by_name(const Json& list) {
  Json object = Json::object();
  for (const Json& item : list) object[text_of(item.begin().value())] = item;
  return object;
}

bool is_of_objects(const Json& value) {
  return value.is_array() && !value.empty() && value[0].is_object();
}

rte_tel_data* box_of(const Json& value);

void fill_dict(rte_tel_data* data, const Json& object) {
  rte_tel_data_start_dict(data);
  for (const auto& [key, value] : object.items()) {
    const std::string name = dict_name(key);
    if (value.is_structured())
      rte_tel_data_add_dict_container(data, name.c_str(), box_of(value), 0);
    else if (value.is_number())
      rte_tel_data_add_dict_u64(data, name.c_str(), value.get<uint64_t>());
    else if (!value.is_null())
      rte_tel_data_add_dict_string(data, name.c_str(), text_of(value).c_str());
  }
}

void fill_list(rte_tel_data* data, const Json& list) {
  const bool of_texts = list.empty() || !list[0].is_structured();
  rte_tel_data_start_array(data, of_texts ? RTE_TEL_STRING_VAL : RTE_TEL_CONTAINER);
  for (const Json& value : list)
    if (of_texts)
      rte_tel_data_add_array_string(data, text_of(value).c_str());
    else
      rte_tel_data_add_array_container(data, box_of(value), 0);
}

void fill(rte_tel_data* data, const Json& value) {
  if (value.is_array())
    fill_list(data, value);
  else
    fill_dict(data, value);
}

// DPDK frees it when the answer is sent.
rte_tel_data* box_of(const Json& value) {
  rte_tel_data* const data = rte_tel_data_alloc();
  if (data != nullptr) fill(data, is_of_objects(value) ? by_name(value) : value);
  return data;
}

// What of the API's answer is told.
Json told(const Command& command, std::string_view parameter, Json answer) {
  if (answer.contains("error")) return {{"error", answer["what"]}, {"hint", answer["hint"]}};
  answer.erase("schema");
  if (command.list.empty()) return answer;
  Json found = Json::array();
  for (Json& item : answer[std::string(command.list)]) {
    const std::string name = text_of(item[std::string(command.key)]);
    if (parameter.empty())
      found.push_back(name);
    else if (!command.filter.empty() || name == parameter)
      found.push_back(std::move(item));
  }
  return !parameter.empty() && found.size() == 1 ? Json(found[0]) : found;
}

HttpRequest request_of(const Command& command, std::string_view parameter) {
  HttpRequest request{.method = "GET", .path = std::string(command.path)};
  if (!command.list.empty() && parameter.empty())
    request.query.emplace_back("limit", kMostItems);
  else if (!command.filter.empty())
    request.query.emplace_back(command.filter, parameter);
  return request;
}

// On a thread of DPDK's, in C: nothing may be thrown.
int on_command(const char* name, const char* parameter_or_null, rte_tel_data* data) try {
  const auto* command =
      std::find_if(std::begin(kCommands), std::end(kCommands),
                   [&](const Command& known) { return std::string_view(known.name) == name; });
  if (command == std::end(kCommands)) return -1;
  const std::string_view parameter = parameter_or_null == nullptr ? "" : parameter_or_null;
  std::future<Json> answer = ask(request_of(*command, parameter));
  if (!answer.valid() || answer.wait_for(kPatience) != std::future_status::ready) return -1;
  fill(data, told(*command, parameter, answer.get()));
  return 0;
} catch (...) {
  return -1;
}

}  // namespace

Telemetry::Telemetry(boost::asio::io_context& loop, Api& api) {
  for (const Command& command : kCommands)
    rte_telemetry_register_cmd(command.name, on_command, command.help);
  const std::lock_guard lock(desk().mutex);
  desk().loop = &loop;
  desk().api = &api;
}

Telemetry::~Telemetry() {
  const std::lock_guard lock(desk().mutex);
  desk().loop = nullptr;
  desk().api = nullptr;
}

}  // namespace godwit
