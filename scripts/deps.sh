#!/usr/bin/env bash
# Installs the Debian packages of deps/debian.txt that are missing.
# usage: scripts/deps.sh GROUP…    (build, test, engines, bare, bench, lint, pages, prompts, slurm)
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
while read -r group package version; do
  [[ -z $group || $group == \#* ]] && continue
  [[ " $* " == *" $group "* ]] || continue
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package=$version")
done < deps/debian.txt
(( ${#missing[@]} > 0 )) || exit 0

if ! command -v apt-get >/dev/null; then
  echo "crossval: not a Debian system; install by hand: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if (( EUID != 0 )); then
  command -v sudo >/dev/null || { echo "crossval: run as root: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "crossval: installing ${missing[*]}" >&2
"${as_root[@]}" apt-get update -qq >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  "${missing[@]}" >/dev/null
