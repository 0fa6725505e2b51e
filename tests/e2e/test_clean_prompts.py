"""No false alarm: fifty prompts of all kinds, every one bit-identical."""
from conftest import PROMPTS


def test_no_false_alarm_on_clean_prompts(crossval, model):
    prompts = sorted(PROMPTS.glob("*.txt"))
    assert len(prompts) == 50
    for prompt in prompts:
        run = crossval("per-token", "-m", model, "-f", prompt, "--max-tokens", 2, "-t", 1, "--require", "bits",
                       "--format", "json")
        result = run.json
        assert run.code == 0 and result["verdict"] == "IDENTICAL", (prompt, run.err)
        assert result["identical_rows"] > 0
        # Said of the prompt, and true: its markers are read as text unless --special on.
        expected = ["special-as-text"] if b"<|im_start|>" in prompt.read_bytes() else []
        assert [w["name"] for w in result["warnings"]] == expected, (prompt, result["warnings"])
