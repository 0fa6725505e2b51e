// What an engine answers, and how it travels: put together and taken apart with every length
// checked (docs/protocol.md). Both ends compile this.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/payload.h"
#include "protocol/row.h"

namespace crossval {

/// One intermediate tensor of one evaluated chunk, as one row of values per position.
///
/// Key across engines: (name, op, occurrence). Names and ops are llama.cpp's ("Qcur-0", "ROPE").
/// Attention scores ("kq…") hold n_head groups of n_kv values per position; values at key positions
/// beyond the query's own carry no meaning and are not compared. Rows of the KV cache (kStateOp)
/// are of the positions that they were made for, which may lie before those asked about; what is
/// stored in 16 bits is widened.
struct TraceTensor {
  std::string name;        // with layer suffix: "ffn_inp-3", "result_norm"
  std::string op;          // MUL_MAT, ADD, RMS_NORM, ROPE, SOFT_MAX, …
  int32_t occurrence = 0;  // how often (name, op) came before in this chunk
  int32_t layer = -1;      // -1: outside the layers
  int32_t first_position = 0;
  int32_t positions = 0;
  int64_t width = 0;  // values per position
  int64_t heads = 0;  // > 0 for attention scores: width = heads × n_kv
  // What it was computed from, as far as the engine tells: the model's tensor by name, the others
  // by label_of. Both empty: not known.
  std::string weight{};
  std::vector<std::string> inputs{};
  std::span<const float> data;  // positions × width, position-major; valid during the call only
  /// In place of data, from an engine whose rows are hashes: hash_of (row_hash.h) each position's
  /// values, of attention scores the meaningful ones.
  std::span<const uint64_t> hashes{};
};

/// How a tensor is called among the inputs of another: "Qcur-0 ROPE", "norm-0 RMS_NORM #2".
std::string label_of(std::string_view name, std::string_view op, int32_t occurrence);

namespace protocol {

/// The payload of piece_bytes.
PayloadWriter payload_of(const std::vector<std::string>& pieces);
/// The payload of a sources frame: `weight` and `inputs`.
PayloadWriter sources_of(const TraceTensor& tensor);
/// The payload of a tensor or tensor_hashes frame up to the values or hashes, which end it.
PayloadWriter head_of(const TraceTensor& tensor);
/// The payload of a top_row and of a row_hash frame.
PayloadWriter payload_of(int32_t position, const TopRow& row);
PayloadWriter payload_of(int32_t position, const RowHash& row);

// Each of these returns false when the payload is not exactly what its type demands.

bool parse_ids(Bytes payload, std::vector<int32_t>& ids);
bool parse_pieces(Bytes payload, size_t count, std::vector<std::string>& pieces);
bool parse_flag(Bytes payload, bool& flag);
bool parse_row(Bytes payload, int32_t n_vocab, int32_t& position, std::vector<float>& row);
/// Whatever ids and numbers it has.
bool parse_top_row(Bytes payload, int32_t& position, TopRow& row);
bool parse_row_hash(Bytes payload, int32_t& position, RowHash& row);
/// Takes `weight` and `inputs` of a tensor that is to come.
bool parse_sources(Bytes payload, TraceTensor& tensor);
/// No position lies at or behind `end`; `tensor.data` views `values`.
bool parse_tensor(Bytes payload, int32_t end, TraceTensor& tensor, std::vector<float>& values);
bool parse_tensor_hashes(Bytes payload, int32_t end, TraceTensor& tensor,
                         std::vector<uint64_t>& hashes);

}  // namespace protocol
}  // namespace crossval
