"""docs/skill/SKILL.md: each command in it is one that scripts/doc_examples.py executes (e2e.documents)."""
import re

import yaml

from conftest import ROOT

SKILL = ROOT / "docs" / "skill" / "SKILL.md"
EXAMPLE = re.compile(r"<!-- example: (.*?) -->\n```text\n.*?```\n", re.S)


def not_executed(text, commands):
    """Commands of the program that stand outside the examples."""
    return re.findall(rf"\bcrossval (?:{'|'.join(commands)})\b.*", EXAMPLE.sub("", text))


def test_every_command_is_executed(crossval):
    text = SKILL.read_text()
    commands = re.findall(r"^  ([a-z][a-z-]+)  ", crossval("--help").out, re.M)
    assert {"per-token", "explain", "suite", "record"} <= set(commands)
    assert not_executed(text, commands) == []
    assert not_executed(text + "\nthen `crossval inspect x.gguf`\n", commands) == ["crossval inspect x.gguf`"]
    examples = "\n".join(EXAMPLE.findall(text))
    for command in ("doctor", "inspect", "per-token", "explain", "calibrate", "suite run", "record", "compare", "conformance"):
        assert f"crossval {command} " in examples, command


def test_the_head_is_what_agents_read():
    head = yaml.safe_load(SKILL.read_text().split("---")[1])
    assert set(head) == {"name", "description"} and head["name"] == "crossval" and len(head["description"]) < 1024
    assert len(SKILL.read_text().splitlines()) < 160
