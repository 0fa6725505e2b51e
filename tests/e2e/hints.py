"""Every piece of advice in src/: the command that is advised, the same command after following it.

    Hint(what the source says, before, after, …)    both run; the advice is gone after, and the status is as given
    Elsewhere(what the source says, where)          followed by another test, or nothing that a command could follow
    NO_ADVICE                                       sentences that look like advice and are none

tests/e2e/test_hints.py runs them, and fails for advice in src/ that is not in here.
"""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Hint:
    said: str  # a part of one string of the source, and of what the command prints
    before: str  # words of the command; {name} is a file of test_hints.files
    after: str | list = ""  # likewise; several: each of them
    code: int = 64  # of the command before
    then: tuple = (0,)  # of the command after
    env: dict = field(default_factory=dict)  # before only
    env_after: dict = field(default_factory=dict)
    printed: str = ""  # where the source's string has blanks
    limit: int = 0  # bytes of address space, before only
    full: bool = False  # standard output is a full disk, before only


@dataclass(frozen=True)
class Elsewhere:
    said: str
    where: str


RUN = "run -m {model} -p Hello --max-tokens 1"
PAIR = "per-token -m {model} -p 'Hello there, friend' --max-tokens 0 --reference native"
IDS = "--tokens 1,2,3 --max-tokens 0 --reference native"
FAULT = PAIR + " --candidate native:fault=rope-pairing"
OTHER_KV = PAIR + " --candidate native:kv=f32 --cos-tol 0.9"
OTHER_IDS = PAIR + " --tokenizer {gpt2}"
SYNTH = "synth -q --types F16 --layers 1 -o {dir}/made.gguf"
NO_RENDERER = {"CROSSVAL_CACHE": "{dir}/file", "CROSSVAL_JINJA": ""}

HINTS = [
    # files
    Hint("Check the path and its permissions.", "run -m {dir}/none.gguf -p a", RUN, code=5),
    Hint("Check the path and its permissions.", "run -m {model} -f {dir}/none.txt",
         "run -m {model} -f {text} --max-tokens 1",
         code=5),
    Hint("Was the download or conversion interrupted?", "run -m {dir}/empty.gguf -p a", RUN, code=5),
    Hint("raise ulimit -v.", RUN, RUN, code=5, limit=96 << 20),
    Hint("Name a new file, or one that may be replaced.", "synth --types F16 --layers 1 -o {dir}", SYNTH, code=74),
    Hint("Set TMPDIR to a folder that can be written.", "doctor --reference native", "doctor --reference native",
         code=74,
         env={"TMPDIR": "/nonexistent"}, env_after={"TMPDIR": "{dir}"}),
    Hint("Is the disk full, or did the reading program end early?", "tokenize -m {model} -p a",
         "tokenize -m {model} -p a",
         code=74, full=True),
    Hint("Keep all parts of a split model in one folder under their own names.",
         "inspect --quick {dir}/lone/m-00001-of-00003.gguf",
         "inspect --quick {dir}/parts/m-00001-of-00003.gguf", code=5, then=(0, 3)),
    Hint("Was the model converted by a tool that knows its architecture?", "run -m {keys} --tokens 1",
         "run -m {tiny} --tokens 1",
         code=5),
    Hint("It is truncated or damaged: compare its size and checksum with the source.", "run -m {cut} --tokens 1",
         "run -m {tiny} --tokens 1", code=5),
    Elsewhere("llama.cpp refuses it too. Write the key again with the type that the format has for it.",
              "tests/gguf/file_test.cc"),
    Elsewhere("llama.cpp ends itself on such a file. Convert the model again", "tests/e2e/test_dead_engines.py"),
    Elsewhere("The file means something that would be ignored", "tests/model/load_test.cc: a question"),
    Elsewhere("Was the file quantised by several threads?",
              "tests/model: converted again with one thread it is another file"),
    Elsewhere("The file is damaged, or its type 36", "tests/model: a finding"),
    Elsewhere("Name another layout with --i2s-layout.", "tests/model/load_test.cc"),
    Elsewhere("Weights in layout x86 are read from the file", "tests/model/load_test.cc"),
    # engines
    Hint("There are: {}.", "run -m {model} -p a --engine natvie", RUN + " --engine native",
         printed="Did you mean native?"),
    Hint("There are: {}.", "run -m {model} -p a --engine native:thread=2", RUN + " --engine native:threads=2",
         printed="Did you mean threads?"),
    Hint("There are: ", PAIR + " --candidate native:fault=none", FAULT, then=(1,)),
    Hint("Give one with -m FILE.gguf, or to this engine alone: ", "run -p a", [RUN,
         "run -p a --max-tokens 1 --engine native:model={model}"]),
    Hint("Write name[:key=value[,key=value]], e.g.", "run -m {model} -p a --engine native:threads",
         RUN + " --engine native:threads=2"),
    Hint("Until crossval has an engine for it there are two ways",
         "per-token -m {model} -p a --reference http://localhost:1",
         ["per-token -m {model} -p Hello --max-tokens 0 --candidate native --reference native --dump {dir}/dump",
          "per-token -m {model} -p Hello --max-tokens 0 --reference llama.cpp:worker={worker}"]),
    Hint("Name its source tree, llama.cpp:src=DIR, or a build of it, llama.cpp:build=DIR",
         "per-token -m {model} -p a --reference ik_llama.cpp",
         "per-token -m {model} -p Hello --max-tokens 0 --reference llama.cpp:build={libs}"),
    Hint("Say which engine runs it: ", "per-token -m {model} -p a --reference {model}",
         PAIR.replace("native", "native:model={model}")),
    Hint("Give at most one of worker, src, build and release.",
         "per-token -m {model} -p a --reference llama.cpp:src=/a,build=/b",
         "per-token -m {model} -p Hello --max-tokens 0 --reference llama.cpp:build={libs}"),
    Hint("Set BITNET_CPP_DIR to a tree or a build of bitnet.cpp (docs/bitnet.md) and leave",
         "per-token -m {i2s} --tokens 1,2",
         "per-token -m {i2s} --tokens 1,2", code=5, then=(1,), env_after={"BITNET_CPP_DIR": "{ik}"}),
    Hint("Or compare native with itself: --reference native.", "per-token -m {i2s} --tokens 1,2",
         "per-token -m {i2s} " + IDS,
         code=5),
    Hint("Set BITNET_CPP_DIR to a tree or a build of bitnet.cpp (docs/bitnet.md), or run: unset", "doctor", "doctor",
         code=4,
         env={"BITNET_CPP_DIR": "/nowhere"}, printed="BITNET_CPP_DIR to a tree"),
    Elsewhere("cannot read: is it bitnet.cpp, and new enough?", "tests/e2e/test_bitnet_peers.py"),
    Elsewhere("Or name a worker: llama.cpp:worker=PATH.", "a source tree of crossval's that is gone"),
    Elsewhere("Free some memory.", "no positions fit at all"),
    Elsewhere("docs/bitnet.md says which flags give a build", "tests/e2e/test_bitnet_peers.py, with BITNET_CPP_DIR"),
    Hint("say which it is with --i2s-layout", "run -m {independent} --tokens 1,2 --max-tokens 0",
         "run -m {independent} --tokens 1,2 --max-tokens 0 --i2s-layout arm", code=0),
    Hint("Raise --engine-timeout if it is only slow.",
         "run -m {model} -p a --max-tokens 1 --engine-timeout 0.5 --engine llama.cpp:worker={slow}",
         "run -m {model} -p a --max-tokens 1 --engine-timeout 60 --engine llama.cpp:worker={slow}", code=4),
    Elsewhere("Rebuild the engine, or use the crossval that it was built for.", "tests/process/engine_test.cc"),
    Elsewhere(", or --kv f16", "tests/native/kv_cache_test.cc: it takes much memory"),
    Hint("Give -c {} or less", "run -m {model} --tokens 1 --max-tokens 0 -c 1000000000",
         "run -m {model} --tokens 1 --max-tokens 0 -c 4096", code=4,
         printed=r"Give -c \d+ or less"),  # that it fits: tests/native/kv_cache_test.cc
    Hint("Give -c {} at most, or leave it out.", "run -m {learned} --tokens 1 --max-tokens 0 -c 100",
         ["run -m {learned} --tokens 1 --max-tokens 0 -c FIGURE", "run -m {learned} --tokens 1 --max-tokens 0"],
         printed=r"Give -c (\d+) at most"),
    Hint("Raise -c or shorten the prompt", "run -m {model} --tokens 1,2,3,4,5 -c 4",
         ["run -m {model} --tokens 1,2,3,4,5 -c 8 --max-tokens 1",
          "run -m {model} --tokens 1,2,3 -c 4 --max-tokens 1"]),
    Hint("The model has learned no more positions: shorten the prompt", "run -m {learned} --tokens {seventy}",
         "run -m {learned} --tokens 1,2,3 --max-tokens 1"),
    Hint(", or lower --max-tokens.", "per-token -m {model} --tokens 1,2,3 -c 4 --max-tokens 4 --reference native",
         "per-token -m {model} --tokens 1,2,3 -c 4 --max-tokens 1 --reference native"),
    Elsewhere("decode step by step: use --max-tokens 0", "tests/session/per_token_test.cc"),
    Elsewhere("show its tensors: leave out --first-diff", "tests/session/per_token_test.cc"),
    Hint("Use one of: ", RUN, RUN, env={"CROSSVAL_KERNELS": "none"}, env_after={"CROSSVAL_KERNELS": "scalar"}),
    # the reference and what is built
    Hint("Without -q its messages say why.", RUN + " --chat -q", RUN + " --chat", code=4, then=(4,), env=NO_RENDERER,
         env_after=NO_RENDERER),
    Hint("Its messages say why.", RUN + " --chat", RUN + " --chat", code=4, env=NO_RENDERER),
    Hint("Without it --prompt-template raw, instruct, chatml and llama3-chat work.", RUN + " --chat",
         [f"{RUN} --prompt-template {form}" for form in ("raw", "instruct", "chatml", "llama3-chat")], code=4,
         env=NO_RENDERER,
         env_after=NO_RENDERER),
    Hint("Is it crossval-jinja? scripts/reference.sh jinja builds it; CROSSVAL_JINJA names another.", RUN + " --chat",
         RUN + " --chat",
         code=4, env={"CROSSVAL_JINJA": "/bin/false"}),
    Hint("Leave --reference out. ", "doctor --reference llama.cpp:worker=/bin/false", "doctor", code=4,
         printed="Leave --reference out"),
    Hint("Set CROSSVAL_CACHE to a folder that can be written.", "doctor --reference native",
         "doctor --reference native", code=0,
         env={"CROSSVAL_CACHE": "{dir}/file/cache"}, env_after={"CROSSVAL_CACHE": "{dir}/cache"}),
    Hint(" away. Run: unset CROSSVAL_KERNELS", "doctor --reference native", "doctor --reference native", code=0,
         env={"CROSSVAL_KERNELS": "scalar"}, printed="unset CROSSVAL_KERNELS"),
    Hint("Run: unset CROSSVAL_KERNELS. ", "doctor --reference native", "doctor --reference native",
         env={"CROSSVAL_KERNELS": "none"}, printed="unset CROSSVAL_KERNELS. "),
    Elsewhere("Everything that needs no reference works without it.", "tests/e2e/test_doctor.py"),
    Elsewhere("the first --chat or Jinja template builds it", "tests/e2e/test_renderer.py"),
    Elsewhere("It is built to be canonical.", "tests/cli/doctor_test.cc: a bug"),
    Elsewhere("Its flags are the canonical ones, its source is another", "tests/cli/doctor_test.cc"),
    Elsewhere("Its arithmetic is its own: --require bits", "tests/e2e/test_doctor.py"),
    Elsewhere("This is a bug in crossval", "none is known"),
    # the command line
    Hint("See crossval ", "run -m {model} --promt a", RUN, printed="Did you mean --prompt?"),
    Hint("Give one of them.", PAIR + " --require bits --cos-tol 0.9", [PAIR + " --require bits",
         PAIR + " --cos-tol 0.9"]),
    Hint("Give one of them.", RUN + " -q -v", [RUN + " -q", RUN + " -v"]),
    Hint("Leave out --format.", "completion bash --format json", "completion bash"),
    Hint("Give --temp as well, --temp 0.8 for example.", RUN + " --top-k 5", RUN + " --top-k 5 --temp 0.8"),
    Hint("0 keeps all tokens.", RUN + " --temp 1 --top-k -1", RUN + " --temp 1 --top-k 0"),
    Hint("1 keeps all tokens.", RUN + " --temp 1 --top-p 2", RUN + " --temp 1 --top-p 1"),
    Hint("Leave out --quick and --tensor; --filter chooses tensors.", "inspect {tiny} {tiny} --quick",
         ["inspect {tiny} {tiny}", "inspect {tiny} {tiny} --filter blk"]),
    Hint("crossval inspect {} lists them.", "inspect {tiny} --tensor none", "inspect {tiny}", then=(0, 3),
         printed="lists them."),
    # prompts
    Hint("Convert it: iconv -f ", "run -m {model} -f {utf16}", "run -m {model} -f {text} --max-tokens 1", code=5),
    Hint("Write ids separated by commas, e.g. --tokens 1,2,3.", "run -m {model} --tokens 1;2",
         "run -m {model} --tokens 1,2 --max-tokens 1"),
    Hint("Give at least one byte of text.", "run -m {model} -p ''", RUN),
    Hint("Give exactly one of -p TEXT, -f FILE, --messages FILE.json and --tokens 1,2,3.", "run -m {model}",
         [RUN, "run -m {model} -f {text} --max-tokens 1", "run -m {model} --messages {messages} --max-tokens 1",
          "run -m {model} --tokens 1,2,3 --max-tokens 1"]),
    Hint("Leave out templates, --system-prompt, --bos and --special.",
         "run -m {model} --tokens 1 --bos on --max-tokens 1",
         "run -m {model} --tokens 1 --max-tokens 1"),
    Elsewhere("Leave --bos at auto.", "tests/cli/model_prompt_test.cc"),
    Elsewhere("Give more text.", "tests/prompt/prompt_test.cc"),
    Elsewhere(" and the tokenizer adds another; --bos off leaves ", "tests/prompt/bos_policy_test.cc"),
    Hint("; --special on makes tokens of them", "run -m {model} -p '<|im_start|>a' --max-tokens 1",
         "run -m {model} -p '<|im_start|>a' --max-tokens 1 --special on", code=0),
    Hint("Leave one of them out.", "run -m {model} --messages {system} --system-prompt b",
         ["run -m {model} --messages {system} --max-tokens 1",
         "run -m {model} --messages {messages} --system-prompt b --max-tokens 1"]),
    Hint('Write [{"role": "user", "content": "Hi"}] or', "run -m {model} --messages {text}",
         "run -m {model} --messages {messages} --max-tokens 1",
         code=5),
    Hint("Use auto or a FILE.jinja that knows tools.", "run -m {model} --messages {tools} --prompt-template chatml",
         "run -m {model} --messages {tools} --prompt-template auto --max-tokens 1"),
    Hint("Use auto or a FILE.jinja.", "run -m {model} --messages {called} --prompt-template chatml",
         "run -m {model} --messages {called} --prompt-template auto --max-tokens 1"),
    Hint("Use --chat, or name another --prompt-template.", RUN + " --system-prompt b",
         [RUN + " --system-prompt b --chat", RUN + " --system-prompt b --prompt-template chatml"]),
    Hint("Only --prompt-template raw takes any bytes.", "run -m {model} -f {bytes} --prompt-template chatml",
         "run -m {model} -f {bytes} --prompt-template raw --max-tokens 1"),
    Hint("Name one: --prompt-template instruct, chatml, llama3-chat or FILE.jinja; or use raw.",
         "run -m {tiny} -p a --chat",
         [f"run -m {{tiny}} -p a --max-tokens 1 --prompt-template {form}"
          for form in ("instruct", "chatml", "llama3-chat", "{jinja}", "raw")], code=5),
    Hint("Known: raw, auto, instruct, chatml, llama3-chat, or the path of a Jinja file.",
         RUN + " --prompt-template chat",
         [RUN + " --prompt-template auto", RUN + " --prompt-template {jinja}"]),
    Hint("Give the text with -p or -f.", "tokenize -m {model} --compare --tokens 1 --reference native",
         ["tokenize -m {model} --compare -p a --reference native",
         "tokenize -m {model} --compare -f {text} --reference native"]),
    Hint("Give token ids with --tokens, or a vocabulary with --tokenizer.", "run -m {wordless} -p a",
         ["run -m {wordless} --tokens 1,2 --max-tokens 0", "run -m {wordless} -p a --tokenizer {tiny} --max-tokens 0"]),
    Hint("Give token ids with --tokens.", "run -m {wordless} -p a --engine llama.cpp",
         "run -m {wordless} --tokens 1,2 --max-tokens 0 --engine llama.cpp"),
    Hint("--tokens no vocabulary is needed.", "run -m {unknown} -p a", "run -m {unknown} --tokens 1,2 --max-tokens 0",
         code=5),
    Elsewhere("Convert the model again.", "tests/tokenizer: a damaged file"),
    Elsewhere("The list of what is: docs/tokenizers.md.", "tests/tokenizer: what is not supported"),
    Elsewhere("Is it a tokenizer.json of Hugging Face?", "tests/tokenizer: a question"),
    Elsewhere("Known: GGUF, SentencePiece tokenizer.model, Hugging Face tokenizer.json.",
              "tests/tokenizer: what there is"),
    Elsewhere("Supported: unigram, bpe.", "tests/tokenizer: what there is"),
    Elsewhere("Known are those of the pinned llama.cpp", "tests/tokenizer: what there is"),
    Elsewhere("Shorten the longest run of letters or white space.", "tests/tokenizer/regex_test.cc"),
    Elsewhere("Remove the bytes F4 90 to F7 BF", "tests/tokenizer"),
    Elsewhere("Give {} bytes at most.", "gigabytes"),
    Elsewhere("Repair the tokenizer.ggml keys of the model file", "tests/tokenizer: a damaged file"),
    # what comes after a comparison
    Hint("no bit may differ; under --require cos, --cos-tol {} would have passed", FAULT + " --require bits",
         FAULT + " --require cos --cos-tol FIGURE", code=1, printed=r"--cos-tol (-?[\d.]+)\s+would have passed"),
    Hint("--cos-tol {} would have passed", FAULT, FAULT + " --cos-tol FIGURE", code=1,
         printed=r"--cos-tol (-?[\d.]+) would have passed"),
    Hint("--first-diff finds the first operation whose result differs; --all shows every position", FAULT,
         FAULT + " --first-diff",
         code=1, then=(1,), printed="--first-diff finds the first operation"),
    Hint("--first-diff finds where the bits first differ", OTHER_KV, OTHER_KV + " --first-diff", code=0),
    Hint("--on-token-mismatch use-reference goes on", OTHER_IDS, OTHER_IDS + " --on-token-mismatch use-reference",
         code=2, then=(0, 2)),
    Elsewhere("--first-diff finds the first operation whose result differs",
              "tests/report/text_report_test.cc, of unhealthy rows"),
    Elsewhere("set them alike, or ask for the difference: --candidate NAME:KEY=VALUE",
              "tests/session/per_token_gates_test.cc"),
    # synth
    Hint("Use --types.", "synth -o {dir}/made.gguf", SYNTH, printed="--types is required"),
    Hint("Known: {}.", SYNTH + " --types F17", SYNTH, printed="Known: "),
    Hint("Give --head-dim, or --embd as a multiple of twice --heads.", SYNTH + " --embd 63 --heads 7",
         [SYNTH + " --embd 63 --heads 7 --head-dim 10", SYNTH + " --embd 70 --heads 5"]),
    Hint("Give --embd, --ff and --heads times --head-dim as multiples of 256.",
         "synth -q --types Q4_K --layers 1 --embd 96 --heads 4 -o {dir}/m.gguf",
         "synth -q --types Q4_K --layers 1 --embd 256 --heads 4 --ff 512 -o {dir}/m.gguf"),
    Hint("Give --experts and --experts-used.", SYNTH + " --arch qwen3moe --experts 2 --experts-used 3",
         SYNTH + " --arch qwen3moe --experts 4 --experts-used 3"),
    Hint("Give --experts.", SYNTH + " --experts-used 2", SYNTH + " --experts-used 2 --experts 4"),
]

NO_ADVICE = [
    "SAME-TOKENS: ", "TOKENS-DIFFER: ", " Type {} is {}.",
    "Finds the first token at which two LLM inference engines disagree",
    "asked for by ", "given by --tokens", "ended by --max-tokens", "--tokens takes the ids as they are",
    "two system prompts: --system-prompt and the first message", "--rope-dim {} is odd or more",
    "is no multiple of --kv-heads",
    "--experts-used without experts",
]
