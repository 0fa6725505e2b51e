// What an option's value may be, checked while the command line is parsed, in words of our own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace crossval {

struct ValueCheck {
  /// What is wrong with a value; empty: nothing.
  std::function<std::string(const std::string& value)> fault;
  std::string choices{};  // "{a,b}" where only some words may be given
};

/// One of `words`; the option table (option_table.h) reads them back.
ValueCheck one_of(const std::vector<std::string>& words);

/// A whole number, both ends included.
ValueCheck whole_number(int64_t low, int64_t high);

/// A whole number that fits into 64 bits, none below 0.
ValueCheck seed_number();

/// Any number, "nan" and "inf" included: what it may be is the command's to say.
ValueCheck number();

/// A number, both ends included.
ValueCheck number(double low, double high);

}  // namespace crossval
