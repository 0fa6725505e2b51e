#include "report/text/recording.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/printable.h"
#include "report/text/prompt.h"

namespace crossval {
namespace {

std::string rows_text(const Recording& recording) {
  if (recording.chunks > 0) return "the rows of the second half of each in 16 bits";
  switch (recording.rows) {
    case RowContent::top:
      return fmt::format("the {} most likely tokens of each", grouped(recording.top_tokens));
    case RowContent::hashes:
      return "a hash of each row";
    case RowContent::logits:
      break;
  }
  return fmt::format("all {} logits of each", grouped(recording.engine.settings.n_vocab));
}

}  // namespace

std::string recording_text(const Recording& recording, const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text = layout.labelled("engine", name_line(recording.engine.identity), Tint::strong);
  text += layout.labelled("model", escaped(recording.engine.settings.model_path));
  if (options.verbose) {
    text += prompt_details(recording.prompt, layout);
    text += ids_line("ids", recording.tokens, layout);
  }
  for (const Warning& warning : recording.warnings)
    text += layout.labelled("warning", escaped(warning.name + ": " + warning.message), Tint::warn);
  std::string what =
      recording.chunks > 0
          ? fmt::format("{} of {}", counted(recording.chunks, "chunk"),
                        counted(recording.prompt_positions / recording.chunks, "position"))
          : counted(recording.prompt_positions, "position") + " of the prompt";
  if (recording.decode_steps > 0) what += " and " + counted(recording.decode_steps, "decode step");
  what += ", " + rows_text(recording);
  if (recording.tensors > 0) what += "; " + counted(recording.tensors, "tensor");
  text += layout.labelled("recorded", what);
  text += layout.labelled("file", fmt::format("{}, {} bytes", escaped(recording.path),
                                              grouped(static_cast<long>(recording.bytes))));
  if (recording.chunks > 0) {
    return text + layout.labelled(
                      "next", fmt::format("llama-perplexity -m OTHER.gguf --kl-divergence-base {} "
                                          "--kl-divergence; or crossval compare {} OTHER.kld",
                                          escaped(recording.path), escaped(recording.path)));
  }
  return text +
         layout.labelled("next", fmt::format("crossval compare {} OTHER.xval; or beside an "
                                             "engine: crossval per-token … --reference "
                                             "replay:{}",
                                             escaped(recording.path), escaped(recording.path)));
}

}  // namespace crossval
