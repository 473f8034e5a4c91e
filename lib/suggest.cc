#include "lib/suggest.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

namespace godwit {
namespace {

constexpr size_t kLongestWord = 64;  // longer ones are no typing slip, and would cost time

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(char a, char b) { return lower(a) == lower(b); }

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b, size_t limit) {
  const size_t longer = std::max(a.size(), b.size());
  if (longer - std::min(a.size(), b.size()) > limit || longer > kLongestWord) return limit + 1;
  // Three rows of the table: row i tells the distance of a's first i letters to each prefix of b.
  std::array<std::array<size_t, kLongestWord + 1>, 3> rows{};
  size_t* before_last = rows[0].data();
  size_t* last = rows[1].data();
  size_t* row = rows[2].data();
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    // A swap reaches back two rows, so both must be beyond the limit.
    if (std::min(*std::min_element(row, row + b.size() + 1),
                 *std::min_element(last, last + b.size() + 1)) > limit)
      return limit + 1;
  }
  return std::min(row[b.size()], limit + 1);
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known) {
  std::string_view nearest;
  size_t limit = std::max<size_t>(1, word.size() / 3);
  for (const std::string_view candidate : known) {
    const size_t distance = edit_distance(word, candidate, limit);
    if (distance > limit) continue;
    nearest = candidate;
    if (distance == 0) break;
    limit = distance - 1;
  }
  return nearest;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const std::string_view nearest = nearest_word(word, known);
  return nearest.empty() ? std::string() : fmt::format(" (did you mean '{}'?)", nearest);
}

std::string listed(std::span<const std::string_view> words) {
  std::string list;
  for (const std::string_view word : words) list.append(list.empty() ? "" : ", ").append(word);
  return list;
}

}  // namespace godwit
