#include "native/value_buffers.h"

#include <gtest/gtest.h>

#include "graph/builder.h"

namespace crossval {
namespace {

TEST(ValueBuffers, AValueTakesThePlaceOfAnInputThatNobodyReadsAnyMore) {
  Builder b(NormKind::rms, 1e-5F);
  const ValueId x = b.add(EmbedTokens{}, {}, 4, Role::token_embedding);
  const ValueId norm = b.add(Normalise{NormKind::rms, 1e-5F, 4}, {x}, Role::attn_norm);
  const ValueId clamped = b.add(Clamp{1.0F}, {norm}, Role::step);
  const ValueId sum = b.add(Add{}, {x, clamped}, Role::layer_out);
  b.enter_head();
  const ValueId logits = b.add(MatMul{}, {sum}, 16, Role::logits);
  ValueBuffers buffers(b.take(logits));
  buffers.reserve(3, 2);
  EXPECT_NE(buffers.of(norm), buffers.of(x));  // x is read again
  EXPECT_EQ(buffers.of(clamped), buffers.of(norm));
  EXPECT_EQ(buffers.of(sum), buffers.of(x));
  EXPECT_NE(buffers.of(logits), buffers.of(sum));
  EXPECT_EQ(buffers.width(), 4 + 4 + 16);
}

TEST(ValueBuffers, AProductNeverLiesOverItsInput) {
  Builder b(NormKind::rms, 1e-5F);
  const ValueId x = b.add(EmbedTokens{}, {}, 4, Role::token_embedding);
  const ValueId y = b.add(MatMul{}, {x}, 4, Role::ffn_out);
  const ValueId z = b.add(MatMul{}, {y}, 4, Role::layer_out);
  b.enter_head();
  const ValueId logits = b.add(MatMul{}, {z}, 4, Role::logits);
  ValueBuffers buffers(b.take(logits));
  buffers.reserve(1, 1);
  EXPECT_NE(buffers.of(y), buffers.of(x));
  EXPECT_NE(buffers.of(z), buffers.of(y));
  EXPECT_EQ(buffers.of(z), buffers.of(x));  // free again
  EXPECT_NE(buffers.of(logits), buffers.of(z));
}

TEST(ValueBuffers, WhatTheHeadReadsStaysForItsNextBlock) {
  Builder b(NormKind::rms, 1e-5F);
  const ValueId x = b.add(EmbedTokens{}, {}, 4, Role::output_norm);
  b.enter_head();
  const ValueId scaled = b.add(Scale{2.0F}, {x}, Role::logits);
  ValueBuffers buffers(b.take(scaled));
  buffers.reserve(8, 1);
  EXPECT_NE(buffers.of(scaled), buffers.of(x));
}

}  // namespace
}  // namespace crossval
