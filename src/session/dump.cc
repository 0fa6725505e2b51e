#include "session/dump.h"

#include <fmt/format.h>

#include <bit>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "session/npy.h"

namespace crossval {
namespace {

static_assert(std::endian::native == std::endian::little, "rows are written as they lie in memory");

std::string_view bytes_of(std::span<const float> row) {
  return {reinterpret_cast<const char*>(row.data()), row.size_bytes()};
}

std::string tokens_json(const Comparison& comparison, int64_t rows, int32_t n_vocab) {
  auto tokens = nlohmann::ordered_json::array();
  for (int64_t i = 0; i < rows; ++i) {
    const PositionResult& position = comparison.positions[static_cast<size_t>(i)];
    tokens.push_back({{"position", position.position},
                      {"id", position.id},
                      {"piece", position.piece},
                      {"decode", position.decode}});
  }
  const nlohmann::ordered_json root = {
      {"rows", rows}, {"n_vocab", n_vocab}, {"tokens", std::move(tokens)}};
  // A piece may be part of a character: what is no UTF-8 becomes U+FFFD.
  return root.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

Result<std::unique_ptr<Dump>> Dump::create(const std::string& dir, int32_t n_vocab) {
  std::error_code error;
  const bool made = std::filesystem::create_directory(dir, error);
  if (error) {
    return fail(ExitCode::cannot_write,
                fmt::format("cannot create the directory: {}", error.message()), dir);
  }
  std::unique_ptr<Dump> dump(new Dump(dir, made, n_vocab));
  const auto open = [&](const char* name, std::unique_ptr<PartialFile>& file) -> Result<void> {
    auto created = PartialFile::create(dir + "/" + name);
    if (!created) return tl::unexpected(created.error());
    file = *std::move(created);
    return {};
  };
  if (auto ok = open("candidate.npy", dump->candidate_); !ok) return tl::unexpected(ok.error());
  if (auto ok = open("reference.npy", dump->reference_); !ok) return tl::unexpected(ok.error());
  if (auto ok = open("tokens.json", dump->tokens_); !ok) return tl::unexpected(ok.error());
  for (PartialFile* file : {dump->candidate_.get(), dump->reference_.get()}) {
    if (auto ok = file->append(npy_header(0, n_vocab)); !ok) return tl::unexpected(ok.error());
  }
  return dump;
}

Dump::~Dump() {
  candidate_.reset();
  reference_.reset();
  tokens_.reset();
  std::error_code ignored;  // a directory that is not empty stays
  if (made_dir_ && !finished_) std::filesystem::remove(dir_, ignored);
}

Result<void> Dump::append(const RowPair& pair) {
  if (auto ok = candidate_->append(bytes_of(pair.candidate.logits)); !ok) return ok;
  if (auto ok = reference_->append(bytes_of(pair.reference.logits)); !ok) return ok;
  ++rows_;
  return {};
}

Result<void> Dump::finish(const Comparison& comparison) {
  for (PartialFile* file : {candidate_.get(), reference_.get()}) {
    if (auto ok = file->write_at(0, npy_header(rows_, n_vocab_)); !ok) return ok;
  }
  if (auto ok = tokens_->append(tokens_json(comparison, rows_, n_vocab_)); !ok) return ok;
  for (PartialFile* file : {candidate_.get(), reference_.get(), tokens_.get()}) {
    if (auto ok = file->close(); !ok) return ok;
  }
  for (PartialFile* file : {candidate_.get(), reference_.get(), tokens_.get()}) {
    if (auto ok = file->publish(); !ok) return ok;
  }
  finished_ = true;
  return {};
}

}  // namespace crossval
