"""llama-server as tools/server/README.md of the pinned llama.cpp has it, as far as crossval asks."""
from .base import Handler, N_CTX, N_VOCAB, Refused, piece, shown


class LlamaServer(Handler):
    routes = {"/props": "props", "/v1/models": "models", "/tokenize": "tokenize", "/detokenize": "detokenize",
              "/completion": "completion"}
    most = N_VOCAB  # log-probabilities
    bos = None

    def props(self, _):
        return {"default_generation_settings": {"n_ctx": N_CTX, "params": {}}, "total_slots": 1, "model_path": "/m/a.gguf",
                "model_ftype": "F16", "build_info": "b0-fake", "bos_token": "", "eos_token": "", "chat_template": ""}

    def models(self, _):
        return {"object": "list", "data": [{"id": "a.gguf", "owned_by": "llamacpp",
                                            "meta": {"n_vocab": N_VOCAB, "n_ctx_train": N_CTX}}]}

    def tokenize(self, asked):
        ids = list(asked["content"].encode())
        return {"tokens": [self.bos, *ids] if self.bos is not None and asked["add_special"] else ids}

    def detokenize(self, asked):
        return {"content": b"".join(piece(token) for token in asked["tokens"]).decode(errors="replace")}

    def entries(self, ids, count):
        return [{"id": i, "token": shown(i), "bytes": list(piece(i)), "logprob": p}
                for i, p in self.distribution(ids)[:min(count, self.most)]]

    def completion(self, asked):
        ids = asked["prompt"]
        if len(ids) >= N_CTX:
            raise Refused(400, "request exceeds the available context size")
        assert asked["temperature"] == 0 and "samplers" not in asked and asked["post_sampling_probs"] is False
        top = self.entries(ids, asked["n_probs"])
        return {"content": top[0]["token"], "tokens": [], "completion_probabilities": [{**top[0], "top_logprobs": top}]}
