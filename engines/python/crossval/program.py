"""Runs the crossval program."""
from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sysconfig
from typing import Any, Mapping, Optional, Sequence, Union

from .results import Comparison, Explanation, comparison_of, explanation_of

PathLike = Union[str, "os.PathLike[str]"]


class Failed(Exception):
    """crossval could not compare, or a file not be converted: `exit_code` (docs/exit-codes.md), `what`, `where` and `hint` say why."""

    def __init__(self, exit_code: int, what: str, where: str = "", hint: str = ""):
        super().__init__(what + (f" ({where})" if where else "") + (f"\n{hint}" if hint else ""))
        self.exit_code, self.what, self.where, self.hint = exit_code, what, where, hint


def spec(command: Sequence[PathLike], environment: Optional[Mapping[str, str]] = None, **keys: object) -> str:
    """The engine that a command is, as crossval's options take it.

    >>> spec(["python3", "my engine.py"], {"OMP_NUM_THREADS": "1"}, kv="f32")
    "exec:python3 'my engine.py',env.OMP_NUM_THREADS=1,kv=f32"
    """
    said = {**{f"env.{name}": value for name, value in (environment or {}).items()}, **keys}
    return "exec:" + " ".join(_quoted(os.fspath(word)) for word in command) + "".join(
        f",{key}={str(value).replace(',', ',,')}" for key, value in said.items())


def _quoted(word: str) -> str:
    return f"'{word}'" if "," in word and "'" not in word else shlex.quote(word)


def _run(command: str, model: PathLike, prompt: Union[str, bytes, Sequence[int]], arguments: Sequence[str],
         program: Optional[PathLike]) -> dict[str, Any]:
    found = find_program(program)
    if isinstance(prompt, (str, bytes)):
        given: list[Union[str, bytes]] = ["-p", prompt]
    else:
        given = ["--tokens", ",".join(str(int(token)) for token in prompt)]
    return document([found, command, "-m", os.fspath(model), *given, "--format", "json", *arguments])


def find_program(program: Optional[PathLike] = None) -> str:
    """The crossval to run: the one given, $CROSSVAL, the one that is installed with this Python, or the one in PATH."""
    own = os.path.join(sysconfig.get_path("scripts"), "crossval")
    found = program or os.environ.get("CROSSVAL") or (own if os.access(own, os.X_OK) else shutil.which("crossval"))
    if found is None:
        raise FileNotFoundError("no crossval in PATH: give program=, or set CROSSVAL")
    return os.fspath(found)


def document(words: Sequence[Union[str, bytes]]) -> dict[str, Any]:
    """What a command with --format json prints. Raises Failed where that is an error."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    try:
        raw: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Failed(done.returncode, done.stderr.decode(errors="replace").strip()) from None
    if "verdict" not in raw:
        told = raw.get("error", raw)
        raise Failed(done.returncode, told.get("what", ""), told.get("where", ""), told.get("hint", ""))
    return raw


def compare(model: PathLike, prompt: Union[str, bytes, Sequence[int]], candidate: str = "native",
            reference: str = "llama.cpp", *, max_tokens: int = 0, cos_tol: float = 0.999, kv: Optional[str] = None,
            arguments: Sequence[str] = (), program: Optional[PathLike] = None) -> Comparison:
    """`crossval per-token`: every logit of every position of two engines.

    `prompt` is a text or token ids, `max_tokens` how many decode steps follow it, `arguments` further options.
    Raises Failed where nothing could be compared; a divergence is a result.
    """
    options = ["--candidate", candidate, "--reference", reference, "--max-tokens", str(max_tokens), "--cos-tol",
               repr(cos_tol), *(["--kv", kv] if kv else []), *arguments]
    return comparison_of(_run("per-token", model, prompt, options, program))


def explain(model: PathLike, prompt: Union[str, bytes, Sequence[int]], candidate: str = "native",
            reference: str = "llama.cpp", *, kv: Optional[str] = None, arguments: Sequence[str] = (),
            program: Optional[PathLike] = None) -> Explanation:
    """`crossval explain`: which operation of which engine is off, and the mistake that does it. Raises Failed."""
    options = ["--candidate", candidate, "--reference", reference, *(["--kv", kv] if kv else []), *arguments]
    return explanation_of(_run("explain", model, prompt, options, program))
