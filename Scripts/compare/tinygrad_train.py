"""Measures tinygrad's training speed through OpenCL, on a shape of Accrete's: fp32, AdamW, every position supervised.

    DEV=CL python Scripts/compare/tinygrad_train.py --shape 15m --rows 8 --sequence-length 256 --steps 2

Prints one JSON object: tokens_per_second (median of the steps after --warmup), step_tokens_per_second, losses (warm-up included) and
the version. tinygrad compiles its kernels in the first steps and replays them from the third (TinyJit), so a
warm-up of two steps leaves the one-time work out. `pip install tinygrad numpy`.
"""
import argparse
import importlib.metadata
import json
import statistics
import sys
import time

from tinygrad import Context, Tensor, TinyJit
from tinygrad.nn.optim import AdamW

from shapes import SHAPES


class Llama:
    """LLaMA with tied embeddings and random weights."""

    def __init__(self, shape):
        width, inner = shape["hidden_size"], shape["intermediate_size"]
        self.heads, self.kv_heads = shape["num_attention_heads"], shape["num_key_value_heads"]
        self.head_size = width // self.heads
        self.theta = shape["rope_theta"]
        kv_width = self.kv_heads * self.head_size
        sizes = {"q": (width, width), "k": (kv_width, width), "v": (kv_width, width), "o": (width, width),
                 "gate": (inner, width), "up": (inner, width), "down": (width, inner)}
        self.embedding = Tensor.randn(shape["vocab_size"], width) * 0.02
        self.blocks = [
            {name: Tensor.randn(*size) * 0.02 for name, size in sizes.items()}
            | {"norm1": Tensor.ones(width), "norm2": Tensor.ones(width)}
            for _ in range(shape["num_hidden_layers"])
        ]
        self.norm = Tensor.ones(width)

    def parameters(self):
        return [self.embedding, self.norm] + [weight for block in self.blocks for weight in block.values()]

    def rope_table(self, length):
        half = self.head_size // 2
        frequencies = self.theta ** (Tensor.arange(half) * (-1.0 / half))
        angles = Tensor.arange(length).reshape(length, 1) * frequencies.reshape(1, half)
        return angles.cos().realize(), angles.sin().realize()

    def logits(self, ids, cosines, sines):
        rows, length = ids.shape

        def norm(x, weight):
            return x * (x.square().mean(-1, keepdim=True) + 1e-5).rsqrt() * weight

        def heads(x, count):
            return x.reshape(rows, length, count, self.head_size).transpose(1, 2)

        def turned(x):
            first, second = x.chunk(2, dim=-1)
            return (first * cosines - second * sines).cat(second * cosines + first * sines, dim=-1)

        x = self.embedding[ids]
        for block in self.blocks:
            y = norm(x, block["norm1"])
            q, k, v = (heads(y @ block[name].T, count) for name, count in
                       (("q", self.heads), ("k", self.kv_heads), ("v", self.kv_heads)))
            attended = turned(q).scaled_dot_product_attention(turned(k), v, is_causal=True, enable_gqa=True)
            x = x + attended.transpose(1, 2).reshape(rows, length, -1) @ block["o"].T
            y = norm(x, block["norm2"])
            x = x + ((y @ block["gate"].T).silu() * (y @ block["up"].T)) @ block["down"].T
        return norm(x, self.norm) @ self.embedding.T


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="15m")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--sequence-length", type=int, default=256)
    parser.add_argument("--steps", type=int, default=2, help="timed steps")
    parser.add_argument("--warmup", type=int, default=2)
    options = parser.parse_args()
    Tensor.manual_seed(0)
    model = Llama(SHAPES[options.shape])
    cosines, sines = model.rope_table(options.sequence_length)
    parameters = model.parameters()
    optimizer = AdamW(parameters, lr=1e-4, b1=0.9, b2=0.95, eps=1e-8, weight_decay=0.1)
    ids = Tensor.randint(options.rows, options.sequence_length, high=259).realize()

    @TinyJit
    def step(ids):
        optimizer.zero_grad()
        logits = model.logits(ids, cosines, sines)
        loss = logits[:, :-1].sparse_categorical_crossentropy(ids[:, 1:])
        loss.backward()
        # Scheduled together with the weights that it precedes.
        return loss.realize(*optimizer.schedule_step())

    losses, rates = [], []
    with Context(TRAINING=1):
        for number in range(options.warmup + options.steps):
            start = time.perf_counter()
            losses.append(step(ids).item())
            elapsed = time.perf_counter() - start
            print(f"step {number + 1}: loss {losses[-1]:.6f}, {elapsed:.2f} s", file=sys.stderr, flush=True)
            if number >= options.warmup:
                rates.append(options.rows * options.sequence_length / elapsed)
    print(json.dumps({
        "tokens_per_second": statistics.median(rates), "step_tokens_per_second": rates, "losses": losses,
        "tinygrad": importlib.metadata.version("tinygrad")}))


if __name__ == "__main__":
    main()
