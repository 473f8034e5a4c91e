// The word a user probably meant, for messages about a word that is not known.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace godwit {

// Slips that turn `a` into `b`: a letter inserted, left out, replaced, or swapped with its neighbor
// (Damerau-Levenshtein distance, optimal string alignment). Upper and lower case count as equal.
// Anything above `limit` comes back as limit + 1, sooner than it would be counted out.
size_t edit_distance(std::string_view a, std::string_view b, size_t limit);

// The known word nearest to `word`, the first of equals; empty if none is near enough to be what
// was meant (one slip for every three letters, at least one). The result views into `known`.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

// " (did you mean 'aging'?)", ready to follow a message; empty if no word is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

// "a, b, c", for messages that tell all there is to choose from.
std::string listed(std::span<const std::string_view> words);

}  // namespace godwit
