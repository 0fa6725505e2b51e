// A file of rows as a recorded engine, so that it is compared like one.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "recording/replay_engine.h"
#include "rowfiles/row_file.h"

namespace crossval {

/// The rows are those of positions 0, 1, …, whatever ids they are asked for. What the format cannot
/// say is warned about (format-says-less), and no setting of it is held against the other side.
std::unique_ptr<ReplayEngine> make_row_file_engine(std::unique_ptr<RowFile> file,
                                                   const std::string& path);

}  // namespace crossval
