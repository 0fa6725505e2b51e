"""What tiny checkpoints there are: transformers' classes and their configurations (make_checkpoints.py). Data alone."""
VOCAB, EXPERTS = 320, 4
IDS = [(37 * i + i * i) % VOCAB for i in range(40)]

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin|>"]
END, STOP, BEGIN = 0, 2, 3  # ids of SPECIAL

BASE = dict(vocab_size=VOCAB, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=16, max_position_embeddings=512, bos_token_id=END, eos_token_id=STOP,
            pad_token_id=END, tie_word_embeddings=False)
TOKEN_KEYS = ("vocab_size", "bos_token_id", "eos_token_id", "pad_token_id")
LLAMA3 = dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)

EXPERT_SIZES = dict(num_experts=EXPERTS, num_experts_per_tok=2, moe_intermediate_size=32)
LOCAL_EXPERTS = dict(num_local_experts=EXPERTS, num_experts_per_tok=2)
GRANITE = dict(embedding_multiplier=12.0, residual_multiplier=0.22, logits_scaling=8.0, attention_multiplier=0.0625)
GEMMA = dict(vocab_size=400, tie_word_embeddings=True, sliding_window=16, query_pre_attn_scalar=16, bos_token_id=1,
             eos_token_id=2, pad_token_id=0)

# name: transformers' class, dtype of the file, pre-tokenizer (or spm: a SentencePiece model), what differs from BASE
FAMILIES = {
    "llama": ("Llama", "float32", "llama-bpe", dict(rope_parameters=LLAMA3, bos_token_id=BEGIN)),
    "llama-linear": ("Llama", "float32", "gpt-2", dict(rope_parameters=dict(
        rope_type="linear", rope_theta=10000.0, factor=4.0))),
    "llama-yarn": ("Llama", "float32", "gpt-2", dict(rope_parameters=dict(
        rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=128))),
    "llama-bias": ("Llama", "float32", "gpt-2", dict(attention_bias=True, mlp_bias=True)),
    "mistral": ("Mistral", "bfloat16", "gpt-2", dict(sliding_window=None)),
    "mixtral": ("Mixtral", "bfloat16", "gpt-2", LOCAL_EXPERTS),
    "qwen2": ("Qwen2", "bfloat16", "qwen2", {}),
    "qwen2moe": ("Qwen2Moe", "float32", "qwen2", dict(shared_expert_intermediate_size=48, **EXPERT_SIZES)),
    "qwen3": ("Qwen3", "bfloat16", "qwen2", dict(tie_word_embeddings=True)),
    "qwen3moe": ("Qwen3Moe", "float32", "qwen2", dict(norm_topk_prob=True, **EXPERT_SIZES)),
    "gemma2": ("Gemma2", "float32", "spm", GEMMA),
    "gemma3": ("Gemma3", "float32", "spm", dict(num_hidden_layers=7, **GEMMA)),
    "olmo2": ("Olmo2", "float16", "gpt-2", {}),
    "olmo3": ("Olmo3", "float32", "gpt-2", dict(num_hidden_layers=4, sliding_window=16)),
    "olmoe": ("Olmoe", "float32", "gpt-2", dict(num_key_value_heads=4, num_experts=EXPERTS, num_experts_per_tok=2)),
    "granite": ("Granite", "float32", "gpt-2", GRANITE),
    "granitemoe": ("GraniteMoe", "float32", "gpt-2", dict(**LOCAL_EXPERTS, **GRANITE)),
    "starcoder2": ("Starcoder2", "float32", "gpt-2", dict(sliding_window=None, tie_word_embeddings=True)),
    "stablelm": ("StableLm", "float32", "gpt-2", dict(partial_rotary_factor=0.25)),
    "cohere": ("Cohere", "float32", "gpt-2", dict(tie_word_embeddings=True, logit_scale=0.0625)),
    "smollm3": ("SmolLM3", "float32", "llama-bpe", dict(num_hidden_layers=4, no_rope_layers=[1, 1, 1, 0],
                                                        bos_token_id=BEGIN)),
    "gpt2": ("GPT2", "float32", "gpt-2", dict(n_positions=512, n_embd=64, n_layer=2, n_head=4, n_ctx=512)),
    "phi": ("Phi", "float32", "gpt-2", dict(intermediate_size=256, partial_rotary_factor=0.5, num_key_value_heads=4)),
    # What llama.cpp's converter or llama.cpp itself loses.
    "mistral-window": ("Mistral", "float32", "gpt-2", dict(sliding_window=16)),
    "qwen2-window": ("Qwen2", "float32", "qwen2", dict(use_sliding_window=True, sliding_window=16, max_window_layers=0)),
    "starcoder2-window": ("Starcoder2", "float32", "gpt-2", dict(sliding_window=16, tie_word_embeddings=True)),
    "llama-yarn-exact": ("Llama", "float32", "gpt-2", dict(rope_parameters=dict(
        rope_type="yarn", rope_theta=10000.0, factor=4.0, truncate=False, original_max_position_embeddings=128))),
    "gpt-oss": ("GptOss", "float32", "gpt-2", dict(sliding_window=16, **LOCAL_EXPERTS)),
    "deepseek3": ("DeepseekV3", "float32", "gpt-2", dict(
        head_dim=None, num_key_value_heads=4, n_routed_experts=EXPERTS, num_experts_per_tok=2, moe_intermediate_size=32,
        n_shared_experts=1, first_k_dense_replace=1, kv_lora_rank=32, q_lora_rank=48, qk_nope_head_dim=16,
        qk_rope_head_dim=16, v_head_dim=16, n_group=1, topk_group=1, norm_topk_prob=True, routed_scaling_factor=2.5)),
}
LOSSES = ["mistral-window", "qwen2-window", "starcoder2-window", "llama-yarn-exact", "gpt-oss", "deepseek3"]
FIXTURES = ["llama", "qwen3", "olmo2"]
