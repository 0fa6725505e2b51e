"""llama.cpp's Jinja engine against jinja2 with Hugging Face's settings, on the templates that come with llama.cpp's source
and the demo model's own, or those of them that the commit chooses. Each difference is known by name (docs/prompts.md): one
more, or one less, fails."""
import json
import subprocess

import pytest
from gguf import GGUFReader

import jinja_cases
import jinja_peer
from conftest import script
from slices import slice_of

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
    done = subprocess.run([renderer], input=request, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout).get("text")


def theirs(source, variables):
    try:
        return jinja_peer.render(source, NOW, variables)
    except Exception:  # a template may raise whatever Python raises
        return None


def test_every_template_gives_the_same_text(renderer, templates):
    assert len(templates) >= 71
    chosen = slice_of(templates, 12)
    differing, equal, refused = set(), 0, 0
    for name in chosen:
        source = templates[name]
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
    known = {(name, case, prompt) for cases in KNOWN.values() for name, names in cases.items() if name in chosen
             for case in names for prompt in (True, False)}
    print(f"{len(chosen)} templates: {equal} equal, {refused} refused by both, {len(differing)} differ")
    assert differing == known
    assert equal > (2200 if len(chosen) == len(templates) else 10 * len(chosen))


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
    done = subprocess.run([renderer], input=request, capture_output=True, text=True, timeout=300)
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


def test_arguments_of_either_form_make_one_text(crossval, model, templates, tmp_path):
    """A tool call with its arguments as a mapping and as JSON text, through templates: one text, which
    jinja2 makes of one of the two forms, without escapes or Python's way of writing where the other form has none."""
    city = {"city": "Paris", "days": [1, 2]}
    as_text = json.dumps(city, separators=(",", ":"))

    def messages(arguments):
        call = {"id": "abcdefghi", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}
        return [{"role": "user", "content": "Weather?"}, {"role": "assistant", "content": "", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "abcdefghi", "name": "get_weather", "content": "18"},
                {"role": "user", "content": "Thanks"}]

    def ugly(text):
        return "{'city'" in text or json.dumps(as_text) in text or json.dumps(json.dumps(city)) in text

    shown, chosen = 0, slice_of(templates, 12)
    for name in chosen:
        source = templates[name]
        (tmp_path / "template.jinja").write_text(source)
        runs = []
        for form in (city, as_text):
            (tmp_path / "messages.json").write_text(json.dumps(messages(form)))
            runs.append(crossval("tokenize", "-m", model, "--messages", tmp_path / "messages.json",
                                 "--prompt-template", tmp_path / "template.jinja", "--format", "json"))
        assert runs[0].code == runs[1].code, name
        if runs[0].code != 0:
            continue
        text = runs[0].json["prompt"]["text"]
        assert text == runs[1].json["prompt"]["text"], name
        if "Paris" not in text:  # the template shows no calls
            continue
        shown += 1
        assert not ugly(text), name
        peers = [theirs(source, {"messages": messages(form), "tools": None, "documents": None, "bos_token": "",
                                 "add_generation_prompt": True, "eos_token": ""}) for form in (city, as_text)]
        beautiful = [peer for peer in peers if peer is not None and "Paris" in peer and not ugly(peer)]
        # The tokens around a text are the model's here and none there; the call itself is the same.
        at = text.rindex("Paris")
        assert not beautiful or any(text[at - 20:at + 5] in peer for peer in beautiful), name
    assert shown >= (40 if len(chosen) == len(templates) else 2)


def test_arguments_that_stay_escaped_are_said(crossval, model, tmp_path):
    (tmp_path / "template.jinja").write_text(
        "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}{{ c.function.arguments | tojson }}"
        "{% endfor %}{% endfor %}")

    def warnings(arguments):
        (tmp_path / "messages.json").write_text(json.dumps([
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": arguments}}]}]))
        run = crossval("tokenize", "-m", model, "--messages", tmp_path / "messages.json", "--prompt-template",
                       tmp_path / "template.jinja", "--format", "json")
        return [warning["name"] for warning in run.json["warnings"]]

    assert warnings('{"a": 1}') == warnings({"a": 1}) == []
    assert warnings('{"a": ') == ["arguments-escaped"]
    assert warnings(json.dumps(json.dumps({"a": 1}))) == ["arguments-escaped"]


def test_a_requests_body_and_variables(crossval, model, templates, tmp_path):
    """chat_template_kwargs, in the body or as an option, make the text that jinja2 makes with them."""
    source = templates["Qwen-Qwen3-0.6B"]
    (tmp_path / "template.jinja").write_text(source)
    turns = [{"role": "user", "content": "What is 2 + 2?"}]
    body = {"model": "any", "messages": turns, "stream": True}

    def text(body, *options):
        (tmp_path / "body.json").write_text(json.dumps(body))
        run = crossval("tokenize", "-m", model, "--messages", tmp_path / "body.json", "--prompt-template",
                       tmp_path / "template.jinja", "--format", "json", *options)
        return run.json["prompt"]["text"] if run.code == 0 else run.json["error"]["what"]

    def peer(**more):
        return theirs(source, {"messages": turns, "tools": None, "documents": None, "add_generation_prompt": True,
                               "bos_token": "", "eos_token": "", **more})

    off = {"enable_thinking": False}
    assert peer() != peer(**off)
    assert text(body) == peer()
    assert text({**body, "chat_template_kwargs": off}) == peer(**off)
    assert text(body, "--chat-template-kwargs", json.dumps(off)) == peer(**off)
    assert text({**body, "chat_template_kwargs": {"enable_thinking": True}}, "--chat-template-kwargs",
                json.dumps(off)) == peer(**off)
    assert text({**body, "add_generation_prompt": False}) == peer(add_generation_prompt=False)
    assert "enable_thinking" in text({**body, "enable_thinking": False})  # not a body's own: refused by name
