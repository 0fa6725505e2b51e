// Encoding speed beside llama_tokenize, in one process, on 1 MB of mixed text and on 1 MB without a
// space.   tokenizer_bench FILE.gguf [benchmark options]
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

#include "gguf/file.h"
#include "golden/random_text.h"
#include "llama.h"
#include "tokenizer/tokenizer.h"

namespace {

constexpr size_t kSize = 1 << 20;

std::string mixed_text() {
  crossval::testing_text::RandomText texts(1, {}, {});
  std::string text;
  while (text.size() < kSize) {
    text += "The quick brown fox jumps over the lazy dog, and then it's 42 degrees in the shade. ";
    const std::string part = texts.next();
    // U+110000 and above are refused by both.
    if (part.find("\xF4\x90") == std::string::npos) text += part;
    text += '\n';
  }
  return text;
}

void ours(benchmark::State& state, const crossval::Tokenizer* tokenizer, const std::string& text) {
  if (!tokenizer->encode(text, false, false)) return state.SkipWithError("refused");
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer->encode(text, false, false));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

void theirs(benchmark::State& state, const llama_vocab* vocab, const std::string& text) {
  std::vector<int32_t> ids(text.size() * 2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(llama_tokenize(vocab, text.data(), static_cast<int32_t>(text.size()),
                                            ids.data(), static_cast<int32_t>(ids.size()), false,
                                            false));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  const auto file = crossval::GgufFile::open(argv[1]);
  const auto tokenizer =
      file ? crossval::Tokenizer::from_gguf(*file) : tl::unexpected(file.error());
  if (!tokenizer) return std::printf("%s\n", tokenizer.error().message().c_str()), 5;
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_model_params params = llama_model_default_params();
  params.vocab_only = true;
  llama_model* model = llama_model_load_from_file(argv[1], params);
  if (model == nullptr) return 5;
  const llama_vocab* vocab = llama_model_get_vocab(model);
  std::string word(kSize, 'a');
  for (size_t i = 0; i < word.size(); ++i) word[i] = static_cast<char>('a' + i * i % 23);
  for (const auto& [name, text] : {std::pair("mixed", mixed_text()), std::pair("no_space", word)}) {
    benchmark::RegisterBenchmark((std::string(name) + "/ours").c_str(), ours, tokenizer->get(),
                                 text)
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark((std::string(name) + "/llama.cpp").c_str(), theirs, vocab, text)
        ->Unit(benchmark::kMillisecond);
  }
  --argc;
  argv[1] = argv[0];
  ++argv;
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  llama_model_free(model);
  return 0;
}
