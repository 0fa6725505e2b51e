#include "base/error.h"

namespace crossval {

std::string Error::message() const {
  std::string text = what;
  if (!where.empty()) text += " (" + where + ")";
  if (!hint.empty()) text += "\n  " + hint;
  return text;
}

}  // namespace crossval
