#include "rowfiles/kl_base.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "rowfiles/formats.h"
#include "rowfiles/kl_base_chunks.h"

namespace crossval {
namespace {

using kl_base::kHeaderBytes;
using kl_base::kMagic;
using kl_base::row_bytes;

class KlBase : public RowFile {
 public:
  KlBase(MappedFile file, RowFileFacts facts, uint64_t data)
      : file_(std::move(file)), facts_(std::move(facts)), data_(data) {}

  const RowFileFacts& facts() const override { return facts_; }

  Result<Row> row(int32_t i) override {
    const auto n = static_cast<size_t>(facts_.n_vocab);
    const std::byte* from = file_.bytes().data() + data_ + static_cast<size_t>(i) * row_bytes(n);
    float scale = 0, lowest = 0;
    std::memcpy(&scale, from, sizeof scale);
    std::memcpy(&lowest, from + 4, sizeof lowest);
    top_.tokens.clear();
    for (size_t k = 0; k < n; ++k) {
      uint16_t code = 0;
      std::memcpy(&code, from + 8 + 2 * k, sizeof code);
      if (code == 0) continue;  // that or less: not known
      top_.tokens.push_back({static_cast<int32_t>(k), scale * static_cast<float>(code) + lowest});
    }
    file_.release({from, row_bytes(n)});
    return Row(top_);
  }

 private:
  MappedFile file_;
  RowFileFacts facts_;
  uint64_t data_;  // offset of the first row
  TopRow top_;
};

bool is_kl_base(const MappedFile& file) {
  const auto bytes = file.bytes();
  return bytes.size() >= kHeaderBytes &&
         std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

// Of a file that is_kl_base; its size is right then.
Result<KlBaseChunks> chunks_of(const MappedFile& file) {
  const auto bytes = file.bytes();
  int32_t head[3];
  std::memcpy(head, bytes.data() + kMagic.size(), sizeof head);
  const auto [n_ctx, n_vocab, n_chunk] = std::tuple(head[0], head[1], head[2]);
  if (n_ctx < kl_base::kShortestChunk || n_vocab < 1 || n_chunk < 1 || n_vocab > kMostVocabulary ||
      n_ctx > (1 << 24) || int64_t{n_ctx} * n_chunk > (int64_t{1} << 28)) {
    return bad_row_file(
        file, kMagic.size(),
        fmt::format("{} chunks of {} tokens, a vocabulary of {}", n_chunk, n_ctx, n_vocab));
  }
  const auto tokens = static_cast<uint64_t>(n_ctx) * static_cast<uint64_t>(n_chunk);
  const uint64_t size = kHeaderBytes + 4 * tokens +
                        static_cast<uint64_t>(n_chunk) *
                            static_cast<uint64_t>(kl_base::rows(n_ctx)) *
                            row_bytes(static_cast<size_t>(n_vocab));
  if (bytes.size() != size) {
    return bad_row_file(
        file, bytes.size(),
        fmt::format("{} bytes where {} chunks need {}", bytes.size(), n_chunk, size),
        "llama-perplexity checks no write: the disk may have been full.");
  }
  KlBaseChunks chunks{n_ctx, n_vocab, std::vector<TokenId>(tokens)};
  std::memcpy(chunks.ids.data(), bytes.data() + kHeaderBytes, 4 * tokens);
  return chunks;
}

}  // namespace

Result<KlBaseChunks> read_kl_base_chunks(const std::string& path) {
  const auto file = MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  if (!is_kl_base(*file)) return bad_row_file(*file, 0, "this is no base of llama-perplexity");
  return chunks_of(*file);
}

RowFileResult open_kl_base(MappedFile& file) {
  if (!is_kl_base(file)) return nullptr;
  const auto chunks = chunks_of(file);
  if (!chunks) return tl::unexpected(chunks.error());
  const int32_t n_ctx = chunks->n_ctx, n_vocab = chunks->n_vocab;
  const auto n_chunk = static_cast<int32_t>(std::ssize(chunks->ids) / n_ctx);
  const int32_t first = kl_base::first_row(n_ctx), rows = kl_base::rows(n_ctx);
  const uint64_t data = kHeaderBytes + sizeof(TokenId) * chunks->ids.size();
  RowFileFacts facts{.format = "llama-perplexity base",
                     .n_vocab = n_vocab,
                     .rows = n_chunk * rows,
                     .content = RowContent::top};
  for (int32_t chunk = 0; chunk < n_chunk; ++chunk) {
    const auto begin = chunks->ids.begin() + int64_t{chunk} * n_ctx + first;
    facts.ids.insert(facts.ids.end(), begin, begin + rows);
  }
  facts.not_beside_an_engine =
      "Write the engine's rows of the same chunks, and compare the two: crossval record --as kld "
      "--chunks-of FILE -o OTHER.kld, then crossval compare OTHER.kld FILE.";
  facts.limits = {
      fmt::format("its rows are those of positions {} to {} of each of {} chunks, one after the "
                  "other",
                  first, n_ctx - 2, n_chunk),
      "it does not say whether each chunk began with BOS in place of its first token",
      "its log-probabilities are rounded to 16 bits (1.2e-4), and those more than 16 below the "
      "largest are not in it"};
  return std::make_unique<KlBase>(std::move(file), std::move(facts), data);
}

}  // namespace crossval
