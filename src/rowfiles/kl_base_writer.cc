#include "rowfiles/kl_base_writer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

#include "rowfiles/kl_base.h"

namespace crossval {
namespace {

constexpr size_t kFloats = 2 * sizeof(float) / sizeof(uint16_t);  // places of the two in a row
constexpr float kDeepest = 16;  // what is further below the largest is cut off there
constexpr float kLargestCode = 65535;

std::string_view text_of(const void* data, size_t bytes) {
  return {static_cast<const char*>(data), bytes};
}

}  // namespace

KlBaseWriter::KlBaseWriter(std::unique_ptr<PartialFile> file, int32_t n_vocab)
    : file_(std::move(file)),
      row_(kl_base::row_bytes(static_cast<size_t>(n_vocab)) / sizeof(uint16_t)) {}

Result<void> KlBaseWriter::append(std::string_view bytes) {
  bytes_ += bytes.size();
  return file_->append(bytes);
}

Result<std::unique_ptr<KlBaseWriter>> KlBaseWriter::create(const std::string& path, int32_t n_ctx,
                                                           int32_t n_vocab,
                                                           std::span<const TokenId> ids) {
  auto file = PartialFile::create(path);
  if (!file) return tl::unexpected(file.error());
  std::unique_ptr<KlBaseWriter> writer(new KlBaseWriter(*std::move(file), n_vocab));
  const std::array<int32_t, 3> sizes = {
      n_ctx, n_vocab, static_cast<int32_t>(ids.size() / static_cast<size_t>(n_ctx))};
  for (const std::string_view part : {kl_base::kMagic, text_of(sizes.data(), sizeof sizes),
                                      text_of(ids.data(), ids.size_bytes())}) {
    if (auto ok = writer->append(part); !ok) return tl::unexpected(ok.error());
  }
  return writer;
}

// Every step in float but the sum, as there: the file is the same where the logits are.
Result<void> KlBaseWriter::put_row(std::span<const float> logits) {
  const auto [low, high] = std::ranges::minmax(logits);
  const float least = std::max(low, high - kDeepest);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - high);
  const auto log_sum = static_cast<float>(std::log(sum));
  const float scale = (high - least) / kLargestCode;
  const std::array<float, 2> head = {scale, least - high - log_sum};
  std::memcpy(row_.data(), head.data(), sizeof head);
  const float codes_of_one = scale == 0 ? 0 : 1 / scale;
  for (size_t i = 0; i < logits.size(); ++i) {
    const float above = logits[i] - least;
    row_[kFloats + i] = above > 0 ? static_cast<uint16_t>(std::rint(codes_of_one * above)) : 0;
  }
  return append(text_of(row_.data(), row_.size() * sizeof(uint16_t)));
}

}  // namespace crossval
