#include "session.h"

#include <algorithm>
#include <charconv>
#include <climits>

#include "failure.h"
#include "log.h"

namespace crossval_llama {

using crossval::EvaluateRequest;
using crossval::Outcome;
using crossval::Range;
using crossval::Rows;
using crossval::Selection;
using crossval::TraceRequest;

namespace {

// llama.cpp holds two buffers of logits, one row per position of a micro-batch and of a batch.
constexpr int64_t kLogitsBytes = 64 << 20;

// Positions given to llama_decode at a time. Canonical bits do not depend on it.
uint32_t canonical_batch(uint32_t asked, int64_t n_vocab) {
  const int64_t fits = kLogitsBytes / 2 / static_cast<int64_t>(sizeof(float)) / n_vocab;
  const int64_t rounded = fits >= 8 ? fits / 8 * 8 : std::max<int64_t>(1, fits);
  return std::min(asked, static_cast<uint32_t>(rounded));
}

void set_batches(const Options& options, int64_t n_vocab, llama_context_params& params) {
  if (options.canonical()) {
    params.n_batch = params.n_ubatch = canonical_batch(options.n_batch.value_or(512), n_vocab);
  } else if (options.n_batch) {
    params.n_batch = *options.n_batch;
  }
  params.n_ubatch = options.n_ubatch.value_or(std::min(params.n_batch, params.n_ubatch));
  if (!options.n_batch) params.n_batch = std::max(params.n_batch, params.n_ubatch);
}

ggml_type cache_type(const char* key, const std::string& name) {
  std::string known;
  for (const ggml_type type : era::kCacheTypes) {
    if (name == ggml_type_name(type)) return type;
    known += (known.empty() ? "" : ", ") + std::string(ggml_type_name(type));
  }
  throw Failure("usage", std::string(key) + "=" + name + ": this llama.cpp has no such cache type",
                "It has: " + known + ".");
}

// A feed-forward or attention matrix behind a node's input; null: it is something else.
const ggml_tensor* matrix_behind(const ggml_tensor* input) {
  const ggml_tensor* root = input->view_src != nullptr ? input->view_src : input;
  const std::string_view name = ggml_get_name(root);
  return root->op == GGML_OP_NONE && root->buffer != nullptr && root->ne[1] > 1 &&
                 name.ends_with(".weight")
             ? root
             : nullptr;
}

// In one vocabulary: ggml's GLU and UNARY names, of those that stand between feed-forward matrices.
std::string feed_forward_function(const std::string& ggml_name) {
  static const std::map<std::string, std::string> names = {{"SILU", "silu"},
                                                           {"SWIGLU", "silu"},
                                                           {"GELU", "gelu"},
                                                           {"GEGLU", "gelu"},
                                                           {"RELU", "relu"},
                                                           {"REGLU", "relu"},
                                                           {"GELU_ERF", "gelu (erf)"},
                                                           {"GEGLU_ERF", "gelu (erf)"},
                                                           {"GELU_QUICK", "gelu (quick)"},
                                                           {"GEGLU_QUICK", "gelu (quick)"},
                                                           {"SWIGLU_OAI", "clamped silu"},
                                                           {"XIELU", "xielu"}};
  const auto found = names.find(ggml_name);
  return found == names.end() ? "" : found->second;
}

// "Qcur-12" -> 12; -1 when the name has no such suffix.
int32_t layer_of(std::string_view name) {
  const size_t dash = name.rfind('-');
  if (dash == std::string_view::npos) return -1;
  int32_t layer = -1;
  const char* end = name.data() + name.size();
  const auto result = std::from_chars(name.data() + dash + 1, end, layer);
  return result.ec == std::errc() && result.ptr == end ? layer : -1;
}

}  // namespace

Session::Session(const Options& options, StopAsked stop_asked)
    : stop_asked_(std::move(stop_asked)) {
  load_model(options);
  if (options.tokens_only) return;
  make_context(options);
  look_at_graph();
}

void Session::load_model(const Options& options) {
  llama_model_params params = llama_model_default_params();
  params.vocab_only = options.tokens_only;
  devices_.place(options, params);
  if (options.cpu_only()) params.n_gpu_layers = 0;
  if (options.ngl) params.n_gpu_layers = *options.ngl;
  if (options.repack || options.canonical()) {
    era::set_repacking(params, options.repack.value_or(false));
  }
  model_.reset(era::load(options.model.c_str(), params));
  if (!model_) throw Failure("input", "llama.cpp cannot load the model " + options.model);
}

void Session::make_context(const Options& options) {
  llama_context_params params = llama_context_default_params();
  params.n_ctx = options.n_ctx.value_or(kDefaultContext);
  set_batches(options, era::n_tokens(vocab()), params);
  params.n_threads = params.n_threads_batch = options.threads;
  params.type_k = cache_type("kv-k", options.kv_k);
  params.type_v = cache_type("kv-v", options.kv_v);
  era::set_common(params);
  if (options.canonical()) era::fuse_nothing(params);
  if (options.flash_attention || options.canonical()) {
    era::set_flash_attention(params, options.flash_attention.value_or(FlashAttention::off));
  }
  if (ggml_is_quantized(params.type_v) && era::has_no_flash_attention(params)) {
    throw Failure("usage",
                  "kv-v=" + options.kv_v + ": quantised values need flash attention, which is off",
                  "Add fa=on, or give the keys alone a quantised type: kv-k=" + options.kv_v + ".");
  }
  if (options.cpu_only()) era::compute_on_cpu(params);
  params.cb_eval = [](ggml_tensor* node, bool ask, void* self) {
    return static_cast<Session*>(self)->on_node(node, ask);
  };
  params.cb_eval_user_data = this;
  stops_within_ = era::kThreadsEndTogether || options.threads == 1;
  params.abort_callback = [](void* self) {
    const auto* session = static_cast<const Session*>(self);
    return session->giving_up_ || (session->stops_within_ && session->stop_asked_());
  };
  params.abort_callback_data = this;
  shows_state_ = is_plain_number(params.type_k) && is_plain_number(params.type_v);
  context_.reset(era::make_context(model_.get(), params));
  if (!context_) {
    const std::string why = last_error();
    throw Failure("engine", "llama.cpp cannot make a context for " + options.model +
                                (why.empty() ? "" : ": " + why));
  }
}

std::vector<llama_token> Session::tokenize(std::string_view text, bool add_special,
                                           bool parse_special) {
  const auto length = static_cast<int32_t>(text.size());
  // NOLINTBEGIN(bugprone-suspicious-stringview-data-usage): the length goes with it
  const int32_t needed =
      era::tokenize(vocab(), text.data(), length, nullptr, 0, add_special, parse_special);
  if (needed == INT32_MIN) throw Failure("engine", "llama.cpp cannot tokenise so long a text");
  std::vector<llama_token> ids(static_cast<size_t>(std::abs(needed)));
  const int32_t got = era::tokenize(vocab(), text.data(), length, ids.data(),
                                    static_cast<int32_t>(ids.size()), add_special, parse_special);
  // NOLINTEND(bugprone-suspicious-stringview-data-usage)
  if (got != static_cast<int32_t>(ids.size())) {
    throw Failure("engine", "llama_tokenize returned " + std::to_string(got) + " ids after " +
                                std::to_string(ids.size()));
  }
  return ids;
}

std::string Session::piece(llama_token id) const {
  check_ids({&id, 1}, 0);
  std::string bytes(32, '\0');
  for (int attempt = 0; attempt < 2; ++attempt) {
    const int32_t length =
        era::piece(vocab(), id, bytes.data(), static_cast<int32_t>(bytes.size()));
    bytes.resize(static_cast<size_t>(std::abs(length)));
    if (length >= 0) break;
  }
  return bytes;
}

bool Session::is_end_of_generation(llama_token id) const {
  check_ids({&id, 1}, 0);
  return era::ends_generation(vocab(), id);
}

void Session::check_ids(std::span<const llama_token> ids, int32_t first) const {
  const int32_t n_vocab = era::n_tokens(vocab());
  for (const llama_token id : ids) {
    if (id < 0 || id >= n_vocab) {
      throw Failure("usage", "token id " + std::to_string(id) + " is not in [0, " +
                                 std::to_string(n_vocab) + ")");
    }
  }
  if (!context_) return;
  const uint64_t end = static_cast<uint64_t>(first) + ids.size();
  if (end > n_ctx()) {
    throw Failure("usage", std::to_string(end) + " positions do not fit into a context of " +
                               std::to_string(n_ctx()));
  }
}

uint32_t Session::n_ctx() const {
  const uint32_t context = llama_n_ctx(context_.get());
  return graph_.learned_positions == 0 ? context : std::min(context, graph_.learned_positions);
}

Outcome Session::evaluate(const EvaluateRequest& request, const RowSink& sink) {
  const auto [ids, first, rows] = request;
  if (!context_) throw Failure("usage", "only the vocabulary was loaded (tokens_only)");
  if (ids.empty()) throw Failure("usage", "an evaluation of no ids");
  if (first != 0 && first != evaluated_) {
    throw Failure("usage", "evaluation at position " + std::to_string(first) + " after " +
                               std::to_string(evaluated_) + " positions");
  }
  check_ids(ids, first);
  if (first == 0) era::clear_cache(context_.get());
  evaluated_ = first;
  const int32_t rows_from =
      rows == Rows::all ? first : first + static_cast<int32_t>(ids.size()) - 1;
  // Each batch is divided as llama.cpp would divide it: a graph holds one of the parts.
  const size_t batch = llama_n_batch(context_.get());
  const size_t part = llama_n_ubatch(context_.get());
  for (size_t at = 0; at < ids.size() && !stop_asked_();) {
    const size_t step = std::min({part, batch - at % batch, ids.size() - at});
    decode(ids.subspan(at, step), evaluated_, rows_from, sink);
    at += step;
  }
  return stop_asked_() ? Outcome::stopped : Outcome::complete;
}

// Rows from position `rows_from` on. Of the last id logits are computed in any case: no graph is
// without.
void Session::decode(std::span<const llama_token> ids, int32_t first, int32_t rows_from,
                     const RowSink& sink) {
  const auto n = static_cast<int32_t>(ids.size());
  Batch batch(n);
  for (int32_t i = 0; i < n; ++i) {
    batch.add(ids[static_cast<size_t>(i)], first + i, first + i >= rows_from || i == n - 1);
  }
  chunk_first_ = first;
  chunk_positions_ = n;
  occurrences_.clear();
  labels_.clear();
  const int32_t status = llama_decode(context_.get(), batch.get());
  if (status != 0 && stop_asked_()) return;
  if (status != 0) {
    evaluated_ = -1;
    throw Failure("engine", "llama_decode returned " + std::to_string(status) + " at position " +
                                std::to_string(first));
  }
  evaluated_ += n;
  const auto width = static_cast<size_t>(era::n_tokens(vocab()));
  for (int32_t i = std::max(0, rows_from - first); i < n && !stop_asked_(); ++i) {
    const float* row = llama_get_logits_ith(context_.get(), i);
    if (row == nullptr) {
      throw Failure("engine", "llama.cpp has no logits for position " + std::to_string(first + i));
    }
    sink(first + i, {row, width});
  }
}

// Asked about each node and told of none, llama.cpp offers all that one device computes in a row
// before it computes: one position is begun and given up. Where the graph goes on elsewhere, that
// is done once more to its end. With one thread, which ends at any node
// (era::kThreadsEndTogether).
void Session::look_at_graph() {
  Batch batch(1);
  batch.add(0, 0, true);
  looking_ = true;
  const int32_t threads = era::n_threads(context_.get());
  llama_set_n_threads(context_.get(), 1, 1);
  for (const bool give_up : {true, false}) {
    giving_up_ = give_up;
    graph_ = {};
    llama_decode(context_.get(), batch.get());
    era::clear_cache(context_.get());
    if (graph_.whole) break;
  }
  looking_ = giving_up_ = false;
  llama_set_n_threads(context_.get(), threads, threads);
}

void Session::look_at_node(const ggml_tensor* node) {
  if (std::string_view(node->name) == "result_output") graph_.whole = true;
  if (node->op == GGML_OP_FLASH_ATTN_EXT) graph_.flash_attention = true;
  const ggml_tensor* table = node->op == GGML_OP_GET_ROWS ? node->src[0] : nullptr;
  if (table != nullptr && ggml_get_name(table) == std::string_view("position_embd.weight"))
    graph_.learned_positions = static_cast<uint32_t>(table->ne[1]);
  for (const ggml_tensor* input : node->src) {
    const ggml_tensor* matrix = input == nullptr || input == table ? nullptr : matrix_behind(input);
    if (matrix != nullptr) graph_.matrices.insert(matrix);
  }
  std::string& functions = graph_.activation_function;
  std::string function = feed_forward_function(era::activation_function(node));
  if (function == "relu") rectified_ = node;
  if (node->op == GGML_OP_SQR && node->src[0] == rectified_) function = "squared relu";
  if (function.empty() || functions.find(function) != std::string::npos) return;
  if (function == "squared relu") functions.clear();  // the relu was its first half
  functions += (functions.empty() ? "" : ", ") + function;
}

Outcome Session::trace(const TraceRequest& request, const NodeSink& sink) {
  struct Tracing {
    Tracing(Session& session_, const TraceRequest& request_, const NodeSink& sink_)
        : session(session_) {
      session.selection_ = &request_.selection;
      session.nodes_ = &sink_;
    }
    ~Tracing() { session.nodes_ = nullptr; }
    Session& session;
  } tracing(*this, request, sink);
  if (request.selection.state && !shows_state_) {
    throw Failure("usage", "rows of a quantised cache cannot be shown");
  }
  const Outcome outcome =
      evaluate({request.ids, request.first, Rows::all}, [](int32_t, std::span<const float>) {});
  if (outcome == Outcome::complete && request.selection.state) {
    show_state(request.selection, sink);
  }
  return stop_asked_() ? Outcome::stopped : outcome;
}

// Counts and labels every node that has rows, wanted or not: so both are what they are in a trace
// of everything.
bool Session::is_wanted(const ggml_tensor* node) {
  labels_.note_write(node);
  cache_.note_write(node, chunk_positions_);
  if (!worth_tracing(node) || !has_rows(node, chunk_positions_)) return false;
  occurrence_ = occurrences_[{node->name, ggml_op_name(node->op)}]++;
  labels_.add(node, occurrence_);
  const Range chunk = {chunk_first_, chunk_first_ + chunk_positions_};
  return !stop_asked_() && !selection_->positions.within(chunk).empty() &&
         selection_->wants(node->name, ggml_op_name(node->op), layer_of(node->name));
}

// Never false for a computed node: that would end the graph there and llama_decode would still
// return 0, with stale logits.
bool Session::on_node(ggml_tensor* node, bool ask) {
  if (looking_) {
    if (ask) look_at_node(node);
    return !ask;
  }
  if (nodes_ == nullptr) return !ask;
  if (ask) return is_wanted(node);
  if (stop_asked_()) return true;
  const Range chunk = {chunk_first_, chunk_first_ + chunk_positions_};
  const Range wanted = selection_->positions.within(chunk);
  TracedNode traced;
  traced.name = node->name;
  traced.op = ggml_op_name(node->op);
  traced.occurrence = occurrence_;
  traced.layer = layer_of(traced.name);
  traced.first_position = wanted.first;
  traced.rows =
      read_rows(node, chunk_positions_, wanted.first - chunk_first_, wanted.end - chunk_first_);
  traced.sources = labels_.sources_of(node);
  (*nodes_)(traced);
  return true;
}

void Session::show_state(const Selection& selection, const NodeSink& sink) const {
  const Range wanted = selection.positions.within({0, evaluated_});
  if (wanted.empty()) return;
  for (const CacheTensor& part : cache_.parts()) {
    const std::string name = part.name();
    if (stop_asked_()) return;
    if (!selection.wants(name, crossval::kStateOp, part.layer)) continue;
    if (part.cells < evaluated_) continue;
    TracedNode traced;
    traced.name = name;
    traced.op = crossval::kStateOp;
    traced.layer = part.layer;
    traced.first_position = wanted.first;
    traced.rows =
        part.read(wanted.first, wanted.end, /*transposed=*/!part.keys && !graph_.flash_attention);
    sink(traced);
  }
}

}  // namespace crossval_llama
