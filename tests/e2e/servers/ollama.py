"""Ollama's /api/generate as docs/api.md has it from 0.12.11 on."""
from .base import Handler, piece, shown


class Ollama(Handler):
    routes = {"/api/version": "version", "/api/tags": "tags", "/api/generate": "generate"}
    logs = True

    def version(self, _):
        return {"version": "0.12.11"}

    def tags(self, _):
        return {"models": [{"name": "small:latest", "details": {"parameter_size": "1M", "quantization_level": "F16"}}]}

    def generate(self, asked):
        assert asked["raw"] and not asked["stream"] and asked["options"]["num_predict"] == 1
        ids = list(asked["prompt"].encode())
        answer = {"response": "x", "done": True, "prompt_eval_count": len(ids)}
        if self.logs:
            top = [{"token": shown(i), "logprob": p, "bytes": list(piece(i))}
                   for i, p in self.distribution(ids)[:asked["top_logprobs"]]]
            answer["logprobs"] = [{**top[0], "top_logprobs": top}]
        return answer


class OldOllama(Ollama):
    logs = False
