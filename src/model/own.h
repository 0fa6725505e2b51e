// What one architecture has alone, as functions of its row of the table (architectures.cc): a field
// that every row would have to say no to is none.
#pragma once

#include "model/hparams.h"
#include "model/key_reader.h"
#include "model/tensor_source.h"
#include "model/weights.h"

namespace crossval {

/// Read behind everything that fields say, and may correct it. Sizes are checked afterwards.
namespace own_numbers {

void baichuan(KeyReader& keys, Hparams& h);
void ernie45_moe(KeyReader& keys, Hparams& h);
void exaone4(KeyReader& keys, Hparams& h);
void gemma2(KeyReader& keys, Hparams& h);
void gemma3(KeyReader& keys, Hparams& h);
void gptneox(KeyReader& keys, Hparams& h);
void granite(KeyReader& keys, Hparams& h);
void granite_swa(KeyReader& keys, Hparams& h);
void hunyuan(KeyReader& keys, Hparams& h);
void jais(KeyReader& keys, Hparams& h);
void minicpm(KeyReader& keys, Hparams& h);
void minicpm3(KeyReader& keys, Hparams& h);
void mistral3(KeyReader& keys, Hparams& h);
void mpt(KeyReader& keys, Hparams& h);
void qwen(KeyReader& keys, Hparams& h);
void smollm3(KeyReader& keys, Hparams& h);  // and afmoe

}  // namespace own_numbers

/// Asked for behind all that fields say.
namespace own_tensors {

void bloom(TensorSource& in, const Hparams& h, Weights& w);
void command_r(TensorSource& in, const Hparams& h, Weights& w);
void falcon(TensorSource& in, const Hparams& h, Weights& w);
void gpt_oss(TensorSource& in, const Hparams& h, Weights& w);
void mpt(TensorSource& in, const Hparams& h, Weights& w);
void openelm(TensorSource& in, const Hparams& h, Weights& w);
void qwen2moe(TensorSource& in, const Hparams& h, Weights& w);

}  // namespace own_tensors

}  // namespace crossval
