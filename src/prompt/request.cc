#include "prompt/request.h"

#include <fmt/format.h>

namespace crossval {

Result<Toggle> parse_toggle(std::string_view option, std::string_view text) {
  if (text == "auto") return Toggle::automatic;
  if (text == "on") return Toggle::on;
  if (text == "off") return Toggle::off;
  return fail(ExitCode::usage, fmt::format("\"{}\" is not auto, on or off", text),
              std::string(option));
}

}  // namespace crossval
