// The formats, one file each. All take the mapped file and find out whether it is theirs: nullptr
// where it is not.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "base/mapped_file.h"
#include "rowfiles/row_file.h"

namespace crossval {

using RowFileResult = Result<std::unique_ptr<RowFile>>;

/// NumPy's .npy (numpy.lib.format): rows × vocabulary, one row alone, or with leading dimensions of
/// 1; float16, float32 or float64, little-endian, in C order.
RowFileResult open_npy(MappedFile& file);

/// An array in a zip archive of .npy files, numpy.savez's .npz: the one called logits, or the only
/// one of two dimensions. Members are stored, not compressed.
RowFileResult open_npz(MappedFile& file);

/// Hugging Face's safetensors: the tensor called logits, or the only one, of the shapes of .npy;
/// F16, BF16, F32 or F64.
RowFileResult open_safetensors(MappedFile& file);

/// llama-perplexity --kl-divergence-base: chunks of token ids, of the second half of each the
/// log-probabilities in 16 bits. The rows of all chunks, one after the other.
RowFileResult open_kl_base(MappedFile& file);

/// llama-results: GGUF with tensors tokens and logits (whose declared dimensions are swapped).
RowFileResult open_gguf_results(MappedFile& file);

/// Answers of servers with log-probabilities, one a line (llama.cpp's compare-logprobs.py): the
/// rows of each, one after the other, held in memory. Tokens are known by their ids, which some
/// servers tell; a text stands for one only where the answer has its id too.
RowFileResult open_logprob_lines(MappedFile& file);

/// examples/model-conversion of llama.cpp: llamacpp-M.bin, pytorch-M.bin: float32, the last
/// position alone, no header.
RowFileResult open_raw_row(MappedFile& file);

/// Values of a row at most: as many as a frame of the engine protocol holds.
inline constexpr int64_t kMostVocabulary = 16777215;

/// How the values of an array are stored.
enum class ValueType : uint8_t { f16, bf16, f32, f64 };
size_t bytes_of(ValueType type);

/// Rows of values at `data` of the file, which has all of them.
std::unique_ptr<RowFile> rows_of_array(MappedFile file, RowFileFacts facts, uint64_t data,
                                       ValueType type);

/// Likewise of an array with that shape, slowest first: rows × vocabulary, one row alone, or with
/// leading dimensions of 1. `size`: the bytes of values that there are. Errors: another shape,
/// another size.
RowFileResult rows_of_shape(MappedFile& file, std::string format, std::span<const int64_t> shape,
                            ValueType type, uint64_t data, uint64_t size);

/// The member of that array that `open_npy` reads, of bytes at `offset` of a file; shared with zip.
RowFileResult npy_at(MappedFile& file, uint64_t offset, uint64_t size);

/// What is wrong with a file, at an offset.
tl::unexpected<Error> bad_row_file(const MappedFile& file, uint64_t offset, std::string what,
                                   std::string hint = {});

}  // namespace crossval
