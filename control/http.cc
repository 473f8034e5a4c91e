#include "control/http.h"

#include <charconv>

namespace godwit {

std::optional<std::string> decode_url(std::string_view text, bool is_query) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && is_query) {
      plain += ' ';
    } else if (text[i] != '%') {
      plain += text[i];
    } else {
      unsigned octet = 0;
      const char* const begin = text.data() + i + 1;
      if (i + 2 >= text.size() || std::from_chars(begin, begin + 2, octet, 16).ptr != begin + 2 ||
          octet == 0)
        return std::nullopt;
      plain += static_cast<char>(octet);
      i += 2;
    }
  }
  return plain;
}

bool split_target(std::string_view target, HttpRequest& request) {
  const size_t mark = target.find('?');
  const auto path = decode_url(target.substr(0, mark), false);
  if (!path || !path->starts_with('/')) return false;
  request.path = *path;
  std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const auto name = decode_url(pair.substr(0, equals), true);
    const auto value =
        decode_url(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    if (!name || !value) return false;
    request.query.emplace_back(*name, *value);
  }
  return true;
}

}  // namespace godwit
