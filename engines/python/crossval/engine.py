"""The class that engines are made from."""
from __future__ import annotations

from typing import Any, ClassVar, Iterable, Sequence, Union

import numpy as np

from .trace import Trace

#: Settings that crossval sends to every engine (docs/protocol.md, "hello").
COMMON_SETTINGS = frozenset({"model", "kv", "threads", "n_ctx", "n_batch", "tokens_only"})


class EngineError(Exception):
    """The engine failed. What else an engine raises is reported like it, with the name of its type."""

    kind = "engine"


class UsageError(EngineError):
    """What is asked for cannot be (exit status 64)."""

    kind = "usage"


class InputError(EngineError):
    """The model file cannot be read, or is not supported (exit status 5)."""

    kind = "input"


class Engine:
    """One model and one sequence. Subclass it, set the members, and write `evaluate`.

    `settings` is what crossval sends and the user's own keys, all strings: settings["model"] is the file.
    A subclass that has `tokenize` can tokenise, one that has `trace` shows its values: what a class does not have it
    need not say.
    """

    #: Who it is: goes into every result.
    name: str = ""
    version: str = ""
    #: Width of a row of logits, and positions that fit.
    n_vocab: int = 0
    n_ctx: int = 0
    #: Type in which keys and values enter attention: "f32", "f16", "bf16", "q8_0".
    kv_type: str = ""
    threads: int = 0

    #: Keys of its own (exec:COMMAND,key=value); any other key of the user's is refused.
    keys: ClassVar[frozenset[str]] = frozenset()
    #: False: `evaluate` and `trace` continue from the positions before. True: they get all ids from position 0 each
    #: time, and only the rows from `first` on are asked for.
    stateless: ClassVar[bool] = False
    #: Whether `evaluate` gives a row for every position; else for the last one alone.
    all_logits: ClassVar[bool] = True

    def __init__(self, settings: dict[str, str]):
        """Loads the model. Raise InputError where it cannot be read."""
        self.settings = settings

    def about(self) -> dict[str, dict[str, Any]]:
        """More members of "identity" and "settings" of the protocol's ready."""
        return {}

    def tokenize(self, text: bytes, add_special: bool, parse_special: bool) -> Sequence[int]:
        """Ids of `text`; with BOS and EOS as the model file says when `add_special`."""
        raise NotImplementedError

    def piece(self, token: int) -> bytes:
        """The bytes that an id stands for."""
        raise NotImplementedError

    def is_end(self, token: int) -> bool:
        """Whether the model stops at this id."""
        return False

    def evaluate(self, ids: np.ndarray, first: int) -> Union[np.ndarray, Iterable[np.ndarray]]:
        """Logits of the positions from `first` on, n_vocab each. `first` is 0, which starts over, or goes on.

        `ids` are those of these positions; with `stateless` all from position 0.
        """
        raise NotImplementedError

    def trace(self, ids: np.ndarray, first: int, see: Trace) -> None:
        """The same computation; calls `see` with each value of the positions from `first` on."""
        raise NotImplementedError
