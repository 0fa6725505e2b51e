"""An engine whose rows depend on something that they must not depend on: key varies= says on what."""
import os
import sys
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "engines", "python"))
import crossval

N_VOCAB = 365


class Varying(crossval.Engine):
    name, kv_type, n_vocab, n_ctx = "varying", "f32", N_VOCAB, 512
    keys = frozenset({"varies", "says"})

    def __init__(self, settings):
        super().__init__(settings)
        self.varies, self.settings, self.runs = settings.get("varies", ""), settings, 0
        self.says = [word for word in settings.get("says", "").split("+") if word]
        self.threads = int(settings.get("threads", "1"))
        self.salt = time.time_ns() % 1000 if self.varies == "process" else 0

    def about(self):
        return {"settings": {"not_invariant_to": self.says}}

    def evaluate(self, ids, first):
        if first == 0:
            self.runs += 1
        if self.varies == "death":
            os._exit(3)
        shift = {"threads": self.threads, "batch": int(self.settings.get("n_batch", "0")), "run": self.runs,
                 "process": self.salt, "first": first}.get(self.varies, 0)
        positions = np.arange(first, first + len(ids))[:, None]
        return (np.sin(np.arange(N_VOCAB)[None] * 0.37 + positions) * 5 + 1e-3 * shift * np.cos(np.arange(N_VOCAB))).astype("f4")


crossval.serve(Varying)
