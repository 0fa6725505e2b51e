#include "inspect/checkpoint/vocabulary_against.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/count_text.h"
#include "base/shown_text.h"
#include "tokenizer/gguf/read_vocabulary.h"
#include "tokenizer/pretokenizer_search/word_cuts.h"
#include "tokenizer/tokenizer.h"

namespace crossval {
namespace {

using Strings = std::vector<std::string_view>;

constexpr std::string_view kPrefix = "tokenizer.ggml.";
// Texts that tell rules apart, and one that Unicode can spell in two ways.
constexpr std::string_view kForeignText =
    "na\xC3\xAFve \xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xE4\xBD\xA0\xE5\xA5\xBD, "
    "\xF0\x9F\xA6\x99!!!   ";
constexpr std::string_view kTexts[] = {"Don't we'LL 'RE it's \"said\"", "1234567 3.14 12",
                                       "x=  [a_b](c);\n\n\tEND \r\n  \n", "camelCaseWord f(x){}//",
                                       kForeignText};
constexpr std::string_view kDecomposed = "cafe\xCC\x81";  // e, U+0301

const GgufArray* array_of(const GgufFile& file, std::string_view name) {
  const auto array = file.get_array(std::string(kPrefix).append(name));
  return array ? *array : nullptr;
}

std::string text_of(const GgufFile& file, std::string_view key) {
  const auto text = file.string_or(key, "");
  return text ? std::string(*text) : std::string();
}

class VocabularyAgainst {
 public:
  VocabularyAgainst(const GgufFile& file, const GgufFile& checkpoint,
                    std::vector<FileFinding>& findings, std::vector<std::string>& notes)
      : file_(file), checkpoint_(checkpoint), findings_(findings), notes_(notes) {}

  void run() {
    compare_templates();
    const GgufArray* theirs = array_of(checkpoint_, "tokens");
    const GgufArray* ours = array_of(file_, "tokens");
    if (theirs == nullptr) {
      notes_.emplace_back("the checkpoint's vocabulary is of a kind that is not compared");
      return;
    }
    if (ours == nullptr) {
      add("no-vocabulary", "tokenizer.ggml.tokens", "the file has no tokens");
      return;
    }
    compare_model();
    const bool same_tokens = compare_tokens(ours->strings, theirs->strings);
    if (same_tokens) compare_kinds(ours->strings);
    const bool same_merges = compare_merges();
    compare_special();
    if (same_tokens && same_merges) compare_ids();
  }

 private:
  void add(std::string name, std::string place, std::string detail) {
    findings_.push_back({std::move(name), std::move(place), std::move(detail)});
  }

  void compare_model() {
    const std::string ours = text_of(file_, "tokenizer.ggml.model");
    const std::string theirs = text_of(checkpoint_, "tokenizer.ggml.model");
    if (ours == theirs) return;
    add("tokenizer-model", "tokenizer.ggml.model",
        fmt::format("{} in the file, the checkpoint's is {}", shown_text(ours),
                    shown_text(theirs)));
  }

  bool compare_tokens(const Strings& ours, const Strings& theirs) {
    const size_t common = std::min(ours.size(), theirs.size());
    size_t at = 0;
    while (at < common && ours[at] == theirs[at]) ++at;
    if (at == common && ours.size() == theirs.size()) return true;
    const char* place = "tokenizer.ggml.tokens";
    const auto tail_equal = [&](size_t our_at, size_t their_at) {
      const size_t n = std::min(ours.size() - our_at, theirs.size() - their_at);
      return n > 0 && std::equal(ours.begin() + static_cast<ptrdiff_t>(our_at),
                                 ours.begin() + static_cast<ptrdiff_t>(our_at + n),
                                 theirs.begin() + static_cast<ptrdiff_t>(their_at));
    };
    if (at < common && tail_equal(at + 1, at)) {
      add("token-inserted", place,
          fmt::format("{} stands at {}, all later tokens are one further than in the checkpoint",
                      shown_text(ours[at]), at));
    } else if (at < common && tail_equal(at, at + 1)) {
      add("token-lost", place,
          fmt::format("{} of the checkpoint, token {}, is not there: all later tokens are one "
                      "nearer",
                      shown_text(theirs[at]), at));
    } else if (at == common) {
      add("vocabulary-size", place,
          fmt::format("{} tokens, the checkpoint has {}", grouped(std::ssize(ours)),
                      grouped(std::ssize(theirs))));
    } else {
      size_t differing = 0;
      for (size_t i = at; i < common; ++i) differing += ours[i] != theirs[i] ? 1 : 0;
      add("tokens", place,
          fmt::format("{} differ, first {}: {} in the file, {} in the checkpoint",
                      counted(static_cast<int64_t>(differing), "token"), at, shown_text(ours[at]),
                      shown_text(theirs[at])));
    }
    return false;
  }

  void compare_kinds(const Strings& texts) {
    static constexpr std::string_view kKinds[] = {"undefined",    "normal", "unknown", "control",
                                                  "user-defined", "unused", "byte"};
    const GgufArray* ours = array_of(file_, "token_type");
    const GgufArray* theirs = array_of(checkpoint_, "token_type");
    if (ours == nullptr || theirs == nullptr || !ours->integral()) {
      if (theirs != nullptr)
        add("token-types", "tokenizer.ggml.token_type", "the file does not say what tokens are");
      return;
    }
    int64_t differing = 0;
    std::string first;
    for (uint64_t i = 0; i < std::min<uint64_t>({ours->count, theirs->count, texts.size()}); ++i) {
      const int64_t a = theirs->integer(i);
      const int64_t b = ours->integer(i);
      if (a == b) continue;
      if (differing++ > 0) continue;
      const auto name = [](int64_t kind) {
        return kind >= 0 && kind < std::ssize(kKinds) ? std::string(kKinds[kind])
                                                      : std::to_string(kind);
      };
      first = fmt::format("{}, token {}, is {} in the file, {} in the checkpoint",
                          shown_text(texts[i]), i, name(b), name(a));
    }
    if (differing == 0) return;
    add("token-types", "tokenizer.ggml.token_type",
        differing == 1 ? first : fmt::format("{}; {} more", first, differing - 1));
  }

  bool compare_merges() {
    const GgufArray* theirs = array_of(checkpoint_, "merges");
    const GgufArray* ours = array_of(file_, "merges");
    if (theirs == nullptr) return true;
    const char* place = "tokenizer.ggml.merges";
    if (ours == nullptr || ours->element != GgufType::string) {
      add("merges-lost", place, "the file has no merges: text falls into single bytes");
      return false;
    }
    if (ours->strings == theirs->strings) return true;
    const auto [mine, other] = std::ranges::mismatch(ours->strings, theirs->strings);
    const auto at = mine - ours->strings.begin();
    if (ours->count < theirs->count) {
      add("merges-lost", place,
          fmt::format("{} of the checkpoint's {} are there; the first that is not is number {}",
                      grouped(static_cast<int64_t>(ours->count)),
                      counted(static_cast<int64_t>(theirs->count), "merge"), at));
    } else {
      add("merges", place,
          mine == ours->strings.end() || other == theirs->strings.end()
              ? fmt::format("{}, the checkpoint has {}",
                            counted(static_cast<int64_t>(ours->count), "merge"), theirs->count)
              : fmt::format("number {} is {} in the file, {} in the checkpoint", at,
                            shown_text(*mine), shown_text(*other)));
    }
    return false;
  }

  void compare_special() {
    const auto ours = read_vocabulary(file_);
    const auto theirs = read_vocabulary(checkpoint_);
    if (!ours) {
      add("unsupported-tokenizer", ours.error().where, ours.error().what);
      return;
    }
    if (!theirs) {
      notes_.push_back("the checkpoint's special tokens were not compared: " + theirs.error().what);
      return;
    }
    const auto token = [](const Vocabulary& v, int32_t id) {
      return id < 0 || id >= v.size()
                 ? std::string("none")
                 : fmt::format("{} ({})", shown_text(v.tokens[static_cast<size_t>(id)].text), id);
    };
    struct Id {
      const char* name;
      const char* key;
      int32_t ours, theirs;
    };
    for (const Id& id : {Id{"bos", "bos_token_id", ours->bos, theirs->bos},
                         {"eos", "eos_token_id", ours->eos, theirs->eos},
                         {"unknown", "unknown_token_id", ours->unknown, theirs->unknown},
                         {"padding", "padding_token_id", ours->padding, theirs->padding}}) {
      // What the checkpoint leaves open is a matter of the family's default.
      const std::string key = std::string(kPrefix) + id.key;
      if (id.ours == id.theirs || checkpoint_.find_key(key) == nullptr) continue;
      add(std::string("wrong-") + id.name, key,
          fmt::format("{} in the file, {} in the checkpoint", token(*ours, id.ours),
                      token(*theirs, id.theirs)));
    }
    struct Flag {
      const char* name;
      const char* key;
      bool ours, theirs;
    };
    for (const Flag& flag :
         {Flag{"bos-flag", "add_bos_token", ours->add_bos, theirs->add_bos},
          {"eos-flag", "add_eos_token", ours->add_eos, theirs->add_eos},
          {"space-prefix", "add_space_prefix", ours->add_space_prefix, theirs->add_space_prefix}}) {
      const std::string key = std::string(kPrefix) + flag.key;
      if (flag.ours == flag.theirs || checkpoint_.find_key(key) == nullptr) continue;
      add(flag.name, key,
          fmt::format("{} in the file, {} in the checkpoint", flag.ours, flag.theirs));
    }
    compare_ends(*ours);
  }

  /// Tokens at which the checkpoint's generation ends.
  void compare_ends(const Vocabulary& ours) {
    const auto ends = checkpoint_.get_array("checkpoint.eos_token_ids");
    if (!ends) return;
    for (uint64_t i = 0; i < (*ends)->count; ++i) {
      const auto id = static_cast<int32_t>((*ends)->integer(i));
      if (id < 0 || id >= ours.size() || ours.end_of_generation.contains(id)) continue;
      add("end-of-generation", "tokenizer.ggml.eos_token_id",
          fmt::format(
              "generation of the checkpoint ends at {}, token {}; that of the file does not",
              shown_text(ours.tokens[static_cast<size_t>(id)].text), id));
    }
  }

  /// Whether the same tokens are made of some texts.
  void compare_ids() {
    const std::string own = text_of(checkpoint_, "checkpoint.tokenizer");
    if (own.empty()) return;
    const auto theirs = Tokenizer::from_file(own);
    const auto ours = Tokenizer::from_gguf(file_);
    if (!theirs || !ours) {
      notes_.push_back(fmt::format("no text was tokenised: {}",
                                   !theirs ? theirs.error().what : ours.error().what));
      return;
    }
    const auto differ = [&](std::string_view text) {
      const auto a = (*theirs)->encode(text, false, false);
      const auto b = (*ours)->encode(text, false, false);
      return a && b && *a != *b;
    };
    const auto pre = std::string((*ours)->pre_tokenizer());
    // Of a small vocabulary the tokens may be the same in other words.
    const auto cut_otherwise = [&](std::string_view some) {
      const auto alike = cuts_alike(pre, own, some);
      return alike && !*alike;
    };
    const auto* text = std::ranges::find_if(kTexts, differ);
    if (text == std::end(kTexts)) text = std::ranges::find_if(kTexts, cut_otherwise);
    if (text != std::end(kTexts)) {
      add("pre-tokenizer", "tokenizer.ggml.pre",
          fmt::format("{} cuts {} otherwise than the checkpoint's tokenizer; {} cuts it alike",
                      pre.empty() ? "the file" : pre, shown_text(*text),
                      text_of(checkpoint_, "tokenizer.ggml.pre")));
    } else if (differ(kDecomposed)) {
      notes_.emplace_back(
          "the checkpoint's tokenizer composes accents first (NFC), which llama.cpp does not: text "
          "in decomposed Unicode gives other tokens");
    }
  }

  void compare_templates() {
    for (const GgufKey& key : checkpoint_.keys()) {
      if (!key.name.starts_with("tokenizer.chat_template")) continue;
      const std::string theirs = text_of(checkpoint_, key.name);
      if (file_.find_key(key.name) == nullptr) {
        add("template-lost", std::string(key.name), "the checkpoint has a chat template");
        continue;
      }
      const std::string ours = text_of(file_, key.name);
      if (ours == theirs) continue;
      const auto at = std::ranges::mismatch(ours, theirs).in1 - ours.begin();
      const auto line = 1 + std::count(ours.begin(), ours.begin() + at, '\n');
      add("template", std::string(key.name),
          fmt::format("{} characters, the checkpoint's has {}; they part in line {}", ours.size(),
                      theirs.size(), line));
    }
    const std::string_view plain = "tokenizer.chat_template";
    if (file_.find_key(plain) != nullptr && checkpoint_.find_key(plain) == nullptr)
      add("template-added", std::string(plain), "the checkpoint has no chat template");
  }

  const GgufFile& file_;
  const GgufFile& checkpoint_;
  std::vector<FileFinding>& findings_;
  std::vector<std::string>& notes_;
};

}  // namespace

void find_in_vocabulary_against(const GgufFile& file, const GgufFile& checkpoint,
                                std::vector<FileFinding>& findings,
                                std::vector<std::string>& notes) {
  VocabularyAgainst(file, checkpoint, findings, notes).run();
}

}  // namespace crossval
