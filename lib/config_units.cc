#include "lib/config_units.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include <fmt/core.h>

#include "lib/units.h"

namespace godwit {
namespace {

constexpr uint64_t kMaxValue = std::numeric_limits<uint64_t>::max();

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array<Unit, 6> kTimeUnits{{{"h", 3600 * kSecond},
                                          {"m", 60 * kSecond},
                                          {"s", kSecond},
                                          {"ms", kMillisecond},
                                          {"us", kMicrosecond},
                                          {"ns", 1}}};
constexpr std::array<Unit, 4> kMultiples{
    {{"Gi", 1U << 30}, {"Mi", 1U << 20}, {"Ki", 1U << 10}, {"", 1}}};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Text taken apart: digits, digits after a point, and whatever follows.
struct Number {
  std::string_view whole;
  std::string_view fraction;
  std::string_view rest;
};

std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, end - text.begin());
  text.remove_prefix(digits.size());
  return digits;
}

std::optional<Number> split(std::string_view text) {
  Number number;
  number.whole = take_digits(text);
  if (number.whole.empty()) return std::nullopt;
  if (text.size() > 1 && text[0] == '.' && is_digit(text[1])) {
    text.remove_prefix(1);
    number.fraction = take_digits(text);
  }
  number.rest = text;
  return number;
}

bool has_leading_zero(const Number& number) {
  return number.whole.size() > 1 && number.whole[0] == '0';
}

std::string without_zeros(const Number& number) {
  std::string_view whole = number.whole;
  while (whole.size() > 1 && whole[0] == '0') whole.remove_prefix(1);
  return std::string(whole);
}

Quantity wrong(std::string error) { return {0, std::move(error)}; }

// The digits' value times `factor`, or nothing if it does not fit.
std::optional<uint64_t> scale(std::string_view digits, uint64_t factor) {
  uint64_t value = 0;
  for (const char c : digits) {
    const uint64_t digit = c - '0';
    if (value > (kMaxValue - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  if (value > kMaxValue / factor) return std::nullopt;
  return value * factor;
}

// What a fraction adds, or nothing if it is finer than one.
std::optional<uint64_t> scale_fraction(std::string_view digits, uint64_t factor) {
  uint64_t value = 0;
  for (const char c : digits) {
    if (c != '0' && (factor == 0 || factor % 10 != 0)) return std::nullopt;
    factor /= 10;
    value += (c - '0') * factor;
  }
  return value;
}

Quantity scaled(const Number& number, uint64_t factor, std::string_view finest) {
  const auto whole = scale(number.whole, factor);
  if (!whole) return wrong("is too large");
  const auto fraction = scale_fraction(number.fraction, factor);
  if (!fraction) return wrong(fmt::format("is finer than {}", finest));
  if (*whole > kMaxValue - *fraction) return wrong("is too large");
  return {*whole + *fraction, {}};
}

template <size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
  const auto it =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == name; });
  return it == units.end() ? nullptr : &*it;
}

// `value` in the largest unit that it is a whole multiple of.
template <size_t N>
std::string shortest(const std::array<Unit, N>& units, uint64_t value) {
  for (const Unit& unit : units)
    if (value >= unit.factor && value % unit.factor == 0)
      return fmt::format("{}{}", value / unit.factor, unit.name);
  return fmt::format("{}{}", value, units.back().name);
}

}  // namespace

Quantity parse_duration(std::string_view text, std::string_view usual_unit) {
  const auto number = split(text);
  if (!number) return wrong("is not a duration (write it like 300s, 1.5s or 60ms)");
  if (has_leading_zero(*number)) return wrong("begins with 0 (write a decimal number like 300s)");
  if (number->rest.empty()) return wrong(fmt::format("has no unit (write {}{})", text, usual_unit));
  const Unit* unit = find_unit(kTimeUnits, number->rest);
  if (unit == nullptr) return wrong("is not a duration (the units are ns, us, ms, s, m and h)");
  return scaled(*number, unit->factor, "a nanosecond");
}

Quantity parse_rate(std::string_view text) {
  const auto number = split(text);
  if (!number || !number->fraction.empty())
    return wrong("is not a rate (write a whole number a second, like 1000/s)");
  if (has_leading_zero(*number)) return wrong("begins with 0 (write a decimal number like 1000/s)");
  if (number->rest.empty()) return wrong(fmt::format("has no unit (write {}/s)", text));
  if (number->rest != "/s") return wrong("is not a rate (the one unit is /s, as in 1000/s)");
  return scaled(*number, 1, "one");
}

Quantity parse_count(std::string_view text) {
  const auto number = split(text);
  if (!number || !number->fraction.empty())
    return wrong("is not a whole number (write it like 4096 or 64Ki)");
  const Unit* unit = find_unit(kMultiples, number->rest);
  if (unit == nullptr) return wrong("is not a whole number (the multiples are Ki, Mi and Gi)");
  if (has_leading_zero(*number))
    return wrong(fmt::format("begins with 0 (numbers are decimal: write {}{})",
                             without_zeros(*number), number->rest));
  return scaled(*number, unit->factor, "one");
}

std::string duration_text(uint64_t nanoseconds) { return shortest(kTimeUnits, nanoseconds); }
std::string count_text(uint64_t count) { return shortest(kMultiples, count); }

}  // namespace godwit
