#include "tokenizer/sentencepiece/model.h"

#include <fmt/format.h>

#include <cmath>

#include "tokenizer/sentencepiece/protobuf.h"

namespace crossval {
namespace {

// Field numbers of SentencePiece's messages.
enum ModelField : uint32_t { kPieces = 1, kTrainer = 2, kNormalizer = 3 };
enum PieceField : uint32_t { kText = 1, kScore = 2, kType = 3 };
enum TrainerField : uint32_t {
  kModelType = 3,
  kSuffixSpace = 24,
  kByteFallback = 35,
  kUnknownId = 40,
  kBosId = 41,
  kEosId = 42,
  kPadId = 43,
};
enum NormalizerField : uint32_t {
  kCharsmap = 2,
  kAddDummyPrefix = 3,
  kRemoveExtraSpaces = 4,
  kEscapeSpaces = 5,
};
enum ModelType : int32_t { kUnigram = 1, kBpe = 2, kWord = 3, kChar = 4 };

tl::unexpected<Error> bad(std::string what, const std::string& where, std::string hint = {}) {
  return fail(ExitCode::bad_input_file, std::move(what), where, std::move(hint));
}

/// Calls `use` with every field.
template <class Use>
Result<void> each_field(std::string_view message, const std::string& where, const Use& use) {
  ProtobufReader reader(message, where);
  for (;;) {
    const auto field = reader.next();
    if (!field) return tl::unexpected(field.error());
    if (!field->has_value()) return {};
    if (auto used = use(**field); !used) return used;
  }
}

Result<void> add_piece(std::string_view message, const std::string& where, Vocabulary* v) {
  VocabularyToken token;
  auto read = each_field(message, where, [&token](const ProtobufField& field) -> Result<void> {
    if (field.number == kText && field.wire_type == 2) token.text = field.bytes;
    if (field.number == kScore && field.wire_type == 5) token.score = field.as_float();
    if (field.number == kType && field.wire_type == 0) {
      token.attributes = attribute_of_kind(field.as_int32()).value_or(kTokenNormal);
    }
    return {};
  });
  if (!read) return read;
  if (token.text.empty()) return bad(fmt::format("piece {} has no text", v->size()), where);
  if (!std::isfinite(token.score)) {
    return bad(fmt::format("the score of piece {} is no number", v->size()), where);
  }
  if (token.attributes == kTokenUnknown) v->unknown = v->size();
  v->tokens.push_back(std::move(token));
  return {};
}

Result<void> read_trainer(std::string_view message, const std::string& where,
                          SentencePieceModel* model) {
  Vocabulary& v = model->vocabulary;
  return each_field(message, where, [&](const ProtobufField& field) -> Result<void> {
    if (field.wire_type != 0) return {};
    switch (field.number) {
      case kModelType: {
        const int32_t type = field.as_int32();
        if (type != kBpe && type != kUnigram) {
          return bad(fmt::format("SentencePiece model type '{}' is not supported",
                                 type == kWord   ? "word"
                                 : type == kChar ? "char"
                                                 : std::to_string(type)),
                     where, "Supported: unigram, bpe.");
        }
        v.family = type == kBpe ? VocabularyFamily::sentencepiece_bpe : VocabularyFamily::unigram;
        break;
      }
      case kSuffixSpace:
        if (field.as_bool()) {
          return bad("SentencePiece setting 'treat_whitespace_as_suffix' is not supported", where);
        }
        break;
      case kByteFallback:
        model->byte_fallback = field.as_bool();
        break;
      case kBosId:
        v.bos = field.as_int32();
        break;
      case kEosId:
        v.eos = field.as_int32();
        break;
      case kPadId:
        v.padding = field.as_int32();
        break;
      default:
        break;
    }
    return {};
  });
}

Result<void> read_normalizer(std::string_view message, const std::string& where,
                             SentencePieceModel* model) {
  return each_field(message, where, [&](const ProtobufField& field) -> Result<void> {
    if (field.number == kCharsmap && field.wire_type == 2 && !field.bytes.empty()) {
      auto charsmap = Charsmap::parse(std::as_bytes(std::span(field.bytes)), where);
      if (!charsmap) return tl::unexpected(charsmap.error());
      model->charsmap = std::move(*charsmap);
    }
    if (field.wire_type != 0) return {};
    if (field.number == kAddDummyPrefix) model->add_dummy_prefix = field.as_bool();
    if (field.number == kRemoveExtraSpaces) model->remove_extra_whitespaces = field.as_bool();
    if (field.number == kEscapeSpaces) model->escape_whitespaces = field.as_bool();
    return {};
  });
}

Result<void> index_pieces(const std::string& path, Vocabulary* v) {
  if (v->tokens.empty()) return bad("the file holds no pieces", path);
  if (v->unknown == kNoToken) return bad("the file holds no unknown piece", path);
  v->ids.reserve(v->tokens.size());
  for (int32_t id = 0; id < v->size(); ++id) {
    const auto [at, fresh] = v->ids.emplace(v->tokens[static_cast<size_t>(id)].text, id);
    if (!fresh)
      return bad(fmt::format("pieces {} and {} have the same text", at->second, id), path);
  }
  for (int32_t* id : {&v->bos, &v->eos, &v->padding}) {
    if (*id < 0 || *id >= v->size()) *id = kNoToken;
  }
  return {};
}

}  // namespace

bool looks_like_sentencepiece(std::string_view bytes) {
  constexpr char kFirstTag = kPieces << 3 | 2;
  return bytes.size() > 2 && bytes.front() == kFirstTag && bytes[2] == (kText << 3 | 2);
}

Result<SentencePieceModel> parse_sentencepiece(std::string_view bytes, const std::string& path) {
  SentencePieceModel model;
  Vocabulary& v = model.vocabulary;
  v.family = VocabularyFamily::unigram;
  v.model = "sentencepiece";
  v.bos = 1;
  v.eos = 2;
  auto read = each_field(bytes, path, [&](const ProtobufField& field) -> Result<void> {
    if (field.wire_type != 2) return {};
    switch (field.number) {
      case kPieces:
        return add_piece(field.bytes, path, &v);
      case kTrainer:
        return read_trainer(field.bytes, path, &model);
      case kNormalizer:
        return read_normalizer(field.bytes, path, &model);
      default:
        return {};
    }
  });
  if (!read) return tl::unexpected(read.error());
  if (auto indexed = index_pieces(path, &v); !indexed) return tl::unexpected(indexed.error());
  v.add_space_prefix = model.add_dummy_prefix;
  v.escape_whitespaces = model.escape_whitespaces;
  v.remove_extra_whitespaces = model.remove_extra_whitespaces;
  // The file does not say what goes around a text; this is what files converted from it say.
  v.add_bos = v.family == VocabularyFamily::sentencepiece_bpe && v.bos != kNoToken;
  v.add_eos = v.family == VocabularyFamily::unigram && v.eos != kNoToken;
  find_end_of_generation(&v);
  return model;
}

}  // namespace crossval
