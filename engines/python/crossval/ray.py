"""A suite on Ray: a task a shard around the program itself, and a merge behind them (docs/suites.md).

    import ray, crossval.ray
    ray.init()
    report = crossval.ray.run_suite("suite.json", "/shared/results", shards=8)

A worker that dies, and a node that is lost, are Ray's to notice: the task runs again elsewhere and goes on where the
shard was. Nothing here is needed by any other part of the package; Ray is imported when it is used.
"""
from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from typing import Any, Optional, Sequence

from .program import Failed, PathLike, document, find_program

_AGAIN = 75  # asked to end in time
_BUSY = "another process is writing this file"  # what a lost worker has left needs a moment to end
_PR_SET_PDEATHSIG = 1


def run_suite(suite: PathLike, folder: PathLike, shards: int, *, cpus: float = 1, retries: int = 3,
              program: Optional[PathLike] = None) -> dict[str, Any]:
    """Runs the suite's `shards` as tasks of `cpus` cores on the Ray that ray.init() has reached, merges them, and returns
    the report (docs/json.md, "suite"). All nodes have the program, the models and `folder` under the same paths. A task
    whose worker is lost is run again, `retries` times.

    Raises Failed: shards are without a result (the hint has what the last one said); what the merge refuses.
    """
    import ray

    words = [os.path.abspath(find_program(program)), "suite"]
    run = [*words, "run", os.path.abspath(suite), "-o", os.path.abspath(folder), "--shards", str(shards)]
    written = subprocess.run([*run, "--missing"], capture_output=True, text=True, check=False)  # the manifest
    if written.returncode:  # the suite is refused, once and here
        raise Failed(written.returncode, written.stderr.strip())
    task = ray.remote(num_cpus=cpus, max_retries=retries, retry_exceptions=[_Again])(_shard)
    said = ray.get([task.remote(run, f"{i}/{shards}") for i in range(shards)])
    report = document([*words, "merge", os.path.abspath(folder), "--format", "json"])
    if report["missing_shards"]:
        last = next((error for code, error in said if error), "")
        raise Failed(4, f"shards {report['missing_shards']} have no result", os.fspath(folder), last)
    return report


class _Again(Exception):
    """The shard was ended before its time."""


def _shard(run: Sequence[str], shard: str) -> tuple[int, str]:
    """Exit status and stderr of one shard, in a Ray worker."""
    for _ in range(50):
        done = subprocess.run([*run, "--shard", shard, "--resume", "-q"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, check=False, preexec_fn=_end_with_parent)
        if _BUSY not in done.stderr:
            break
        time.sleep(0.2)
    if done.returncode == _AGAIN or done.returncode < 0:
        raise _Again(f"shard {shard}: {done.stderr.strip()}")
    return done.returncode, done.stderr.strip()


def _end_with_parent() -> None:
    """prctl(2): a worker that is killed leaves no run behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
