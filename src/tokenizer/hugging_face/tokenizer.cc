#include "tokenizer/hugging_face/tokenizer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tokenizer/segmenter.h"
#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

using nlohmann::json;

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    if (!is_strict_sequence(text, at)) {
      append_utf8(kReplacementCharacter, &out);
      ++at;
      continue;
    }
    const size_t size = claimed_length(text[at]);
    out += text.substr(at, size);
    at += size;
  }
  return out;
}

// Settings that change ids and that the library applies to each text.
Result<void> refuse_truncation_and_padding(const json& file, const HfPlace& place) {
  if (hf_find(file, "truncation") != nullptr) {
    return hf_unsupported(place.at("truncation"), "setting", "truncation");
  }
  const json* padding = hf_find(file, "padding");
  if (padding == nullptr) return {};
  const json* strategy = hf_find(*padding, "strategy");
  const bool harmless = strategy != nullptr && *strategy == "BatchLongest" &&
                        hf_find(*padding, "pad_to_multiple_of") == nullptr;
  if (harmless) return {};
  return hf_unsupported(place.at("padding"), "setting", "padding");
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> HfTokenizer::parse(std::string_view bytes,
                                                      const std::string& path) {
  const json file = json::parse(bytes, nullptr, false);
  if (!file.is_object()) {
    return fail(ExitCode::bad_input_file, "no JSON object", path,
                "Is it a tokenizer.json of Hugging Face?");
  }
  std::unique_ptr<HfTokenizer> result(new HfTokenizer());
  if (auto read = result->read(file, {path, {}}); !read) return tl::unexpected(read.error());
  return std::unique_ptr<Tokenizer>(std::move(result));
}

Result<void> HfTokenizer::read(const json& file, const HfPlace& place) {
  if (auto fits = refuse_truncation_and_padding(file, place); !fits) return fits;
  const json* model = hf_find(file, "model");
  if (model == nullptr) return hf_error(place.at("model"), "no model");
  auto added = parse_hf_added_tokens(file, place);
  if (!added) return tl::unexpected(added.error());
  size_t at_least = 0;
  for (const HfAddedToken& token : *added) {
    at_least = std::max(at_least, static_cast<size_t>(token.id) + 1);
  }
  const auto kind = read_hf_vocabulary(*model, place.at("model"), at_least, &vocabulary_);
  if (!kind) return tl::unexpected(kind.error());
  auto normalizer = HfNormalizer::parse(hf_find(file, "normalizer"), place.at("normalizer"));
  if (!normalizer) return tl::unexpected(normalizer.error());
  normalizer_ = std::move(*normalizer);
  const json* cut = hf_find(file, "pre_tokenizer");
  auto pre = HfPreTokenizer::parse(cut, place.at("pre_tokenizer"));
  if (!pre) return tl::unexpected(pre.error());
  pre_tokenizer_ = std::move(*pre);
  cuts_words_ = cut != nullptr;
  if (auto done = add_tokens(std::move(*added), place.at("added_tokens")); !done) return done;
  auto made = make_hf_model(*model, place.at("model"), *kind, vocabulary_);
  if (!made) return tl::unexpected(made.error());
  model_ = std::move(*made);
  auto frame = parse_hf_frame(hf_find(file, "post_processor"), place.at("post_processor"), size());
  if (!frame) return tl::unexpected(frame.error());
  frame_ = std::move(*frame);
  auto decoder = HfDecoder::parse(hf_find(file, "decoder"), place.at("decoder"));
  if (!decoder) return tl::unexpected(decoder.error());
  decoder_ = std::move(*decoder);
  vocabulary_.bos = frame_.before.empty() ? kNoToken : frame_.before.front();
  vocabulary_.eos = frame_.after.empty() ? kNoToken : frame_.after.back();
  find_end_of_generation(&vocabulary_);
  algorithm_ = fmt::format("{} of a tokenizer.json", kind->type);
  return {};
}

Result<void> HfTokenizer::add_tokens(std::vector<HfAddedToken> tokens, const HfPlace& place) {
  std::vector<std::string> raw;
  std::vector<std::string> normalised;
  for (HfAddedToken& token : tokens) {
    const int32_t known = vocabulary_.find(token.content);
    if (known != kNoToken && known != token.id) {
      return hf_error(place, fmt::format("added token '{}' has id {}, the vocabulary says {}",
                                         token.content, token.id, known));
    }
    VocabularyToken& own = vocabulary_.tokens[static_cast<size_t>(token.id)];
    if (known == kNoToken && own.attributes != 0) {
      return hf_error(place,
                      fmt::format("added token '{}' has the id of '{}'", token.content, own.text));
    }
    own.attributes = token.special ? kTokenControl : kTokenUserDefined;
    if (known == kNoToken) {
      own.text = token.content;
      own.attributes |= kTokenAdded;
      vocabulary_.ids.emplace(own.text, token.id);
    }
    std::string wanted = token.content;
    if (token.normalized) {
      auto changed = normalizer_.apply(std::move(wanted));
      if (!changed) return tl::unexpected(changed.error());
      wanted = std::move(*changed);
    }
    raw.push_back(token.normalized ? std::string() : wanted);
    normalised.push_back(token.normalized ? wanted : std::string());
  }
  raw_ = std::make_unique<HfAddedTokenFinder>(tokens, std::move(raw));
  normalised_ = std::make_unique<HfAddedTokenFinder>(std::move(tokens), std::move(normalised));
  return {};
}

Result<void> HfTokenizer::append_plain(std::string_view text, bool at_start, bool parse_special,
                                       std::vector<int32_t>* ids) const {
  const auto normal = normalizer_.apply(std::string(text));
  if (!normal) return tl::unexpected(normal.error());
  for (const auto& part : normalised_->split(*normal, parse_special)) {
    if (part.token != nullptr) {
      ids->push_back(part.token->id);
      continue;
    }
    std::vector<HfWord> words = {
        {std::string(part.text), at_start && part.text.data() == normal->data()}};
    if (auto done = pre_tokenizer_.apply(&words); !done) return done;
    for (const HfWord& word : words) {
      if (auto done = model_->append(word.text, ids); !done) return done;
    }
  }
  return {};
}

Result<std::vector<int32_t>> HfTokenizer::encode(std::string_view text, bool add_special,
                                                 bool parse_special) const {
  if (text.size() > kLongestText) return too_long(text.size());
  const std::string valid = valid_utf8(text);
  std::vector<int32_t> ids;
  if (add_special) ids = frame_.before;
  for (const auto& part : raw_->split(valid, parse_special)) {
    if (part.token != nullptr) {
      ids.push_back(part.token->id);
      continue;
    }
    const bool at_start = part.text.data() == valid.data();
    if (auto done = append_plain(part.text, at_start, parse_special, &ids); !done) {
      return tl::unexpected(done.error());
    }
  }
  if (add_special) ids.insert(ids.end(), frame_.after.begin(), frame_.after.end());
  return ids;
}

std::string HfTokenizer::piece(int32_t id, bool special) const {
  if (!special && vocabulary_.has(id, kTokenControl)) return {};
  const std::string& text = vocabulary_.tokens[static_cast<size_t>(id)].text;
  const bool added = vocabulary_.has(id, kTokenControl | kTokenUserDefined);
  return added ? text : decoder_.bytes(text);
}

}  // namespace crossval
