#include "tokenizer/model_tokenizer.h"

#include <fmt/format.h>

#include "tokenizer/gguf/read_vocabulary.h"
#include "tokenizer/gguf/segmenters.h"
#include "tokenizer/sentencepiece/segmenter.h"
#include "tokenizer/token_bytes.h"

namespace crossval {
namespace {

Result<std::unique_ptr<Segmenter>> make_segmenter(const GgufFile& file,
                                                  const Vocabulary& vocabulary) {
  switch (vocabulary.family) {
    case VocabularyFamily::bpe:
      return make_bpe_segmenter(file, vocabulary);
    case VocabularyFamily::sentencepiece_bpe:
      return make_sentencepiece_bpe_segmenter(vocabulary);
    case VocabularyFamily::wordpiece:
      return make_wordpiece_segmenter(vocabulary);
    case VocabularyFamily::unigram:
      return make_unigram_segmenter(file, vocabulary);
    case VocabularyFamily::rwkv:
      return make_rwkv_segmenter(vocabulary);
    case VocabularyFamily::plamo2:
      return make_plamo2_segmenter(vocabulary);
  }
  return fail(ExitCode::internal, "unknown vocabulary family");
}

std::string describe(const Vocabulary& vocabulary) {
  std::string family(family_name(vocabulary));
  if (vocabulary.family != VocabularyFamily::bpe) return family;
  return fmt::format("{}, pre-tokenizer {}", family, vocabulary.pre_tokenizer);
}

}  // namespace

ModelTokenizer::ModelTokenizer(Vocabulary vocabulary, uint16_t whole)
    : vocabulary_(std::move(vocabulary)),
      splitter_(vocabulary_, whole),
      algorithm_(describe(vocabulary_)) {}

Result<std::unique_ptr<Tokenizer>> ModelTokenizer::create(const GgufFile& file) {
  auto vocabulary = read_vocabulary(file);
  if (!vocabulary) return tl::unexpected(vocabulary.error());
  std::unique_ptr<ModelTokenizer> result(new ModelTokenizer(
      std::move(*vocabulary), kTokenControl | kTokenUserDefined | kTokenUnknown));
  auto segmenter = make_segmenter(file, result->vocabulary_);
  if (!segmenter) return tl::unexpected(segmenter.error());
  result->segmenter_ = std::move(*segmenter);
  return std::unique_ptr<Tokenizer>(std::move(result));
}

// The user's tokens are the segmenter's business there: they are found in normalised text.
std::unique_ptr<Tokenizer> ModelTokenizer::create(SentencePieceModel model) {
  std::unique_ptr<ModelTokenizer> result(
      new ModelTokenizer(std::move(model.vocabulary), kTokenControl | kTokenUnknown));
  result->segmenter_ = make_sentencepiece_segmenter(result->vocabulary_, std::move(model.charsmap),
                                                    model.byte_fallback);
  return result;
}

Result<std::pair<int32_t, int32_t>> ModelTokenizer::frame() const {
  const Vocabulary& v = vocabulary_;
  bool begins = v.add_bos;
  bool ends = v.add_eos;
  int32_t last = v.eos;
  if (v.family == VocabularyFamily::wordpiece) {
    begins = ends = true;  // [CLS] … [SEP], whatever the file says
    last = v.separator;
  } else if (v.family == VocabularyFamily::rwkv || v.family == VocabularyFamily::plamo2) {
    begins = ends = false;
  }
  const std::pair<int32_t, int32_t> frame{begins ? v.bos : kNoToken, ends ? last : kNoToken};
  if ((begins && frame.first == kNoToken) || (ends && frame.second == kNoToken)) {
    return fail(ExitCode::bad_input_file,
                fmt::format("the model asks for {} token before or after each text but names none",
                            begins && frame.first == kNoToken ? "a BOS" : "an EOS"),
                {}, "Repair the tokenizer.ggml keys of the model file.");
  }
  return frame;
}

Result<std::vector<int32_t>> ModelTokenizer::encode(std::string_view text, bool add_special,
                                                    bool parse_special) const {
  if (text.size() > kLongestText) return too_long(text.size());
  std::pair<int32_t, int32_t> around{kNoToken, kNoToken};
  if (add_special) {
    const auto found = frame();
    if (!found) return tl::unexpected(found.error());
    around = *found;
  }
  std::vector<int32_t> ids;
  if (around.first != kNoToken) ids.push_back(around.first);
  bool after_special = true;
  for (const TextFragment& fragment : splitter_.split(text, parse_special)) {
    if (fragment.id != kNoToken) {
      ids.push_back(fragment.id);
    } else if (auto done = segmenter_->append(fragment.text, after_special, &ids); !done) {
      return tl::unexpected(done.error());
    }
    after_special = fragment.id != kNoToken;
  }
  if (around.second != kNoToken) ids.push_back(around.second);
  return ids;
}

std::string ModelTokenizer::piece(int32_t id, bool special) const {
  if (!special && vocabulary_.has(id, kTokenUnknown | kTokenControl)) return {};
  return token_bytes(vocabulary_, id);
}

Result<std::unique_ptr<Tokenizer>> Tokenizer::from_gguf(const GgufFile& file) {
  return ModelTokenizer::create(file);
}

}  // namespace crossval
