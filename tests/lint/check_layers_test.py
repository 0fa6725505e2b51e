#!/usr/bin/env python3
"""scripts/check_layers.py on small trees: a sound one passes, and each breach planted into it is told."""
import pathlib
import subprocess
import sys
import tempfile

CHECK = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "check_layers.py"
# file below src/ -> text
SOUND = {
    "base/CMakeLists.txt": "crossval_library(crossval_base SOURCES error.cc)",
    "base/error.h": "",
    "engine/CMakeLists.txt": "crossval_library(crossval_engine DEPS crossval_base)",
    "engine/info.h": "#include <string>\n",
    "engine/engine.h": '#include "base/error.h"\n#include "engine/info.h"\n',
    "results/CMakeLists.txt": "crossval_library(crossval_results\n  DEPS crossval_base)",
    "results/comparison.h": '#include "base/error.h"\n#include "engine/info.h"\n',
    "gate/CMakeLists.txt": "crossval_library(crossval_gate DEPS crossval_engine crossval_results)",
    "gate/health.cc": '#include "results/comparison.h"\n#include "base/error.h"\n',
    "native/CMakeLists.txt": "crossval_library(crossval_native DEPS crossval_engine)",
    "native/engine.h": '#include "engine/engine.h"\n',
    "launch/CMakeLists.txt": "crossval_library(crossval_launch DEPS crossval_engine crossval_native)",
    "launch/launch.h": "#include <stop_token>\n",
    "launch/kinds/native.cc": '#include "native/engine.h"\n#include "launch/launch.h"\n',
    "cli/CMakeLists.txt": "crossval_library(crossval_cli DEPS crossval_launch crossval_report)",
    "cli/app_options.cc": '#include <CLI/CLI.hpp>\n#include "launch/launch.h"\n',
    "report/CMakeLists.txt": "crossval_library(crossval_report DEPS crossval_results)",
    "report/text/layout.cc": '#include "results/comparison.h"\n',
}
# files that make a breach, and what is said of it
BREACHES = [
    ({"report/text/layout.cc": '#include "engine/engine.h"\n'},
     "src/report/text/layout.cc:1: src/report does not declare src/engine in its DEPS"),
    ({"base/CMakeLists.txt": "crossval_library(crossval_base DEPS crossval_gate)"}, "layer cycle: "),
    ({"report/CMakeLists.txt": "crossval_library(crossval_report DEPS crossval_gate)"},
     "src/report must never depend on src/gate"),
    ({"launch/launch.h": "#include <CLI/CLI.hpp>\n"}, "src/launch/launch.h:1: only src/cli includes <CLI/…>"),
    ({"launch/launch.h": '#include "cli/console.h"\n'},
     "src/launch/launch.h:1: src/launch does not declare src/cli in its DEPS"),
    ({"launch/CMakeLists.txt": "crossval_library(crossval_launch DEPS crossval_report)"},
     "src/launch must never depend on src/report"),
    ({"cli/app_options.cc": '#include "native/engine.h"\n'},
     "src/cli/app_options.cc:1: only launch names src/native"),
    ({"cli/CMakeLists.txt": "crossval_library(crossval_cli DEPS crossval_launch crossval_native)"},
     "src/cli must not declare src/native: only launch names it"),
    ({"results/comparison.h": '#include "gate/health.h"\n'},
     "src/results/comparison.h:1: src/results does not declare src/gate in its DEPS"),
    ({"results/comparison.h": '#include "engine/engine.h"\n'},
     "src/results/comparison.h:1: src/results does not declare src/engine in its DEPS"),
    ({"results/CMakeLists.txt": "crossval_library(crossval_results DEPS crossval_engine)"},
     "src/results must not declare src/engine: it is at the ground"),
    ({"results/verdict.cc": ""}, "src/results/verdict.cc: src/results is plain data, without code of its own"),
    ({"engine/info.h": '#include "gate/health.h"\n', "gate/CMakeLists.txt": "crossval_library(crossval_gate)",
      "engine/CMakeLists.txt": "crossval_library(crossval_engine DEPS crossval_base crossval_gate)"},
     "src/engine/info.h: src/results includes it as plain data, so it may not include src/gate"),
]


def said(files):
    """Exit status and output over a tree of these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, "src", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, CHECK, f"{folder}/src"], text=True, capture_output=True)
        return done.returncode, done.stdout + done.stderr


def main():
    failed = 0
    code, output = said(SOUND)
    if code != 0:
        failed += 1
        print(f"a sound tree is refused:\n{output}")
    for planted, words in BREACHES:
        code, output = said(SOUND | planted)
        if code == 0 or words not in output:
            failed += 1
            print(f"not told: {words}\nexit {code}\n{output}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
