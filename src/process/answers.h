// What an engine's answers hold, taken apart with every length checked (docs/protocol.md).
//
// Each function returns false when the payload is not exactly what its type demands.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "protocol/frame.h"

namespace crossval {

bool parse_ids(protocol::Bytes payload, std::vector<TokenId>& ids);
bool parse_pieces(protocol::Bytes payload, size_t count, std::vector<std::string>& pieces);
bool parse_flag(protocol::Bytes payload, bool& flag);
/// Takes `weight` and `inputs` of a tensor that is to come.
bool parse_sources(protocol::Bytes payload, TraceTensor& tensor);
bool parse_row(protocol::Bytes payload, int32_t n_vocab, int32_t& position,
               std::vector<float>& row);
/// No position lies at or behind `end`; `tensor.data` views `values`.
bool parse_tensor(protocol::Bytes payload, int32_t end, TraceTensor& tensor,
                  std::vector<float>& values);

}  // namespace crossval
