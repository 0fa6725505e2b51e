"""No false alarm: fifty prompts of all kinds, or those of them that the commit chooses, every one bit-identical."""
import pytest

from conftest import PROMPTS
from slices import slice_of

NAMES = sorted(path.name for path in PROMPTS.glob("*.txt"))


def test_no_false_alarm_on_clean_prompts(crossval, model):
    assert len(NAMES) == 50
    for prompt in (PROMPTS / name for name in slice_of(NAMES, 16)):
        run = crossval("per-token", "-m", model, "-f", prompt, "--max-tokens", 2, "-t", 1, "--require", "bits",
                       "--format", "json")
        result = run.json
        assert run.code == 0 and result["verdict"] == "IDENTICAL", (prompt, run.err)
        assert result["identical_rows"] > 0
        # Said of the prompt, and true: its markers are read as text unless --special on.
        expected = ["special-as-text"] if b"<|im_start|>" in prompt.read_bytes() else []
        assert [w["name"] for w in result["warnings"]] == expected, (prompt, result["warnings"])


RANDOM_MODELS = [("llama", "Q4_K", 1), ("gemma2", "F16", 2), ("bitnet", "TQ2_0", 3), ("qwen2moe", "Q8_0", 4),
                 ("gpt2", "Q5_1", 5), ("command-r", "IQ4_NL", 6), ("bloom", "BF16", 7), ("olmoe", "Q6_K", 8)]


@pytest.mark.parametrize(("arch", "weight_type", "seed"), slice_of(RANDOM_MODELS, 2))
def test_no_pattern_is_seen_in_a_random_model(crossval, tmp_path, arch, weight_type, seed):
    model = tmp_path / "random.gguf"
    made = crossval("synth", "--arch", arch, "--types", weight_type, "--seed", seed, "--context", 8192, "-q",
                    "-o", model)
    assert made.code == 0, made.err
    for prompt in (PROMPTS / name for name in slice_of(NAMES, 16)):
        run = crossval("per-token", "-m", model, "-f", prompt, "--max-tokens", 2, "-t", 1, "-c", 8192, "--require", "bits",
                       "--format", "json")
        assert run.code == 0, (prompt, run.out[-1000:], run.err)
        assert [w["name"] for w in run.json["warnings"]] in ([], ["special-as-text"]), (prompt, run.json["warnings"])
