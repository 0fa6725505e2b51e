// Tokenizer::from_file: which kind of file it is, by its content.
#include <fmt/format.h>

#include "base/mapped_file.h"
#include "gguf/foreign_file.h"
#include "tokenizer/hugging_face/tokenizer.h"
#include "tokenizer/model_tokenizer.h"
#include "tokenizer/sentencepiece/model.h"

namespace crossval {

Result<std::unique_ptr<Tokenizer>> Tokenizer::from_file(const std::string& path) {
  const auto file = MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()),
                               file->bytes().size());
  if (bytes.starts_with("GGUF")) {
    const auto gguf = GgufFile::open(path);
    if (!gguf) return tl::unexpected(gguf.error());
    return from_gguf(*gguf);
  }
  if (looks_like_sentencepiece(bytes)) {
    auto model = parse_sentencepiece(bytes, path);
    if (!model) return tl::unexpected(model.error());
    return ModelTokenizer::create(std::move(*model));
  }
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && bytes[first] == '{') {
    return HfTokenizer::parse(bytes, path);
  }
  const auto foreign = foreign_file(file->bytes());
  return fail(ExitCode::bad_input_file,
              "no tokenizer file of a known kind" + (foreign ? ": it is " + foreign->name : ""),
              path,
              "Known: GGUF, SentencePiece tokenizer.model, Hugging Face tokenizer.json." +
                  (foreign ? " " + foreign->advice : ""));
}

}  // namespace crossval
