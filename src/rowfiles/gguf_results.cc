#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "gguf/file.h"
#include "rowfiles/formats.h"

namespace crossval {
namespace {

constexpr uint32_t kF32 = 0, kI32 = 26;

}  // namespace

// The memory is n_tokens rows of n_vocab values; the dimensions are declared the other way round.
RowFileResult open_gguf_results(MappedFile& mapped) {
  if (mapped.bytes().size() < 4 || std::memcmp(mapped.bytes().data(), "GGUF", 4) != 0)
    return nullptr;
  auto file = GgufFile::open(mapped.path());
  if (!file) return tl::unexpected(file.error());
  const GgufTensor* logits = file->find_tensor("logits");
  const GgufTensor* tokens = file->find_tensor("tokens");
  if (logits == nullptr || tokens == nullptr || file->parts().size() != 1) return nullptr;
  const int64_t rows = logits->ne[0], n_vocab = logits->ne[1];
  const int64_t ids = tokens->ne[0];
  if (logits->type_id != kF32 || tokens->type_id != kI32 || rows < 1 || n_vocab < 1 ||
      rows > INT32_MAX || n_vocab > kMostVocabulary || ids < 1 || rows < ids ||
      tokens->data.size() < static_cast<size_t>(ids) * sizeof(TokenId) ||
      logits->data.size() < static_cast<size_t>(rows * n_vocab) * sizeof(float)) {
    return bad_row_file(mapped, 0,
                        fmt::format("tensors tokens of {} and logits of {} × {} that do not go "
                                    "together",
                                    ids, rows, n_vocab));
  }
  RowFileFacts facts{.format = "llama-results",
                     .n_vocab = static_cast<int32_t>(n_vocab),
                     .rows = static_cast<int32_t>(ids)};
  facts.ids.resize(static_cast<size_t>(ids));
  std::memcpy(facts.ids.data(), tokens->data.data(), facts.ids.size() * sizeof(TokenId));
  if (rows > ids)
    facts.limits.push_back(
        fmt::format("{} rows behind those of the prompt are not read", rows - ids));
  const uint64_t data = logits->offset;
  return rows_of_array(std::move(mapped), std::move(facts), data, ValueType::f32);
}

}  // namespace crossval
