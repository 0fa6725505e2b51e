"""docs/skill/SKILL.md: no command in it that e2e.documents does not execute; what it says of exit codes and fields is so."""
import json
import re
import sys

import pytest
import yaml

from conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
from doc_examples import EXAMPLE, documents

PAGE = ROOT / "docs" / "skill" / "SKILL.md"
TEXT = PAGE.read_text()
LADDER = ["doctor", "inspect", "per-token", "explain", "calibrate", "suite", "record", "compare", "conformance"]


@pytest.fixture(scope="module")
def commands(crossval):
    """The names of all commands, by --help."""
    found = re.findall(r"(?m)^  ([a-z-]+)  +[a-z]", crossval("--help").out.partition("Commands:")[2])
    assert set(LADDER) < set(found)
    return found


def outside(text, commands):
    """Commands that stand outside of executed examples; what an example prints may name more."""
    return re.findall(rf"\bcrossval\s+(?:{'|'.join(commands)})\b", EXAMPLE.sub("", text))


def test_every_command_is_executed(commands):
    assert outside(TEXT, commands) == []
    executed = " ".join(match["command"] for match in EXAMPLE.finditer(TEXT))
    assert [name for name in LADDER if f"crossval {name}" not in executed] == []
    assert all(match["text"].strip() for match in EXAMPLE.finditer(TEXT))


@pytest.mark.parametrize("more", ["`crossval explain -m x`", "```sh\ncrossval run -m x\n```", "a line that ends in crossval\ntokenize x",
                                  "<!-- example: crossval doctor -->\nno block"])
def test_a_command_that_nobody_runs_is_found(commands, more):
    assert outside(TEXT + "\n" + more + "\n", commands)


def test_it_is_one_of_the_documents():
    assert PAGE in documents()


def test_front_matter():
    """As agent skills have it: a name of at most 64 letters, digits and hyphens, a description of at most 1,024 characters."""
    _, head, body = TEXT.split("---\n", 2)
    front = yaml.safe_load(head)
    assert set(front) == {"name", "description"}
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", front["name"]) and len(front["name"]) <= 64
    assert 0 < len(front["description"]) <= 1024 and body.startswith("# ")
    assert len(TEXT.splitlines()) <= 120


def test_exit_codes_are_those_of_their_page():
    """Each verdict of the skill's table has the code that docs/exit-codes.md gives it."""
    page = {}
    for code, verdicts in re.findall(r"(?m)^\| (\d+) \|.*\| (.*) \|$", (ROOT / "docs" / "exit-codes.md").read_text()):
        page[code] = set(re.findall("`([A-Z-]+)`", verdicts)) | ({"none"} if "error" in verdicts else set())
    rows = re.findall(r"(?m)^\| ([\d, ]+) \| ([^|]*?) \|", TEXT)
    assert len(rows) == 6
    for codes, verdicts in rows:
        for code in codes.split(", "):
            assert set(re.findall("none|[A-Z-]{4,}", verdicts)) <= page[code], code


def test_fields_are_those_of_the_schema():
    """Each field in the code spans is a property somewhere in the schema of results."""
    schema, known = json.loads((ROOT / "docs" / "result.schema.json").read_text()), set()

    def collect(part):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            known.update(value if key == "properties" else ())
            if isinstance(value, (dict, list)):
                collect(value)

    collect(schema)
    prose = EXAMPLE.sub("", TEXT).replace("`llama.cpp`", "")
    named = set(re.findall(r"`(status|verdict|exit_code|first_[a-z_]+|health|origins|settings)`", prose))
    for span in re.findall(r"`([a-z_]+(?:\.[a-z_]+|\[[\w.]+\])+)`", prose):
        named.update(re.findall("[a-z_]+", span))
    assert {"verdict", "first_divergence_token", "mistake", "first_beyond", "hint", "cause"} <= named <= known
    assert "next" not in known  # which the text reports alone have
