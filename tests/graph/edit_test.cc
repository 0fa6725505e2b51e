#include "graph/edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builder.h"

namespace crossval {
namespace {

/// Embed, scale, clamp | logits: scale.
Graph small() {
  Builder b(NormKind::rms, 1e-5F);
  ValueId x = b.add(EmbedTokens{}, {}, 4, Role::token_embedding);
  x = b.add(Scale{2.0F}, {x}, Role::embedding_scaled);
  x = b.add(Clamp{1.0F}, {x}, Role::layer_out);
  b.enter_head();
  x = b.add(Scale{3.0F}, {x}, Role::logits);
  return b.take(x);
}

TEST(GraphEdit, ABypassedOperationIsReadNoMore) {
  Graph graph = small();
  bypass(graph, 1);
  ASSERT_EQ(graph.ops.size(), 3U);
  EXPECT_EQ(graph.head, 2U);
  EXPECT_THAT(graph.ops[1].inputs, testing::ElementsAre(graph.ops[0].output));
}

TEST(GraphEdit, TheLastOperationCanBeBypassed) {
  Graph graph = small();
  bypass(graph, 3);
  EXPECT_EQ(graph.head, 3U);
  EXPECT_EQ(graph.logits, graph.ops.back().output);
}

TEST(GraphEdit, AnAppendedOperationIsReadInstead) {
  Graph graph = small();
  append(graph, 1, Poison{});
  ASSERT_EQ(graph.ops.size(), 5U);
  EXPECT_EQ(graph.head, 4U);
  EXPECT_TRUE(std::holds_alternative<Poison>(graph.ops[2].action));
  EXPECT_EQ(graph.ops[2].role, Role::embedding_scaled);
  EXPECT_THAT(graph.ops[2].inputs, testing::ElementsAre(graph.ops[1].output));
  EXPECT_THAT(graph.ops[3].inputs, testing::ElementsAre(graph.ops[2].output));
  EXPECT_EQ(graph.width(graph.ops[2].output), 4);
}

TEST(GraphEdit, WhatIsAppendedToTheLogitsMakesThem) {
  Graph graph = small();
  append(graph, 3, Roll{1});
  EXPECT_EQ(graph.head, 3U);
  EXPECT_EQ(graph.logits, graph.ops.back().output);
}

TEST(GraphEdit, AnInsertedOperationBelongsToTheBody) {
  Graph graph = small();
  const ValueId x = insert(graph, graph.head, {Poison{}, {2}, -1, 0, Role::step}, 4);
  EXPECT_EQ(graph.head, 4U);
  EXPECT_EQ(graph.ops[3].output, x);
  EXPECT_THAT(graph.ops[4].inputs, testing::ElementsAre(2));
}

TEST(GraphEdit, NeighboursChangePlaces) {
  Graph graph = small();
  swap_neighbours(graph, 1, 2, 3);
  ASSERT_TRUE(std::holds_alternative<Clamp>(graph.ops[1].action));
  EXPECT_THAT(graph.ops[1].inputs, testing::ElementsAre(graph.ops[0].output));
  EXPECT_THAT(graph.ops[2].inputs, testing::ElementsAre(graph.ops[1].output));
  EXPECT_THAT(graph.ops[3].inputs, testing::ElementsAre(graph.ops[2].output));
}

TEST(GraphEdit, ARoleThatIsNotThereHasNoLastOperation) {
  const Graph graph = small();
  EXPECT_EQ(last_of(graph, Role::logits, -1), 3U);
  EXPECT_EQ(last_of(graph, Role::logits, 0), graph.ops.size());
  EXPECT_EQ(last_of(graph, Role::router, -1), graph.ops.size());
}

}  // namespace
}  // namespace crossval
