// What was asked and answered in a recording, put in order. Rows and tensors stay in the file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "recording/facts.h"
#include "recording/file.h"

namespace crossval {

/// Evaluations from position 0 on, one going on from the other.
struct RecordedRun {
  std::vector<TokenId> ids;
  int32_t prompt = 0;                  // how many of them were evaluated first, at once
  std::map<int32_t, FrameEntry> rows;  // by position
};

struct RecordedTrace {
  std::vector<TokenId> ids;         // from position 0 on
  std::vector<FrameEntry> tensors;  // and their sources, in order
};

struct RecordedTokenisation {
  TokenizeOptions options;
  std::string text;
  std::vector<TokenId> ids;
};

struct RecordingContents {
  RecordingFacts facts;
  EngineInfo info;  // as the engine said it, with what it warned about
  std::vector<RecordedRun> runs;
  std::vector<RecordedTrace> traces;
  std::vector<RecordedTokenisation> tokenisations;
  std::map<TokenId, std::string> pieces;
  std::map<TokenId, bool> ends;  // is_end_of_generation
};

/// Reads all but rows and tensors. Errors (bad_input_file, with the offset): a frame that is
/// malformed or out of turn.
Result<RecordingContents> read_recording(const RecordingFile& file);

}  // namespace crossval
