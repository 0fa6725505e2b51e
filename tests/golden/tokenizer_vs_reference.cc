// Holds a vocabulary's tokenizer against llama.cpp's own (linked in, vocabulary only): ids of
// seeded texts with special tokens parsed or not and added or not, the piece of every token, and
// every fact about the vocabulary.
//
//   tokenizer_vs_reference FILE.gguf [--set KEY=VALUE]… [--ours KEY=VALUE]… [--strings N] [--seed
//   N]
//                          [--show N]
//
// --set works on a copy with that key written in (true and false as flags, else strings); so a
// pre-tokenizer that no file names can be tried. --ours does so for our side alone: a difference
// that must be found. Prints one line; exit 1 on a difference, 2 when a side refuses the file.
// Built only with -DCROSSVAL_REFERENCE_BUILD and -DCROSSVAL_REFERENCE_SRC.
#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "gguf/file.h"
#include "golden/random_text.h"
#include "llama.h"
#include "tokenizer/tokenizer.h"

namespace crossval {
namespace {

using Ids = std::vector<int32_t>;

struct Options {
  std::string file;
  std::vector<std::string> settings;
  std::vector<std::string> ours;
  size_t strings = 2000;
  uint64_t seed = 1;
  size_t show = 3;
};

std::string bytes_of(uint64_t value, size_t size) {
  return {reinterpret_cast<const char*>(&value), size};
}

/// Writes one key into the bytes of a GGUF without tensors.
void set_key(std::string* gguf, const std::string& key, const std::string& text) {
  const bool flag = text == "true" || text == "false";
  const std::string name = bytes_of(key.size(), 8) + key;
  const std::string value = flag ? bytes_of(7, 4) + (text == "true" ? '\1' : '\0')
                                 : bytes_of(8, 4) + bytes_of(text.size(), 8) + text;
  const size_t at = gguf->find(name);
  if (at == std::string::npos) {
    uint64_t keys = 0;
    std::memcpy(&keys, gguf->data() + 16, 8);
    gguf->replace(16, 8, bytes_of(keys + 1, 8));
    gguf->insert(24, name + value);
    return;
  }
  uint64_t length = 0;
  std::memcpy(&length, gguf->data() + at + name.size() + 4, 8);
  gguf->replace(at + name.size(), flag ? 5 : 12 + length, value);
}

std::string copy_with(const std::string& original, const std::vector<std::string>& settings) {
  std::ifstream in(original, std::ios::binary);
  std::string gguf(std::istreambuf_iterator<char>(in), {});
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    set_key(&gguf, setting.substr(0, equals), setting.substr(equals + 1));
  }
  char path[] = "/tmp/tokenizer_vs_reference.XXXXXX";
  const int file = mkstemp(path);
  if (file < 0 || write(file, gguf.data(), gguf.size()) != static_cast<ssize_t>(gguf.size())) {
    std::perror(path);
    std::exit(74);
  }
  close(file);
  return path;
}

/// llama.cpp's ids; nullopt when it throws.
std::optional<Ids> reference_ids(const llama_vocab* vocab, const std::string& text,
                                 bool add_special, bool parse_special) {
  Ids ids(text.size() * 4 + 16);
  try {
    const int n = llama_tokenize(vocab, text.data(), static_cast<int32_t>(text.size()), ids.data(),
                                 static_cast<int32_t>(ids.size()), add_special, parse_special);
    if (n < 0) return std::nullopt;
    ids.resize(static_cast<size_t>(n));
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return ids;
}

std::string reference_piece(const llama_vocab* vocab, int32_t id, bool special) {
  std::string piece(64, '\0');
  for (;;) {
    const auto size = static_cast<int32_t>(piece.size());
    const int n = llama_token_to_piece(vocab, id, piece.data(), size, 0, special);
    piece.resize(static_cast<size_t>(std::abs(n)));
    if (n >= 0) return piece;
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    char buffer[8];
    const auto byte = static_cast<uint8_t>(c);
    std::snprintf(buffer, sizeof buffer, byte >= 0x20 && byte < 0x7F ? "%c" : "\\x%02X", byte);
    out += buffer;
  }
  return out;
}

bool has_overlong_space(const std::string& text) {
  for (const char* form : {"\xC0\xA0", "\xE0\x80\xA0", "\xF0\x80\x80\xA0"}) {
    if (text.find(form) != std::string::npos) return true;
  }
  return false;
}

void print_ids(const char* side, const std::optional<Ids>& ids, size_t from) {
  std::printf("    %s", side);
  if (!ids) std::printf(" refuses");
  for (size_t i = from; ids && i < ids->size() && i < from + 12; ++i) std::printf(" %d", (*ids)[i]);
  std::printf("\n");
}

struct Comparison {
  const llama_vocab* reference;
  const Tokenizer& ours;
  const Options& options;
  size_t differences = 0;
  size_t refused = 0;             // by both
  bool aborts_on_spaces = false;  // llama.cpp, on those that only its decoding of the text makes
  size_t not_asked = 0;           // so, or because a BOS or EOS is asked for and missing

  void ids(const std::string& text, bool add_special, bool parse_special) {
    const auto found = ours.encode(text, add_special, parse_special);
    const std::optional<Ids> mine = found ? std::optional(*found) : std::nullopt;
    if ((!found && found.error().code == ExitCode::bad_input_file) ||
        (aborts_on_spaces && has_overlong_space(text))) {
      ++not_asked;
      return;
    }
    const std::optional<Ids> theirs = reference_ids(reference, text, add_special, parse_special);
    if (mine == theirs) {
      refused += mine ? 0 : 1;
      return;
    }
    if (differences++ >= options.show) return;
    size_t from = 0;
    while (mine && theirs && from < mine->size() && from < theirs->size() &&
           (*mine)[from] == (*theirs)[from]) {
      ++from;
    }
    std::printf("  add_special %d parse_special %d: \"%s\"\n    from token %zu\n", add_special,
                parse_special, escaped(text).c_str(), from);
    print_ids("ours     ", mine, from);
    print_ids("llama.cpp", theirs, from);
  }

  void expect(bool same, const std::string& what) {
    if (same) return;
    if (differences++ < options.show) std::printf("  %s differs\n", what.c_str());
  }

  void facts() {
    expect(ours.size() == llama_vocab_n_tokens(reference), "size");
    expect(ours.bos() == llama_vocab_bos(reference), "BOS");
    expect(ours.eos() == llama_vocab_eos(reference), "EOS");
    expect(ours.add_bos() == llama_vocab_get_add_bos(reference), "add_bos");
    expect(ours.add_eos() == llama_vocab_get_add_eos(reference), "add_eos");
    for (int32_t id = 0; id < ours.size(); ++id) {
      const std::string name = "token " + std::to_string(id);
      expect(ours.is_end_of_generation(id) == llama_vocab_is_eog(reference, id), name + ": end");
      for (const bool special : {false, true}) {
        expect(ours.piece(id, special) == reference_piece(reference, id, special),
               name + ": piece");
      }
    }
  }
};

int compare(const Options& options) {
  std::vector<std::string> both = options.settings;
  const std::string path = copy_with(options.file, both);
  both.insert(both.end(), options.ours.begin(), options.ours.end());
  const std::string our_path = copy_with(options.file, both);
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_model_params params = llama_model_default_params();
  params.vocab_only = true;
  const auto file = GgufFile::open(our_path);
  const auto ours = file ? Tokenizer::from_gguf(*file) : tl::unexpected(file.error());
  llama_model* model = nullptr;
  try {
    model = llama_model_load_from_file(path.c_str(), params);
  } catch (const std::exception&) {
  }
  unlink(path.c_str());
  unlink(our_path.c_str());
  std::string name = options.file.substr(options.file.rfind('/') + 1);
  for (const std::string& setting : options.settings) name += " " + setting;
  if (!ours || model == nullptr) {
    std::printf("%s: %s, llama.cpp %s\n", name.c_str(),
                ours ? "read" : ours.error().message().c_str(), model ? "reads it" : "refuses it");
    return 2;
  }
  const llama_vocab* vocab = llama_model_get_vocab(model);
  std::vector<std::string> tokens;
  std::vector<std::string> specials;
  bool escapes_spaces = false;
  for (int32_t id = 0; id < (*ours)->size(); ++id) {
    const std::string piece = (*ours)->piece(id, true);
    escapes_spaces =
        escapes_spaces || std::string_view(llama_vocab_get_text(vocab, id)) == "\u2581";
    constexpr int kSpecial =
        LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_USER_DEFINED | LLAMA_TOKEN_ATTR_UNKNOWN;
    const bool special = (llama_vocab_get_attr(vocab, id) & kSpecial) != 0;
    (special ? specials : tokens).push_back(piece);
  }
  Comparison comparison{vocab, **ours, options};
  comparison.aborts_on_spaces = escapes_spaces && llama_vocab_type(vocab) == LLAMA_VOCAB_TYPE_BPE;
  comparison.facts();
  testing_text::RandomText texts(options.seed, std::move(tokens), std::move(specials));
  for (size_t i = 0; i < options.strings; ++i) {
    const std::string text = texts.next();
    for (const bool add_special : {false, true}) {
      for (const bool parse_special : {false, true}) {
        comparison.ids(text, add_special, parse_special);
      }
    }
  }
  std::printf(
      "%s: %s: seed %llu, %zu strings x 4, %zu refused by both, %zu not asked, %zu differences\n",
      name.c_str(), std::string((*ours)->algorithm()).c_str(),
      static_cast<unsigned long long>(options.seed), options.strings, comparison.refused,
      comparison.not_asked, comparison.differences);
  llama_model_free(model);
  return comparison.differences == 0 ? 0 : 1;
}

struct Job {
  const Options* options;
  int status;
};

void* run(void* argument) {
  auto* job = static_cast<Job*>(argument);
  job->status = compare(*job->options);
  return nullptr;
}

}  // namespace
}  // namespace crossval

int main(int argc, char** argv) {
  crossval::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (argument == "--set") {
      options.settings.push_back(value);
    } else if (argument == "--ours") {
      options.ours.push_back(value);
    } else if (argument == "--strings") {
      options.strings = std::stoul(value);
    } else if (argument == "--seed") {
      options.seed = std::stoull(value);
    } else if (argument == "--show") {
      options.show = std::stoul(value);
    } else {
      options.file = argument;
      continue;
    }
    ++i;
  }
  // llama.cpp's regular expressions recurse for each character.
  crossval::Job job{&options, 70};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, size_t{1} << 30);
  pthread_t thread;
  if (pthread_create(&thread, &attributes, crossval::run, &job) != 0) return 70;
  pthread_join(thread, nullptr);
  return job.status;
}
