// The parts of the text report, in the order in which they are shown. Each is empty when there is
// nothing to say.
#pragma once

#include <string>

#include "report/text/comparison.h"

namespace crossval {

/// "llama.cpp 0.5.0, commit 0c1e57098, canonical"
std::string name_line(const EngineIdentity& identity);
/// "tokenizer FILE", where it is not the model file's own vocabulary; else nothing.
std::string tokenizer_line(const EngineSettings& settings, const TextOptions& options);
/// Both engines, the model, the prompt, what was asked for, warnings.
std::string header_text(const Comparison& comparison, const TextOptions& options);
/// Where the ids differ and why.
std::string mismatch_text(const Comparison& comparison, const TextOptions& options);
std::string mismatch_text(const TokenMismatch& mismatch, const Layout& layout);
/// In one clause: "the engines tokenise the prompt differently from index 3 on".
std::string what_differs(const TokenMismatch& mismatch);
/// Settings that differ: refused and warned ones, the others when verbose.
std::string settings_text(const Comparison& comparison, const TextOptions& options);
/// One line per position.
std::string positions_text(const Comparison& comparison, const TextOptions& options);
/// What is unhealthy, and where NaN or infinity came from.
std::string health_text(const Comparison& comparison, const TextOptions& options);
/// The first intermediate tensor that differs.
std::string trace_text(const Comparison& comparison, const TextOptions& options);
/// What the noise floor allows, and what the run is beside it.
std::string floor_text(const Comparison& comparison, const TextOptions& options);
/// The word, one sentence, what would have passed, what to do next.
std::string verdict_text(const Comparison& comparison, const TextOptions& options);

}  // namespace crossval
