#include "prompt/model_prompt.h"

#include <utility>

#include "base/environment.h"

namespace crossval {

namespace {

bool has_own_prompt(const EngineSpec& engine) {
  return engine.options.contains("template") || engine.options.contains("prompt");
}

bool is_given(const PromptRequest& request) {
  return request.text || request.file || request.messages || request.messages_file ||
         request.token_ids || request.system || request.kwargs || !request.template_name.empty();
}

// What the options ask for, as this engine's keys change it.
Result<PromptRequest> request_for(const PromptRequest& asked, const EngineSpec& engine) {
  if (!has_own_prompt(engine)) return asked;
  const auto refuse = [&](const std::string& what, const char* hint) {
    return fail(ExitCode::usage, what, "engine " + engine.name, hint);
  };
  if (engine.options.contains("template") && engine.options.contains("prompt")) {
    return refuse("a template and a rendered prompt", "prompt= is the text that a template made.");
  }
  PromptRequest own = asked;
  if (engine.options.contains("template")) {
    if (asked.token_ids) {
      return refuse("--tokens leaves a template nothing to render", "Give -p or --messages.");
    }
    own.template_name = with_home(engine.get("template"));
  } else {
    own = {};
    own.rendered_file = with_home(engine.get("prompt"));
    own.bos = asked.bos;
    own.special = asked.special;
  }
  return own;
}

tl::unexpected<Error> unused_prompt() {
  return fail(ExitCode::usage, "a prompt that no engine reads", "prompt=",
              "An engine's prompt= stands in place of -p, -f, --messages and templates: leave "
              "one of them out.");
}

// The model and the vocabulary of a side; empty when the request is for ids, or when there is no
// file (a server's).
Result<PromptModelFacts> read_facts(const PromptRequest& request, const PromptSide& side,
                                    const OpenedFiles& files) {
  if (request.token_ids || side.model_path.empty()) return PromptModelFacts{};
  const auto file = files.open(side.model_path);
  if (!file) return tl::unexpected(file.error());
  auto facts = read_model_facts(*file);
  if (!facts || side.tokenizer_path.empty()) return facts;
  if (auto ok = take_tokenizer_file(side.tokenizer_path, *facts); !ok)
    return tl::unexpected(ok.error());
  return facts;
}

Result<ModelPromptContent> read_content(const PromptRequest& asked, const PromptSide& side,
                                        const OpenedFiles& files,
                                        const TemplateRenderer& renderer) {
  auto request = request_for(asked, side.engine);
  if (!request) return tl::unexpected(request.error());
  auto model = read_facts(*request, side, files);
  if (!model) return tl::unexpected(model.error());
  auto content = render_prompt(*request, *model, renderer);
  if (!content) return tl::unexpected(content.error());
  return ModelPromptContent{*std::move(request), *std::move(model), *std::move(content)};
}

}  // namespace

Result<ModelPromptContent> read_model_prompt(const PromptRequest& asked, const PromptSide& side,
                                             const OpenedFiles& files,
                                             const TemplateRenderer& renderer) {
  if (side.engine.options.contains("prompt") && is_given(asked)) return unused_prompt();
  return read_content(asked, side, files, renderer);
}

Result<PairPromptContent> read_pair_prompt(const PromptRequest& asked, const PromptSide& candidate,
                                           const PromptSide& reference, const OpenedFiles& files,
                                           const TemplateRenderer& renderer) {
  const bool all_rendered =
      candidate.engine.options.contains("prompt") && reference.engine.options.contains("prompt");
  if (all_rendered && is_given(asked)) return unused_prompt();
  auto shared = read_content(asked, reference, files, renderer);
  if (!shared) return tl::unexpected(shared.error());
  PairPromptContent read{*std::move(shared), {}, {}, files};
  if (has_own_prompt(candidate.engine) || has_own_prompt(reference.engine)) {
    if (asked.token_ids) {
      return fail(ExitCode::usage, "--tokens gives both engines the same ids", "--tokens",
                  "Leave out the engines' prompt= and template=.");
    }
    auto own = read_content(asked, candidate, files, renderer);
    if (!own) return tl::unexpected(own.error());
    read.candidate = *std::move(own);
    return read;
  }
  if (candidate.model_path == reference.model_path &&
      candidate.tokenizer_path == reference.tokenizer_path) {
    read.candidate_model = read.reference.model;
    return read;
  }
  auto facts = read_facts(read.reference.request, candidate, files);
  if (!facts) return tl::unexpected(facts.error());
  read.candidate_model = *std::move(facts);
  return read;
}

ModelPrompt build_model_prompt(ModelPromptContent read, const EngineSettings& settings) {
  read.model.add_bos = settings.add_bos;
  read.model.add_eos = settings.add_eos;
  Prompt prompt = build_prompt(read.request, std::move(read.content), read.model);
  return {std::move(prompt), std::move(read.model)};
}

PairPrompt build_pair_prompt(PairPromptContent read, const EngineSettings& candidate,
                             const EngineSettings& reference) {
  ModelPrompt shared = build_model_prompt(std::move(read.reference), reference);
  if (!read.candidate) {
    return {std::move(shared.prompt),
            {},
            {std::move(read.candidate_model), std::move(shared.model), std::move(read.files)}};
  }
  ModelPrompt own = build_model_prompt(*std::move(read.candidate), candidate);
  return {std::move(shared.prompt),
          std::move(own.prompt),
          {std::move(own.model), std::move(shared.model), std::move(read.files)}};
}

}  // namespace crossval
