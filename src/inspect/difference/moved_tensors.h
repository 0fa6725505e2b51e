// Tensors that another file has under another name: layers that were exchanged or copied, names
// that were changed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "gguf/file.h"
#include "inspect/difference/row_order.h"
#include "results/inspection.h"

namespace crossval {

/// Whether two tensors of one size have the same bytes; read up to the first difference.
bool has_same_bytes(const GgufFile& a_file, const GgufTensor& a, const GgufFile& b_file,
                    const GgufTensor& b);

class MovedTensors {
 public:
  /// Both files must live as long; a few kilobytes of each tensor are read.
  MovedTensors(const GgufFile& a, const GgufFile& b, const FileNames& names);

  /// exchanged: b is another tensor of the first file, and that one's partner is a. moved: b is
  /// another tensor of the first file. Where only one file has the tensor (the other is null):
  /// renamed. Nothing when no other tensor has these bytes.
  std::optional<TensorChange> find(const GgufTensor* a, const GgufTensor* b) const;

 private:
  using Tensors = std::multimap<uint64_t, const GgufTensor*>;  // by type, shape and a few bytes
  static Tensors listed(const GgufFile& file);
  static const GgufTensor* twin(const GgufFile& from, const GgufTensor& tensor, const GgufFile& in,
                                const Tensors& tensors);

  const GgufFile& a_;
  const GgufFile& b_;
  const FileNames& names_;
  Tensors in_a_, in_b_;
};

}  // namespace crossval
