#include "gate/logits_patterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "compare/row_kernels.h"

namespace crossval {
namespace {

// Logits of trained and of random models deviate from their mean by 0.3 to 30.
constexpr double kUniformDeviation = 0.02;  // softmax within 2 % of uniform
constexpr double kLargestDeviation = 1000;
constexpr double kSaturatedShare = 0.01;  // of a row at exactly its highest value
constexpr double kClose = 1e-3;           // relative distance below which two rows are the same
constexpr double kFactor = 1e-2;          // smallest relative factor that is no rounding
constexpr double kFarApart = 0.1;         // noise that small leaves sorted rows nearly the same
constexpr double kRounding = 1e-9;        // more than the sums of a row lose
// Few different tokens in a repetitive text have the same likeliest one behind them by chance.
constexpr int32_t kFewInputs = 8;

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

/// Standard deviation of a row of n values.
double deviation_of(const RowMoments& moments, size_t n) {
  const double squares = moments.length * moments.length / static_cast<double>(n);
  return std::sqrt(std::max(0.0, squares - moments.mean * moments.mean));
}

/// ‖a − b‖ is at least | ‖a‖ − ‖b‖ | and √n · | mean a − mean b |, in whatever order the values
/// stand: where this is false no pass over the rows is needed.
bool may_be_close(const RowMoments& a, const RowMoments& b, size_t n) {
  const double most = kClose * (1 + kRounding) * b.length;
  return std::abs(a.length - b.length) <= most &&
         std::abs(a.mean - b.mean) * std::sqrt(static_cast<double>(n)) <= most;
}

/// ‖a − b‖ <= kClose · ‖b‖.
bool close(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size() || a.empty()) return false;
  const RawSums sums = row_kernels().raw_sums(b.data(), a.data(), static_cast<int64_t>(a.size()));
  return sums.rr > 0 && std::sqrt(sums.dd / sums.rr) <= kClose;
}

bool permuted(std::span<const float> candidate, std::span<const float> reference) {
  std::vector<float> a(candidate.begin(), candidate.end());
  std::vector<float> b(reference.begin(), reference.end());
  std::ranges::sort(a);
  std::ranges::sort(b);
  return close(a, b);
}

/// The first token of a tail of equal values, or the row's end when it has none worth the name.
int64_t constant_tail(std::span<const float> row) {
  size_t begin = row.size();
  while (begin > 0 && row[begin - 1] == row.back()) --begin;
  return static_cast<int64_t>(row.size() - begin >= 8 ? begin : row.size());
}

/// Nearly all of the rows that could show it do.
bool holds(int32_t rows, int32_t of) { return rows > 0 && rows * 10 >= of * 9; }

}  // namespace

void RowPatterns::observe(int32_t id, std::span<const float> row, int32_t argmax,
                          const RowMoments& moments) {
  previous_.swap(current_);
  previous_moments_ = std::exchange(current_moments_, moments);
  const bool repeated = same_bits(row, previous_) && id != previous_id_;
  current_.assign(row.begin(), row.end());
  previous_id_ = id;

  ++rows_;
  repeated_ += repeated;
  const double deviation = deviation_of(moments, row.size());
  uniform_ += deviation < kUniformDeviation;
  const auto at_top = std::ranges::count(row, row[static_cast<size_t>(argmax)]);
  saturated_ += static_cast<double>(at_top) >=
                std::max(2.0, kSaturatedShare * static_cast<double>(row.size()));
  if (!(deviation <= kLargestDeviation)) {
    ++absurd_;
    extreme_scale_ = deviation;
  }
  Top& top = tops_[argmax];
  ++top.rows;
  top.inputs.insert(id);
  inputs_.insert(id);
}

std::vector<LogitsPattern> RowPatterns::findings() const {
  std::vector<LogitsPattern> found;
  const auto add = [&](const char* name, int32_t rows, const std::string& message) {
    if (rows > 0) found.push_back({name, engine_, rows, rows_, engine_ + ": " + message});
  };
  add("repeated-rows", repeated_,
      fmt::format("{} of {} rows repeat the row before bit for bit although the token is another "
                  "(is the same output read twice?)",
                  repeated_, rows_));
  add("near-uniform-rows", uniform_,
      fmt::format("{} of {} rows are nearly flat: every token is about as likely as any other "
                  "(are weights missing or zero?)",
                  uniform_, rows_));
  add("saturated-rows", saturated_,
      fmt::format("in {} of {} rows many logits share the highest value (are they clamped?)",
                  saturated_, rows_));
  add("implausible-scale", absurd_,
      fmt::format("{} of {} rows deviate by {:.3g} from their mean (is a scale missing?)", absurd_,
                  rows_, extreme_scale_));
  const auto most =
      std::ranges::max_element(tops_, {}, [](const auto& entry) { return entry.second.rows; });
  const auto inputs = static_cast<int32_t>(inputs_.size());
  // Of the different tokens as well: a text that repeats one has rows that are alike.
  if (inputs > kFewInputs && holds(most->second.rows, rows_) &&
      holds(static_cast<int32_t>(most->second.inputs.size()), inputs)) {
    add("dominating-token", most->second.rows,
        fmt::format("token {} is the most likely one in {} of {} rows (a broken output head?)",
                    most->first, most->second.rows, rows_));
  }
  return found;
}

void LogitsPatterns::observe(int32_t id, std::span<const float> candidate,
                             std::span<const float> reference, const RowMetrics& metrics) {
  candidate_.observe(id, candidate, metrics.candidate_argmax, metrics.candidate_moments);
  reference_.observe(id, reference, metrics.reference_argmax, metrics.reference_moments);
  if (!(metrics.relative_l2 <= kClose)) observe_difference(candidate, reference, metrics);
}

void LogitsPatterns::observe_difference(std::span<const float> candidate,
                                        std::span<const float> reference,
                                        const RowMetrics& metrics) {
  ++differing_;
  if (metrics.centred_relative_l2 <= kClose) {
    ++shift_;
    shifts_.add(metrics.shift);
    return;
  }
  const RowMoments& c = metrics.candidate_moments;
  const RowMoments& r = metrics.reference_moments;
  // k that brings k · reference nearest to the candidate.
  const double k = r.length > 0 ? metrics.cosine * c.length / r.length : 0;
  if (1 - metrics.cosine <= kClose * kClose && k > 0 && std::abs(k - 1) >= kFactor) {
    ++factor_;
    factors_.add(k);
    return;
  }
  const size_t n = candidate.size();
  late_ +=
      may_be_close(c, reference_.previous_moments(), n) && close(candidate, reference_.previous());
  early_ +=
      may_be_close(r, candidate_.previous_moments(), n) && close(reference, candidate_.previous());
  const int64_t cut = constant_tail(candidate);
  if (cut < static_cast<int64_t>(n) && cut < constant_tail(reference) &&
      close(candidate.first(static_cast<size_t>(cut)), reference.first(static_cast<size_t>(cut)))) {
    ++truncated_;
    cut_ = cut;
    return;
  }
  const double highest = std::abs(double{candidate[static_cast<size_t>(metrics.candidate_argmax)]} -
                                  reference[static_cast<size_t>(metrics.reference_argmax)]);
  permuted_ += metrics.relative_l2 >= kFarApart && may_be_close(c, r, n) &&
               highest <= kClose * (1 + kRounding) * r.length && permuted(candidate, reference);
}

void LogitsPatterns::Range::add(double x) {
  low = empty ? x : std::min(low, x);
  high = empty ? x : std::max(high, x);
  empty = false;
}

std::string LogitsPatterns::Range::text() const {
  const std::string from = fmt::format("{:.6g}", low);
  const std::string to = fmt::format("{:.6g}", high);
  return from == to ? from : from + " to " + to;
}

std::vector<LogitsPattern> LogitsPatterns::findings() const {
  std::vector<LogitsPattern> found = candidate_.findings();
  for (LogitsPattern& each : reference_.findings()) found.push_back(std::move(each));
  const auto add = [&](const char* name, int32_t rows, int32_t of, std::string message) {
    if (holds(rows, of)) found.push_back({name, "", rows, of, std::move(message)});
  };
  add("constant-factor", factor_, differing_,
      fmt::format("the candidate's logits are the reference's times {}", factors_.text()));
  add("constant-shift", shift_, differing_,
      fmt::format("the candidate's logits are the reference's plus {}, one constant per position: "
                  "the same probabilities",
                  shifts_.text()));
  add("permuted-vocabulary", permuted_, differing_,
      "the candidate's rows hold the reference's values in another order (is the vocabulary "
      "permuted?)");
  add("truncated-vocabulary", truncated_, differing_,
      fmt::format("from token {} on the candidate's logits are one constant", cut_));
  // The first row of an engine that lags has no partner; one row alone may be a repeated one.
  const int32_t shiftable = std::max(2, differing_ - 1);
  add("rows-off-by-one", late_, shiftable,
      "the candidate's row i is the reference's row i-1: rows arrive one position late");
  add("rows-off-by-one", early_, shiftable,
      "the candidate's row i is the reference's row i+1: rows arrive one position early");
  return found;
}

}  // namespace crossval
