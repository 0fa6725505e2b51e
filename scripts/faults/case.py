"""One run of `crossval explain` and what it has to say."""
import dataclasses
import json
import re
import subprocess
from typing import Callable

LETTER = ("-f", "tests/data/prompts/prose-02-letter.txt", "--position", "27")
LONGER = LETTER[:2]  # 52 tokens of SmolLM2
NONE: frozenset = frozenset()


@dataclasses.dataclass(frozen=True)
class Case:
    """`model`, `candidate` and `reference` may be functions, called when it runs: what is expensive is made then."""
    name: str
    kind: str  # planted, file, foreign or healthy
    place: str  # what was changed, for people
    model: "str | Callable"
    label: str  # of the model
    candidate: "str | Callable"
    reference: "str | Callable" = "native"
    prompt: tuple = LETTER
    guilty: str = "candidate"  # or reference; neither
    operation: str = ""  # a regular expression that the first operation beyond its bound must match
    causes: frozenset = NONE  # one of them must be named; none: no mistake may be named


def key(case):
    """Says all of it."""
    return f"{case.kind} | {case.name} | {case.label} | {' '.join(map(str, case.prompt))}"


@dataclasses.dataclass
class Verdict:
    """Of one case, as it was found."""
    case: Case
    blame: str = ""  # candidate, reference, both, neither or unknown
    operation: str = ""  # the first beyond its bound
    units: float = 0
    beyond: int = 0
    causes: tuple = ()
    judged: int = 0
    worst_healthy: float = 0  # of the engines that are not guilty
    identical: bool = False

    @property
    def right_engine(self):
        return self.blame == self.case.guilty

    @property
    def right_operation(self):
        return bool(re.fullmatch(self.case.operation, self.operation))

    @property
    def right_cause(self):
        if not self.case.causes:
            return not self.causes
        return bool(self.case.causes & set(self.causes))

    @property
    def passed(self):
        if self.case.kind == "healthy":
            return self.blame in ("neither", "unknown") and not self.identical  # an engine may show too little
        return self.right_engine and self.right_operation and self.right_cause


BLAME = {"BOTH-FINE": "neither", "CANDIDATE-WRONG": "candidate", "REFERENCE-WRONG": "reference", "BOTH-WRONG": "both",
         "CANNOT-TELL": "unknown"}


def value(given):
    return given() if callable(given) else given


def run(case, crossval, root):
    """What crossval says of the case. Errors: RuntimeError with its last words."""
    done = subprocess.run([crossval, "explain", "-m", str(value(case.model)), *map(str, case.prompt), "--candidate",
                           value(case.candidate), "--reference", value(case.reference), "--format", "json"],
                          cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in (0, 1, 4):
        raise RuntimeError(f"{case.name}: exit status {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}")
    found = json.loads(done.stdout)
    if "verdict" not in found:  # an engine failed
        raise RuntimeError(f"{case.name}: {done.stdout[-2000:]}")
    return verdict_of(case, found)


def verdict_of(case, found):
    verdict = Verdict(case, blame=BLAME[found["verdict"]], identical=found["identical"])
    guilty = "reference" if verdict.blame == "reference" else "candidate"
    first = found[guilty].get("first_beyond")
    if first is not None:
        operation = found["operations"][first]
        verdict.operation, verdict.units = operation["tensor"], float(operation[guilty]["units"])
        verdict.beyond = found[guilty]["beyond"]
    verdict.causes = tuple(cause["mistake"] for cause in found["causes"])
    verdict.judged = sum(found[side]["judged"] for side in ("candidate", "reference"))
    sound = [side for side in ("candidate", "reference") if found[side]["beyond"] == 0]
    verdict.worst_healthy = max((found[side]["worst_healthy_units"] for side in sound), default=0)
    return verdict
