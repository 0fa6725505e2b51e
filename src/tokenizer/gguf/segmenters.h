// The segmenters of model files' vocabularies, as llama.cpp runs them. Each reads from the file
// what only its family needs; `vocabulary` must outlive the segmenter.
#pragma once

#include <memory>

#include "base/error.h"
#include "gguf/file.h"
#include "tokenizer/segmenter.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

// Errors (bad_input_file): keys of the family that are missing or do not fit.
Result<std::unique_ptr<Segmenter>> make_bpe_segmenter(const GgufFile& file,
                                                      const Vocabulary& vocabulary);
std::unique_ptr<Segmenter> make_sentencepiece_bpe_segmenter(const Vocabulary& vocabulary);
Result<std::unique_ptr<Segmenter>> make_unigram_segmenter(const GgufFile& file,
                                                          const Vocabulary& vocabulary);
std::unique_ptr<Segmenter> make_wordpiece_segmenter(const Vocabulary& vocabulary);
std::unique_ptr<Segmenter> make_rwkv_segmenter(const Vocabulary& vocabulary);
Result<std::unique_ptr<Segmenter>> make_plamo2_segmenter(const Vocabulary& vocabulary);
// Around a BPE segmenter.
std::unique_ptr<Segmenter> make_dna_segmenter(std::unique_ptr<Segmenter> bpe,
                                              const Vocabulary& vocabulary);
std::unique_ptr<Segmenter> make_whitespace_segmenter(std::unique_ptr<Segmenter> bpe,
                                                     const Vocabulary& vocabulary);

}  // namespace crossval
