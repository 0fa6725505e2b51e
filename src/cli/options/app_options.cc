#include "cli/options/app_options.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <vector>

namespace crossval {

AppOption* AppOption::type_name(const std::string& name) {
  option_.type_name(name);
  return this;
}

AppOption* AppOption::group(const std::string& heading) {
  option_.group(heading);
  return this;
}

// CLI11 writes the option's name before what a check says.
AppOption* AppOption::check(const ValueCheck& check) {
  option_.check(CLI::Validator([fault = check.fault](std::string& text) { return fault(text); },
                               check.choices));
  return this;
}

AppOption* AppOption::required() {
  option_.required();
  return this;
}

AppOption* AppOption::show_default() {
  option_.capture_default_str();
  return this;
}

AppOption* AppOption::delimiter(char between_values) {
  option_.delimiter(between_values);
  return this;
}

AppOption* AppOption::repeatable() {
  option_.expected(1)->take_all();
  return this;
}

AppOption* AppOption::needs(const AppOption* other) {
  option_.needs(&other->option_);
  return this;
}

AppOption* AppOption::excludes(const AppOption* other) {
  option_.excludes(&other->option_);
  return this;
}

size_t AppOption::count() const { return option_.count(); }

std::string AppOption::name() const { return option_.get_name(); }

template <class T>
AppOption* AppOptions::add_option(const std::string& names, T& value, const std::string& help) {
  return keep(*app_.add_option(names, value, help));
}

template AppOption* AppOptions::add_option(const std::string&, std::string&, const std::string&);
template AppOption* AppOptions::add_option(const std::string&, int32_t&, const std::string&);
template AppOption* AppOptions::add_option(const std::string&, int64_t&, const std::string&);
template AppOption* AppOptions::add_option(const std::string&, uint64_t&, const std::string&);
template AppOption* AppOptions::add_option(const std::string&, double&, const std::string&);
template AppOption* AppOptions::add_option(const std::string&, std::optional<int64_t>&,
                                           const std::string&);
template AppOption* AppOptions::add_option(const std::string&, std::optional<int32_t>&,
                                           const std::string&);
template AppOption* AppOptions::add_option(const std::string&, std::optional<double>&,
                                           const std::string&);
template AppOption* AppOptions::add_option(const std::string&, std::optional<std::string>&,
                                           const std::string&);
template AppOption* AppOptions::add_option(const std::string&, std::vector<std::string>&,
                                           const std::string&);

AppOption* AppOptions::add_flag(const std::string& names, bool& value, const std::string& help) {
  return keep(*app_.add_flag(names, value, help));
}

AppOption* AppOptions::get_option(const std::string& name) { return keep(*app_.get_option(name)); }

void AppOptions::footer(const std::string& text) { app_.footer(text); }

}  // namespace crossval
