// The table of commands, in the order that --help shows.
#include <array>

#include "cli/command/calibrate.h"
#include "cli/command/command.h"
#include "cli/command/compare.h"
#include "cli/command/completion.h"
#include "cli/command/conformance.h"
#include "cli/command/doctor.h"
#include "cli/command/explain.h"
#include "cli/command/inspect.h"
#include "cli/command/invariance.h"
#include "cli/command/man.h"
#include "cli/command/match.h"
#include "cli/command/per_token.h"
#include "cli/command/record.h"
#include "cli/command/run.h"
#include "cli/command/suite.h"
#include "cli/command/synth.h"
#include "cli/command/tokenize.h"
#include "cli/command/verify.h"
#include "cli/command/version.h"

namespace crossval {

std::span<const CommandEntry> commands() {
  static constexpr std::array kCommands{
      CommandEntry{"calibrate", "how far an engine is from itself: the noise floor of --floor",
                   make_calibrate_command},
      CommandEntry{"compare", "compare two recordings or files of logits, without an engine",
                   make_compare_command},
      CommandEntry{"completion",
                   "a script that completes command lines: source <(crossval completion bash)",
                   make_completion_command},
      CommandEntry{"conformance", "whether a program keeps the engine protocol, rule by rule",
                   make_conformance_command},
      CommandEntry{"doctor", "what this machine and this installation can do", make_doctor_command},
      CommandEntry{"explain", "which operation of which engine is wrong, and by which mistake",
                   make_explain_command},
      CommandEntry{"inspect", "what is in a model file, or what two of them differ in",
                   make_inspect_command},
      CommandEntry{"invariance", "whether an engine gives the same bits however its work is cut",
                   make_invariance_command},
      CommandEntry{"man", "the manual page: crossval man | man -l -", make_man_command},
      CommandEntry{"match", "which tensors of two engines are the same value, by what names",
                   make_match_command},
      CommandEntry{"per-token", "compare two engines on a prompt, position by position",
                   make_per_token_command},
      CommandEntry{"record", "write a run of an engine into a file, to be compared elsewhere",
                   make_record_command},
      CommandEntry{"run", "generate text with an engine", make_run_command},
      CommandEntry{"suite", "many prompts over pairs of engines: run, merge and report",
                   make_suite_command},
      CommandEntry{"synth", "write a random model of given sizes and weight types",
                   make_synth_command},
      CommandEntry{"tokenize", "the ids, pieces and places that a prompt becomes",
                   make_tokenize_command},
      CommandEntry{"verify", "whether produced tokens are those that an engine would choose",
                   make_verify_command},
      CommandEntry{"version", "what this program was built from and with", make_version_command},
  };
  return kCommands;
}

}  // namespace crossval
