#!/usr/bin/env bash
# The one place that fetches and builds things outside the build tree: llama.cpp, a real model, and the
# programs linked with llama.cpp. Everything is kept in ${CROSSVAL_CACHE:-${XDG_CACHE_HOME:-~/.cache}/crossval}
# under a name made of what it was built from, and is whole or not there. The last line of stdout is the
# path of the result; everything else goes to stderr.
#
# usage: scripts/reference.sh COMMAND
#   source [--release VERSION]    llama.cpp's source tree
#   model                         a real GGUF model
#   libs [BUILD OPTIONS]          llama.cpp's libraries and headers
#   worker [BUILD OPTIONS]        crossval-llama-worker, linked with them
#   decoder [BUILD OPTIONS]       crossval-decode, linked with them: writes a model's matrices as F32
#   jinja                         crossval-jinja, which renders chat templates
#   quantized TYPE                the model requantised, every matrix TYPE (F16, Q8_0, Q4_K, …)
#   archs                         a folder of small random models, one per architecture of llama.cpp
# build options:
#   --profile canonical           arithmetic with one defined result (default)
#   --profile production          upstream's own default build
#   --src DIR                     your llama.cpp tree (default: $LLAMA_CPP_DIR, else the pinned source)
#   --build DIR                   a llama.cpp build as it is
#   --release VERSION             another release of deps/reference.txt
#   --no-build                    (every command) look up only
# exit status: 0 · 1 cannot be fetched or built · 4 not there and --no-build given · 64 usage
# shellcheck disable=SC2034  # the variables are for the sourced parts
set -euo pipefail
shopt -s inherit_errexit
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${CROSSVAL_CACHE:-${XDG_CACHE_HOME:-${HOME:?is not set; set it or CROSSVAL_CACHE}/.cache}/crossval}
for part in cache build fetch libs programs models; do
  # shellcheck source-path=SCRIPTDIR source=/dev/null
  source "$root/scripts/reference/$part.sh"
done

usage() {
  [[ -z ${1:-} ]] || say "$1"
  sed -n '/^# usage/,/^# exit/s/^# \?//p' "${BASH_SOURCE[0]}" >&2
  exit 64
}

{  # read whole before it runs: an edit meanwhile cannot disturb it
invocation=$*
command=${1:-}
(( $# == 0 )) || shift
may_build=yes profile='' src='' build='' release='' type=''
while (( $# > 0 )); do
  case $command:$1 in
    *:--no-build) may_build=no; shift; continue ;;
    libs:--profile | worker:--profile | decoder:--profile) profile=${2:-} ;;
    libs:--src | worker:--src | decoder:--src) src=${2:-} ;;
    libs:--build | worker:--build | decoder:--build) build=${2:-} ;;
    libs:--release | worker:--release | decoder:--release | source:--release) release=${2:-} ;;
    quantized:[A-Z]*) type=$1; shift; continue ;;
    *) usage "$command: unknown argument: $1" ;;
  esac
  [[ -n ${2:-} ]] || usage "$command: $1 needs a value"
  shift 2
done
chosen=("${src:+--src}" "${build:+--build}" "${release:+--release}")
case ${chosen[*]} in
  *--*--*) usage "$command: only one of --src, --build and --release" ;;
  *--*) ;;
  *) [[ ! $command =~ ^(libs|worker|decoder)$ ]] || src=${LLAMA_CPP_DIR:-} ;;
esac
[[ -z $build || -z $profile ]] || usage "$command: --build is as it was built, it takes no --profile"

trap 'exit 130' INT TERM HUP  # after the subshell that builds has tidied up
case $command in
  source) result=$(source_tree) ;;
  model) result=$(model_file) ;;
  libs) result=$(llama_libs) ;;
  worker) result=$(worker_program) ;;
  decoder) result=$(decode_program) ;;
  jinja) result=$(jinja_program) ;;
  quantized) [[ -n $type ]] || usage "quantized: name a type"; result=$(quantized_model) ;;
  archs) result=$(arch_models) ;;
  '') usage ;;
  *) usage "unknown command: $command" ;;
esac
printf '%s\n' "$result"
exit
}
