// A server that has chat alone beside an engine: what it wrote, held against the engine's rows.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "launch/made_pair.h"
#include "prompt/model_prompt.h"
#include "prompt/request.h"

namespace crossval {

/// Where one of the engines is a ChatServer, it is asked to go on with the conversation that was
/// asked for, by `count` tokens, and the pair becomes that of its rows and of the other engine
/// evaluated on the prompt, which the model's template makes, and on what the server wrote; the
/// prompt becomes the tokens that the rows follow. False: neither is one. Errors: usage (both are,
/// no conversation, a text without a template, a count of 0); tokens_differ (the server counts
/// other tokens than the model's template makes); those of ChatServer::ask and the other engine's.
Result<bool> answer_chat(const PromptRequest& asked, int32_t count, MadePair& pair,
                         PairPrompt& prompt);

}  // namespace crossval
