"""--html: one file, whole without a network; hostile text stays text."""
import html.parser
import re

import gguf
import pytest

TEXT = "The quick brown fox jumps over the lazy dog and"
HOSTILE = ["</script><script>document.title='owned'</script>", "\u202eback", "<img src=x onerror=alert(1)>", "\0nul", '"quoted\' &amp;']


class Page(html.parser.HTMLParser):
    """Elements, texts and what the page would load."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.texts, self.loads, self.cells = [], [], [], [], []
        self.feed(text)
        assert self.open == [], self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href", "action", "srcset")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in ("meta", "line", "path", "br", "input", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def text(self, tag):
        return [data for at, data in self.texts if at == tag]


@pytest.fixture
def page(crossval, model, tmp_path):
    def make(*arguments, code):
        path = tmp_path / "page.html"
        run = crossval(*arguments, "-m", model, "-p", TEXT, "--html", path)
        assert run.code == code, run.err
        return path

    return make


def test_a_divergence(crossval, model, page):
    arguments = ("per-token", "--candidate", "native:fault=rope-pairing", "--reference", "native", "--max-tokens", "0", "--require",
                 "bits", "--first-diff")
    path = page(*arguments, code=1)
    text = path.read_text()
    read = Page(text)
    result = crossval(*arguments, "-m", model, "-p", TEXT, "--format", "json").json
    assert read.text("h1") == ["DIVERGED"] and read.loads == []
    assert "default-src 'none'" in text and "http" not in re.sub(r"http-equiv", "", text)
    assert read.tags.count("tr") > len(result["positions"])
    tokens = "".join(read.text("span"))
    assert tokens == TEXT
    assert "Qcur-0" in "".join(read.text("pre")) and "--first-diff" in "".join(read.text("pre"))
    assert text.count('class="first"') == 1
    position = result["first_divergence_token"]
    assert 'class="first" style' in text and f'title="position {position},' in text.split('class="first"')[1][:200]


def test_the_same_bits(page):
    read = Page(page("per-token", "--reference", "native", "--require", "bits", code=0).read_text())
    assert read.text("h1") == ["IDENTICAL"]


def test_the_command_is_that_of_a_shell(page):
    path = page("per-token", "--reference", "native", "--max-tokens", "0", code=0)
    command = Page(path.read_text()).text("pre")[-1]
    assert command.startswith("crossval per-token --reference native --max-tokens 0 -m ") and f"'{TEXT}'" in command


def test_explain(page):
    text = page("explain", "--candidate", "native:fault=rope-base@3", "--reference", "native", code=1).read_text()
    read = Page(text)
    assert read.text("h1") == ["CANDIDATE-WRONG"] and read.text("p")[0].startswith("the first operation that is off is Qcur-3 ROPE")
    off = re.findall(r'<tr class="fails"><td>([^<]*)</td>', text)
    assert off[0] == "Qcur-3 ROPE"


@pytest.fixture(scope="module")
def hostile(crossval, tmp_path_factory):
    """A made model whose tokens are HOSTILE."""
    folder = tmp_path_factory.mktemp("hostile")
    vocabulary = folder / "vocabulary.gguf"
    writer = gguf.GGUFWriter(vocabulary, "llama")
    words = ["<unk>", "<s>", "</s>"] + HOSTILE
    writer.add_tokenizer_model("llama")
    writer.add_token_list([word.encode() for word in words])
    writer.add_token_scores([0.0] * len(words))
    writer.add_token_types([gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
                           + [gguf.TokenType.NORMAL] * len(HOSTILE))
    for number, add in ((1, writer.add_bos_token_id), (2, writer.add_eos_token_id), (0, writer.add_unk_token_id)):
        add(number)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    model = folder / "hostile.gguf"
    made = crossval("synth", "--types", "F16", "--layers", 1, "--embd", 64, "--heads", 2, "--ff", 64, "--vocab", vocabulary, "-q", "-o",
                    model)
    assert made.code == 0, made.err
    page = folder / "page.html"
    run = crossval("per-token", "-m", model, "--tokens", "1,3,4,5,6,7", "--candidate", "native:fault=rope-pairing", "--reference",
                   "native", "--max-tokens", 0, "--require", "bits", "--html", page)
    assert run.code == 1, run.err
    return page


def test_hostile_tokens_stay_text(hostile):
    read = Page(hostile.read_text())
    assert read.tags.count("script") == 1 and "img" not in read.tags
    shown = "".join(read.text("span"))
    assert "</script>" in shown and "\\u{202e}" in shown and "\\x00nul" in shown and "\u202e" not in hostile.read_text()
