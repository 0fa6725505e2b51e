// Which of I2_S's layouts (quant/i2s.h) a model file has. The file does not say, and every layout
// reads as sound ternary weights: they differ in which column a weight belongs to.
#pragma once

#include <optional>
#include <string>

#include "gguf/file.h"
#include "quant/i2s.h"

namespace crossval {

struct I2sReading {
  I2sLayout layout = I2sLayout::x86;
  std::string why;      // "asked for", "by statistics (…)", "assumed: …"
  bool decided = true;  // false: the statistics do not tell, and x86 was taken
};

/// Of a reading that is not decided, in a sentence.
std::string undecided_i2s_layout(const I2sReading& reading);

/// The layout that was asked for or that the statistics show; nothing for files without I2_S.
///
/// The statistics: how many weights of a column are not zero depends, in a trained model, on how
/// large its input is, and so on the weight of the norm that the input comes from. In the right
/// layout the columns' densities therefore correlate with the norm's weights; a wrong one scatters
/// each column over others. Of n columns in random order, correlation² · (n − 1) has mean 1; the
/// figures in `why` are its sum over all norms, less that mean, in standard deviations of a chi².
std::optional<I2sReading> read_i2s_layout(const GgufFile& file, std::optional<I2sLayout> asked);

}  // namespace crossval
