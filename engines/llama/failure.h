// What ends a request: becomes an error frame (docs/protocol.md, "error").
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace crossval_llama {

struct Failure : std::runtime_error {
  // "usage": the request asks for what cannot be; "input": the model file; "engine": llama.cpp
  // failed.
  Failure(std::string kind_, const std::string& what, std::string hint_ = {})
      : std::runtime_error(what), kind(std::move(kind_)), hint(std::move(hint_)) {}
  std::string kind;
  std::string hint;
};

}  // namespace crossval_llama
