"""llama.cpp's Jinja engine against jinja2 with Hugging Face's settings, on every template that comes with
llama.cpp's source and on the demo model's own. Each difference is known by name (docs/prompts.md): one
more, or one less, fails."""
import json
import subprocess

import pytest
from gguf import GGUFReader

import jinja_cases
import jinja_peer
from conftest import script

NOW = 1719830096  # seconds since 1970; what strftime_now sees
TOOL_CALLS = ("tool called", "system, tool called", "tool called, arguments as text",
              "tool result without tools")
NONE_PRINTED = ("tool called", "system, tool called", "tool result without tools")
WITH_TOOLS = ("tools", "system, tools", "tool called", "system, tool called",
              "tool called, arguments as text")

# reason -> {template: cases}. Left: what jinja2 does; llama.cpp's engine renders on.
KNOWN = {
    "text + list or mapping is a TypeError": {
        **{name: ("text parts",) for name in (
            "Bielik-11B-v3.0-Instruct", "ByteDance-Seed-OSS", "MiMo-VL", "Qwen-QwQ-32B",
            "Qwen-Qwen2.5-7B-Instruct", "Qwen3-Coder", "SmolLM2-135M-Instruct",
            "deepseek-ai-DeepSeek-R1-Distill-Llama-8B", "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B",
            "deepseek-ai-DeepSeek-V3.1", "deepseek-ai-DeepSeek-V3.2",
            "ibm-granite-granite-3.3-2B-Instruct", "inclusionai-ling-3.0-flash",
            "llama-cpp-deepseek-r1", "meetkai-functionary-medium-v3.1",
            "microsoft-Phi-3.5-mini-instruct", "mistralai-Mistral-Nemo-Instruct-2407",
            "openai-gpt-oss-120b", "upstage-Solar-Open-100B")},
        "meetkai-functionary-medium-v3.2": ("text parts", *NONE_PRINTED),
    },
    "a list, a mapping or None is printed as Python writes it": {
        "CohereForAI-c4ai-command-r7b-12-2024-tool_use": ("text parts",),
        "deepseek-ai-DeepSeek-V4": ("text parts",),
        "deepseek-ai-DeepSeek-V4-Flash-0731": ("text parts",),
        "google-gemma-4-31B-it": NONE_PRINTED,
        "google-gemma-4-31B-it-interleaved": NONE_PRINTED,
        "openbmb-MiniCPM5-1B": NONE_PRINTED,
    },
    "list.append is forbidden in the sandbox": {
        "Kimi-K2-Instruct": TOOL_CALLS,
        "Kimi-K2-Thinking": TOOL_CALLS,
    },
    "an undefined variable (functions) is an error": {
        "fireworks-ai-llama-3-firefunction-v2": tuple(
            case for case in jinja_cases.CASES if case != "unknown role"),
    },
    "text + `safe` text is HTML-escaped": {"meetkai-functionary-medium-v3.1": WITH_TOOLS},
    "a generator is not JSON": {"llama-cpp-deepseek-r1": WITH_TOOLS},
}


@pytest.fixture(scope="module")
def renderer():
    return script("jinja")


@pytest.fixture(scope="module")
def templates(model):
    folder = script("source") / "models" / "templates"
    found = {path.stem: path.read_text() for path in sorted(folder.glob("*.jinja"))}
    field = GGUFReader(model).fields["tokenizer.chat_template"]
    return {**found, "SmolLM2-135M-Instruct": field.contents()}


def ours(renderer, source, variables):
    request = json.dumps({"template": source, "now": NOW, "variables": variables})
    done = subprocess.run([renderer], input=request, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout).get("text")


def theirs(source, variables):
    try:
        return jinja_peer.render(source, NOW, variables)
    except Exception:  # a template may raise whatever Python raises
        return None


def test_every_template_gives_the_same_text(renderer, templates):
    assert len(templates) >= 71
    differing, equal, refused = set(), 0, 0
    for name, source in templates.items():
        for case, (messages, tools) in jinja_cases.CASES.items():
            for generation_prompt in (True, False):
                variables = {"messages": messages, "tools": tools, "documents": None,
                             "add_generation_prompt": generation_prompt,
                             "bos_token": "<BOS>", "eos_token": "<EOS>"}
                left, right = ours(renderer, source, variables), theirs(source, variables)
                if left != right:
                    differing.add((name, case, generation_prompt))
                elif left is None:
                    refused += 1
                else:
                    equal += 1
    known = {(name, case, prompt) for cases in KNOWN.values() for name, names in cases.items()
             for case in names for prompt in (True, False)}
    print(f"{len(templates)} templates: {equal} equal, {refused} refused by both, {len(differing)} differ")
    assert differing == known
    assert equal > 2200


@pytest.mark.parametrize("source, word", [
    ("{% for i in range(1000000000) %}{% endfor %}", "the template needs more memory than it may have"),
    ("{% set ns = namespace(s='aaaaaaaaaa') %}{% for x in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
     "the template needs more memory than it may have"),
    ("{% if %}", "Unexpected token"),
    ("{{ raise_exception('no') }}", "no"),
    ("{{ [{'a': 1}] | rejectattr('b', 'undefined') | list }}", "unknown test 'b'"),  # jinja2 knows it
    ("{{ 'x' * 1000000000 }}", "the template needs more memory than it may have"),
])
def test_a_broken_template_is_an_error(renderer, source, word):
    request = json.dumps({"template": source, "now": NOW, "variables": {}})
    done = subprocess.run([renderer], input=request, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert word in json.loads(done.stdout)["error"]


@pytest.mark.parametrize("source, word", [
    ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "recurses too deeply"),
    ("{% for i in range(99999) %}{% for j in range(99999) %}{% set x = i %}{% endfor %}{% endfor %}",
     "processor time"),
    ("{{ raise_exception('Only for teapots') }}", "Only for teapots"),
])
def test_a_hostile_template_ends_in_an_error_of_crossval(crossval, model, tmp_path, source, word):
    template = tmp_path / "hostile.jinja"
    template.write_text(source)
    run = crossval("per-token", "-m", model, "-p", "Hi", "--prompt-template", template)
    assert run.code == 5
    assert word in run.err
    assert run.out == ""
