// The metadata of a made-up model: every key that its architecture looks at.
#pragma once

#include "gguf/writer.h"
#include "model/architecture.h"
#include "synth/synth.h"

namespace crossval {

/// Adds general.* and `<architecture>.*`. The values are within what real models have; windows are
/// as options say, in every other layer.
void add_model_keys(const Architecture& architecture, const SynthOptions& options, GgufWriter& to);

/// Whether an optional part of a model is made: never without options.extras, else by the seed.
bool has_extra(const SynthOptions& options, std::string_view part);

/// Whether it has RoPE factors by the length of the context, which exclude the others.
bool has_length_factors(const Architecture& architecture, const SynthOptions& options);

}  // namespace crossval
