#include "rowfiles/kl_base.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "base/float16.h"
#include "rowfiles/formats.h"
#include "rowfiles/kl_base_chunks.h"

namespace crossval {
namespace {

using kl_base::row_bytes;

constexpr int32_t kLongestChunk = 1 << 24;
constexpr int64_t kMostTokens = int64_t{1} << 28;

uint16_t code_at(const std::byte* from, size_t i) {
  uint16_t code = 0;
  std::memcpy(&code, from + sizeof code * i, sizeof code);
  return code;
}

void read_codes(const std::byte* from, size_t n_vocab, TopRow& row) {
  float scale = 0, lowest = 0;
  std::memcpy(&scale, from, sizeof scale);
  std::memcpy(&lowest, from + sizeof scale, sizeof lowest);
  for (size_t i = 0; i < n_vocab; ++i) {
    const uint16_t code = code_at(from + 2 * sizeof(float), i);
    if (code == 0) continue;  // that or less: not known
    row.tokens.push_back({static_cast<int32_t>(i), scale * static_cast<float>(code) + lowest});
  }
}

void read_halves(const std::byte* from, size_t n_vocab, TopRow& row) {
  for (size_t i = 0; i < n_vocab; ++i) {
    const float log_p = f16_to_f32(code_at(from, i));
    if (log_p == -INFINITY) continue;  // less than a float16 holds: not known
    row.tokens.push_back({static_cast<int32_t>(i), log_p});
  }
}

void read_scored_halves(const std::byte* from, size_t n_vocab, TopRow& row) {
  read_halves(from + sizeof(float), n_vocab, row);
}

constexpr size_t bytes_of_halves(size_t n_vocab) { return sizeof(uint16_t) * n_vocab; }
constexpr size_t bytes_of_scored_halves(size_t n_vocab) {
  return sizeof(float) + bytes_of_halves(n_vocab);
}

constexpr const char* kCodesLimit =
    "its log-probabilities are rounded to 16 bits (1.2e-4), and those more than 16 below the "
    "largest are not in it";
constexpr const char* kHalvesLimit =
    "its log-probabilities are float16 numbers, which are 7.8e-3 off at most where ln p is -32 or "
    "more";
// Half of a code's step, which is 16 / 65535 at most; half of a float16's last place from 16 to 32.
// Both with room for the float arithmetic around it.
constexpr double kCodesResolution = 1.25e-4, kHalvesResolution = 7.9e-3;

struct Dialect {
  std::string_view magic;
  const char* name;
  size_t sizes;  // i32 in its header
  size_t (*row_bytes)(size_t n_vocab);
  void (*read)(const std::byte* from, size_t n_vocab, TopRow& row);
  double resolution;
  const char* limit;
};

constexpr Dialect kDialects[] = {
    {kl_base::kMagic, "llama-perplexity base", 3, row_bytes, read_codes, kCodesResolution,
     kCodesLimit},
    {kl_base::kHalves, "llama-perplexity base of float16", 3, bytes_of_halves, read_halves,
     kHalvesResolution, kHalvesLimit},
    {kl_base::kScoredHalves, "llama-perplexity base of float16, scored", 3, bytes_of_scored_halves,
     read_scored_halves, kHalvesResolution, kHalvesLimit},
    {kl_base::kOnePrompt, "q27ref01", 5, row_bytes, read_codes, kCodesResolution, kCodesLimit},
};

const Dialect* dialect_of(const MappedFile& file) {
  const auto bytes = file.bytes();
  for (const Dialect& dialect : kDialects) {
    if (bytes.size() >= dialect.magic.size() + sizeof(int32_t) * dialect.sizes &&
        std::memcmp(bytes.data(), dialect.magic.data(), dialect.magic.size()) == 0)
      return &dialect;
  }
  return nullptr;
}

class KlBase : public RowFile {
 public:
  KlBase(MappedFile file, RowFileFacts facts, const Dialect& dialect, uint64_t data)
      : file_(std::move(file)), facts_(std::move(facts)), dialect_(dialect), data_(data) {}

  const RowFileFacts& facts() const override { return facts_; }

  Result<Row> row(int32_t i) override {
    const auto n = static_cast<size_t>(facts_.n_vocab);
    const size_t bytes = dialect_.row_bytes(n);
    const std::byte* from = file_.bytes().data() + data_ + static_cast<size_t>(i) * bytes;
    top_.tokens.clear();
    dialect_.read(from, n, top_);
    file_.release({from, bytes});
    return Row(top_);
  }

 private:
  MappedFile file_;
  RowFileFacts facts_;
  const Dialect& dialect_;
  uint64_t data_;  // offset of the first row
  TopRow top_;
};

// What is before the rows, of a file whose size is right then.
struct Head {
  PromptChunks chunks;
  int32_t n_vocab = 0;
  uint64_t data = 0;  // offset of the first row
};

Result<Head> head_of(const MappedFile& file, const Dialect& dialect) {
  const auto bytes = file.bytes();
  int32_t sizes[5] = {};
  const size_t before_ids = dialect.magic.size() + sizeof(int32_t) * dialect.sizes;
  std::memcpy(sizes, bytes.data() + dialect.magic.size(), sizeof(int32_t) * dialect.sizes);
  const bool one = dialect.magic == kl_base::kOnePrompt;
  const int32_t length = sizes[0], n_vocab = sizes[1], n_chunk = one ? 1 : sizes[2];
  const auto bad = [&](std::string what) {
    return bad_row_file(file, dialect.magic.size(), std::move(what));
  };
  if (length < (one ? 1 : kl_base::kShortestChunk) || n_vocab < 1 || n_chunk < 1 ||
      n_vocab > kMostVocabulary || length > kLongestChunk ||
      int64_t{length} * n_chunk > kMostTokens) {
    return bad(fmt::format("{} chunks of {} tokens, a vocabulary of {}", n_chunk, length, n_vocab));
  }
  Head head{{.length = length,
             .first_row = one ? sizes[2] : kl_base::first_row(length),
             .rows = one ? sizes[3] : kl_base::rows(length),
             .bos_in_place = !one},
            n_vocab};
  PromptChunks& chunks = head.chunks;
  if (chunks.first_row < 0 || chunks.rows < 1 || chunks.rows > length - chunks.first_row) {
    return bad(fmt::format("{} rows from position {} on, of {} tokens", chunks.rows,
                           chunks.first_row, length));
  }
  const auto tokens = static_cast<uint64_t>(length) * static_cast<uint64_t>(n_chunk);
  head.data = before_ids + sizeof(TokenId) * tokens;
  const uint64_t size = head.data + static_cast<uint64_t>(n_chunk) *
                                        static_cast<uint64_t>(chunks.rows) *
                                        dialect.row_bytes(static_cast<size_t>(n_vocab));
  if (bytes.size() != size) {
    return bad_row_file(
        file, bytes.size(),
        fmt::format("{} bytes where {} chunks need {}", bytes.size(), n_chunk, size),
        "llama-perplexity checks no write: the disk may have been full.");
  }
  chunks.ids.resize(tokens);
  std::memcpy(chunks.ids.data(), bytes.data() + before_ids, sizeof(TokenId) * tokens);
  return head;
}

}  // namespace

Result<std::optional<PromptChunks>> read_prompt_chunks(const std::string& path) {
  const auto file = MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const Dialect* dialect = dialect_of(*file);
  if (dialect == nullptr) return std::nullopt;
  auto head = head_of(*file, *dialect);
  if (!head) return tl::unexpected(head.error());
  return std::move(head->chunks);
}

RowFileResult open_kl_base(MappedFile& file) {
  const Dialect* dialect = dialect_of(file);
  if (dialect == nullptr) return nullptr;
  auto head = head_of(file, *dialect);
  if (!head) return tl::unexpected(head.error());
  const PromptChunks& chunks = head->chunks;
  RowFileFacts facts{.format = dialect->name,
                     .n_vocab = head->n_vocab,
                     .rows = chunks.count() * chunks.rows,
                     .content = RowContent::top,
                     .ids = chunks.row_ids(),
                     .resolution = dialect->resolution};
  facts.not_beside_an_engine =
      "Evaluate each of its chunks: crossval per-token -m MODEL --reference replay:FILE.";
  facts.limits.push_back(fmt::format(
      "its rows are those of positions {} to {} of each of {} chunks, one after the other",
      chunks.first_row, chunks.first_row + chunks.rows - 1, chunks.count()));
  if (chunks.bos_in_place)
    facts.limits.emplace_back(
        "it does not say whether each chunk began with BOS in place of its first token");
  facts.limits.emplace_back(dialect->limit);
  facts.chunks = std::move(head->chunks);
  return std::make_unique<KlBase>(std::move(file), std::move(facts), *dialect, head->data);
}

}  // namespace crossval
