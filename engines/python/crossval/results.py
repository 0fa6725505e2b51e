"""What runs of crossval found, read from its JSON (docs/json.md). `raw` keeps all of it."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional


@dataclass(frozen=True)
class Warned:
    name: str
    message: str


@dataclass(frozen=True)
class Position:
    """The two rows of logits of one position beside each other."""

    position: int
    id: int
    piece: str
    decode: bool
    passed: bool
    cosine: Optional[float]
    max_abs_diff: Optional[float]
    kl: Optional[float]


@dataclass(frozen=True)
class SettingDifference:
    name: str
    candidate: str
    reference: str
    weight: str


@dataclass(frozen=True)
class Comparison:
    """Of `crossval per-token`."""

    verdict: str  # IDENTICAL, MATCH, DIVERGED, TOKENS-DIFFER, SETTINGS-DIFFER, UNHEALTHY
    exit_code: int
    positions: list[Position]
    first_divergence: Optional[int]  # the first position that fails
    settings: list[SettingDifference]
    warnings: list[Warned]
    raw: dict[str, Any]

    @property
    def passed(self) -> bool:
        return self.exit_code == 0


@dataclass(frozen=True)
class Operation:
    """One operation as both engines computed it, in units of its rounding bound; None: not judged."""

    tensor: str
    kind: str
    layer: int
    candidate_units: Optional[float]
    reference_units: Optional[float]


@dataclass(frozen=True)
class EngineAccount:
    """One engine, judged."""

    name: str
    shown: int
    judged: int
    beyond: int
    first_beyond: Optional[str]  # the operation, "Qcur-12 ROPE"


@dataclass(frozen=True)
class Explanation:
    """Of `crossval explain`."""

    verdict: str  # BOTH-FINE, CANDIDATE-WRONG, REFERENCE-WRONG, BOTH-WRONG, CANNOT-TELL
    exit_code: int
    candidate: EngineAccount
    reference: EngineAccount
    causes: list[str]  # mistakes of docs/mistakes.md that reproduce the error
    operations: list[Operation]
    warnings: list[Warned]
    raw: dict[str, Any]


def _warnings(raw: dict[str, Any]) -> list[Warned]:
    return [Warned(w["name"], w["message"]) for w in raw["warnings"]]


def comparison_of(raw: dict[str, Any]) -> Comparison:
    """Of the JSON of `crossval per-token`."""
    positions = [Position(p["position"], p["token"], p["piece"], p["phase"] == "decode", p["passed"], p["cosine"],
                          p["max_abs_diff"], p["kl"]) for p in raw["positions"]]
    settings = [SettingDifference(s["name"], s["candidate"], s["reference"], s["weight"]) for s in raw["settings"]]
    return Comparison(raw["verdict"], raw["exit_code"], positions, raw["first_divergence_token"], settings,
                      _warnings(raw), raw)


def explanation_of(raw: dict[str, Any]) -> Explanation:
    """Of the JSON of `crossval explain`."""
    def units(operation: dict[str, Any], side: str) -> Optional[float]:
        judged = operation[side]
        return None if judged is None else judged["units"]

    def account(side: str) -> EngineAccount:
        told = raw[side]
        first = told["first_beyond"]
        return EngineAccount(told["engine"]["identity"]["name"], told["shown"], told["judged"], told["beyond"],
                             None if first is None else raw["operations"][first]["tensor"])

    operations = [Operation(o["tensor"], o["kind"], o["layer"], units(o, "candidate"), units(o, "reference"))
                  for o in raw["operations"]]
    return Explanation(raw["verdict"], raw["exit_code"], account("candidate"), account("reference"),
                       [cause["mistake"] for cause in raw["causes"]], operations, _warnings(raw), raw)
