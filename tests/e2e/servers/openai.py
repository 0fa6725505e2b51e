"""Servers with OpenAI's completions, each as its documentation (or, for llama-cpp-python, its source) has it."""
from .base import Handler, N_CTX, Refused, piece, shown


class Completions(Handler):
    """OpenAI's own: five log-probabilities, ids or texts in, echo, fields that it does not know refused."""
    routes = {"/v1/models": "models", "/v1/completions": "completions"}
    most, owner, takes_ids, has_echo, names = 5, "openai", True, True, ("a",)
    known = {"model", "prompt", "max_tokens", "temperature", "logprobs", "echo"}
    extra = {}

    def models(self, _):
        return {"object": "list", "data": [{"id": name, "owned_by": self.owner, **self.extra} for name in self.names]}

    def ids_of(self, asked):
        if asked["model"] not in self.names:
            raise Refused(404, "no such model")
        for field in asked:
            if self.known and field not in self.known:
                raise Refused(400, f"Unrecognized request argument supplied: {field}")
        if isinstance(asked["prompt"], list) and not self.takes_ids:
            raise Refused(422, "Input should be a valid string")
        if asked["logprobs"] > self.most:
            raise Refused(400, f"logprobs must be at most {self.most}")
        assert asked["max_tokens"] == 1  # one hangs at 0, one makes a token
        prompt = asked["prompt"]
        return prompt if isinstance(prompt, list) else list(prompt.encode())

    def top(self, asked, ids):
        """A dictionary by text: what looks alike is merged."""
        return {self.name(asked, i): p for i, p in reversed(self.distribution(ids)[:asked["logprobs"]])}

    def name(self, asked, token):
        return shown(token)

    def rows(self, asked, ids):
        """top_logprobs of the answer: of the prompt where it comes back, and of the one token made."""
        rows = [self.top(asked, ids)]
        if asked.get("echo") and self.has_echo:
            rows = [None] + [self.top(asked, ids[:i]) for i in range(1, len(ids))] + rows
        return rows

    def completions(self, asked):
        ids = self.ids_of(asked)
        rows = self.rows(asked, ids)
        choice = {"index": 0, "text": "x", "finish_reason": "length",
                  "logprobs": {"tokens": [next(iter(row)) if row else "" for row in rows], "top_logprobs": rows}}
        choice.update(self.more(asked, ids))
        return {"object": "text_completion", "choices": [choice],
                "usage": {"prompt_tokens": len(ids), "completion_tokens": 1}}

    def more(self, asked, ids):
        return {}


class NoEcho(Completions):
    """Takes the field and pays no heed, as llama-server does."""
    has_echo = False


class Vllm(Completions):
    most, owner, known, extra = 20, "vllm", None, {"max_model_len": N_CTX}
    routes = {**Completions.routes, "/version": "version"}

    def version(self, _):
        return {"version": "0.32.0"}

    def name(self, asked, token):
        return f"token_id:{token}" if asked.get("return_tokens_as_token_ids") else shown(token)

    def more(self, asked, ids):
        count = asked.get("prompt_logprobs")
        if count is None:
            return {}
        rows = [None]
        for i in range(1, len(ids)):
            whole = self.distribution(ids[:i])
            # the prompt's own token comes along, however unlikely it is
            listed = whole[:count] + [pair for pair in whole[count:] if pair[0] == ids[i]]
            rows.append({str(t): {"logprob": p, "rank": whole.index((t, p)) + 1, "decoded_token": shown(t)} for t, p in listed})
        return {"prompt_logprobs": rows}


class LlamaCppPython(Completions):
    """Row i of an echo stands beside token i instead of the token after it; texts alone; fails at what it does not like."""
    most, owner, known, takes_ids = 1000, "me", None, False

    def rows(self, asked, ids):
        if not asked.get("echo"):
            return [self.top(asked, ids)]
        made = ids + [self.distribution(ids)[0][0]]
        return [None] + [self.top(asked, made[:i + 1]) for i in range(1, len(made))]


class Objects(Completions):
    """Lists of objects with bytes, in the shape of chat, as llama-server's /v1/completions has them."""
    most, known, has_echo = 100, None, False

    def completions(self, asked):
        ids = self.ids_of(asked)
        content = [{"token": shown(i), "logprob": p, "bytes": list(shown(i).encode()), "id": i}
                   for i, p in self.distribution(ids)[:asked["logprobs"]]]
        return {"choices": [{"logprobs": {"content": [{**content[0], "top_logprobs": content}]}}]}


class ChatAlone(Completions):
    routes = {"/v1/models": "models"}


class Chat(ChatAlone):
    """Chat and nothing else, behind the template ChatML: what it writes itself, always the most likely token, until token 10."""
    routes = {"/v1/models": "models", "/v1/chat/completions": "chat"}
    most, counts = 20, True

    def rendered(self, messages):
        return "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages) + "<|im_start|>assistant\n"

    def entry(self, token, p):
        return {"token": shown(token), "logprob": p, "bytes": list(piece(token))}

    def chat(self, asked):
        if asked["top_logprobs"] > self.most:
            raise Refused(400, f"top_logprobs must be at most {self.most}")
        assert asked["logprobs"] is True and asked["temperature"] == 0 and asked["max_tokens"] >= 1
        ids, content = list(self.rendered(asked["messages"]).encode()), []
        prompt = len(ids)
        while len(content) < asked["max_tokens"]:
            row = self.distribution(ids)
            content.append(self.entry(*row[0]) | {"top_logprobs": [self.entry(*pair) for pair in row[:asked["top_logprobs"]]]})
            ids.append(row[0][0])
        return {"choices": [{"message": {"role": "assistant", "content": "…"}, "logprobs": {"content": content}, "finish_reason": "length"}]} | (
            {"usage": {"prompt_tokens": prompt}} if self.counts else {})


class NoLogProbabilities(Completions):
    known = None

    def completions(self, asked):
        self.ids_of(asked)
        return {"choices": [{"text": "x", "logprobs": None}]}


class CutsPrompts(Completions):
    """Keeps the end of a prompt that is too long, and says so by its count alone."""

    def ids_of(self, asked):
        return super().ids_of(asked)[-20:]


class ManyModels(Completions):
    names = ("small", "large")


class TextsAlone(Completions):
    """No ids, no echo: each position by the text of its prefix."""
    takes_ids = has_echo = False
