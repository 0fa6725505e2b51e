// --dump DIR: every row of both engines for people's own scripts.
//
// candidate.npy and reference.npy (float32, positions × vocabulary) are streamed row by row;
// tokens.json says which position, id and piece each row belongs to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/partial_file.h"
#include "results/comparison.h"
#include "session/row_exchange.h"

namespace crossval {

/// The files appear together when the run is complete; a run that ends before leaves nothing
/// behind, not even the directory when it was made here. Every error is cannot_write.
class Dump {
 public:
  /// Makes the directory when there is none; its parent must exist.
  static Result<std::unique_ptr<Dump>> create(const std::string& dir, int32_t n_vocab);
  ~Dump();
  Dump(const Dump&) = delete;
  Dump& operator=(const Dump&) = delete;

  /// Both rows have n_vocab values.
  Result<void> append(const RowPair& pair);

  /// Writes tokens.json for the positions whose rows were appended (the first ones) and gives all
  /// files their names.
  Result<void> finish(const Comparison& comparison);

 private:
  Dump(std::string dir, bool made_dir, int32_t n_vocab)
      : dir_(std::move(dir)), made_dir_(made_dir), n_vocab_(n_vocab) {}

  std::string dir_;
  bool made_dir_;
  int32_t n_vocab_;
  int64_t rows_ = 0;
  bool finished_ = false;
  std::unique_ptr<PartialFile> candidate_, reference_, tokens_;
};

}  // namespace crossval
