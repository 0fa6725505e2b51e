// What an option's value may be, checked while the command line is parsed, in words of our own.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace crossval {

/// One of `words`; the option table (option_table.h) reads them back.
CLI::Validator one_of(const std::vector<std::string>& words);

/// A whole number, both ends included.
CLI::Validator whole_number(int64_t low, int64_t high);

/// A whole number that fits into 64 bits, none below 0.
CLI::Validator seed_number();

/// Any number, "nan" and "inf" included: what it may be is the command's to say.
CLI::Validator number();

/// A number, both ends included.
CLI::Validator number(double low, double high);

}  // namespace crossval
