"""Training speed of PyTorch on the CPU or a GPU, on the shapes and micro-batches that Accrete trains on.

Prints one JSON object: tokens_per_second (median over the steps after warm-up, padding not counted), step_seconds,
step_cpu_seconds (of all threads; threads x step_seconds on a machine of its own), losses (warm-up included),
peak_rss_bytes, and matmul_gflops: torch.matmul of 1024 x 1024 x 1024 in fp32, timed before the first step and after
each, so that numbers from a busy or slower machine can be compared as ratios.

A batches file (JSONL, one micro-batch a line) holds tokens of all samples end to end:
  ids       flat token ids
  targets   flat: targets[i] is the id that position i must predict (already shifted), -100 where unsupervised
  segments  [start, length] of each sample; attention never crosses a sample
  rows      number of rows; informative only: samples are packed again into rows of --sequence-length here

PyTorch is configured for its best speed: SDPA, causal without a mask wherever a row holds one sample (then the
fused kernel skips the upper triangle), head and loss on supervised positions only, fused AdamW, no gradient
checkpointing, denormals flushed, and a malloc that keeps large blocks instead of returning them (page faults cost more
than the elementwise kernels otherwise). --compile adds torch.compile: about
15 % less CPU time a step at the smollm2 shape in fp32 on two cores, after minutes of compiling; it needs a C++ compiler
and compiles again for each new batch shape, so it is for batches of one shape.
"""

import argparse
import ctypes
import json
import resource
import statistics
import sys
import time

import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from shapes import SHAPES

IGNORED = -100


def keep_large_blocks():
    """Tells glibc to serve every block from the heap and never to trim it; without effect on another libc."""
    m_trim_threshold, m_mmap_max, m_arena_max = -1, -4, -8
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(m_mmap_max, 0)
    mallopt(m_trim_threshold, 2**31 - 1)
    mallopt(m_arena_max, 1)


def finish(device):
    """Waits until a GPU has finished its work."""
    if device != "cpu":
        torch.cuda.synchronize()


def matmul_gflops(device, size=1024, repeats=12):
    """Returns the best fp32 rate of a square product, in GFLOP/s."""
    a, b = torch.randn(size, size, device=device), torch.randn(size, size, device=device)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        torch.matmul(a, b)
        finish(device)
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


def load_model(options):
    if options.model:
        model = LlamaForCausalLM.from_pretrained(options.model, dtype=torch.float32, attn_implementation="sdpa")
    else:
        shape = dict(SHAPES[options.shape])
        theta = shape.pop("rope_theta")
        config = LlamaConfig(**shape, rms_norm_eps=1e-5, tie_word_embeddings=True,
                             rope_parameters={"rope_type": "default", "rope_theta": theta})
        config._attn_implementation = "sdpa"
        model = LlamaForCausalLM(config)
    model.config.use_cache = False
    return model.to(options.device).train()


def pack(batch, row_length):
    """Lays the samples of one micro-batch into rows, first fit; returns the tensors of one forward pass.

    ids, targets, positions: [B, T], padded at the end of a row; mask: [B, 1, T, T] or None where causal suffices.
    """
    longest = max(length for _, length in batch["segments"])
    rows, room = [], []
    for start, length in sorted(batch["segments"], key=lambda segment: -segment[1]):
        row = next((r for r, free in enumerate(room) if free >= length), None)
        if row is None:
            row = len(rows)
            rows.append([])
            room.append(max(row_length, longest))
        rows[row].append((start, length))
        room[row] -= length
    width = max(sum(length for _, length in row) for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    targets = torch.full((len(rows), width), IGNORED)
    positions = torch.zeros(len(rows), width, dtype=torch.long)
    sample = torch.full((len(rows), width), -1)  # padding is a sample of its own: no softmax row is empty
    flat_ids, flat_targets = torch.tensor(batch["ids"]), torch.tensor(batch["targets"])
    for r, row in enumerate(rows):
        at = 0
        for number, (start, length) in enumerate(row):
            ids[r, at : at + length] = flat_ids[start : start + length]
            targets[r, at : at + length] = flat_targets[start : start + length]
            positions[r, at : at + length] = torch.arange(length)
            sample[r, at : at + length] = number
            at += length
    mask = None
    if any(len(row) > 1 for row in rows):
        causal = torch.ones(width, width, dtype=torch.bool).tril()
        mask = ((sample[:, :, None] == sample[:, None, :]) & causal)[:, None]
    else:
        positions = None  # 0, 1, 2, ... in every row: the model's own default
    return ids, targets, positions, mask, len(batch["ids"])


def synthetic(options, vocabulary):
    """Returns rows of random tokens, one sample a row; every position but the last of a row is supervised."""
    generator = torch.Generator().manual_seed(options.seed)
    ids = torch.randint(0, vocabulary, (options.rows, options.sequence_length), generator=generator)
    targets = torch.cat((ids[:, 1:], torch.full((options.rows, 1), IGNORED)), dim=1)
    return ids, targets, None, None, ids.numel()


def step_loss(model, micro_batches, precision, every_logit, device):
    """Runs forward and backward over the micro-batches of a step; returns the step's loss."""
    supervised = sum(int((batch[1] != IGNORED).sum()) for batch in micro_batches)
    total = 0.0
    for ids, targets, positions, mask, _ in micro_batches:
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            hidden = model.model(input_ids=ids, attention_mask=mask, position_ids=positions,
                                 use_cache=False).last_hidden_state
            chosen = torch.ones_like(targets, dtype=torch.bool) if every_logit else targets != IGNORED
            logits = model.lm_head(hidden[chosen])
        loss = functional.cross_entropy(logits.float(), targets[chosen], reduction="sum") / supervised
        loss.backward()
        total += loss.item()
    return total


def train(options):
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    if options.keep_blocks:
        keep_large_blocks()
    gflops = [matmul_gflops(options.device)]
    model = load_model(options)
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        lr=options.learning_rate, betas=(0.9, 0.95), eps=1e-8, **{options.adamw: True})
    if options.compile:
        model.model = torch.compile(model.model, dynamic=False)
    if options.batches:
        with open(options.batches, encoding="utf-8") as file:
            batches = [pack(json.loads(line), options.sequence_length) for line in file if line.strip()]
    else:
        batches = [synthetic(options, model.config.vocab_size)]
    batches = [tuple(part.to(options.device) if torch.is_tensor(part) else part for part in batch) for batch in batches]
    losses, seconds, cpu_seconds, rates, cursor = [], [], [], [], 0
    for step in range(options.warmup + options.steps):
        micro_batches = [batches[(cursor + i) % len(batches)] for i in range(options.gradient_accumulation_steps)]
        cursor += len(micro_batches)
        start, cpu_start = time.perf_counter(), time.process_time()
        losses.append(step_loss(model, micro_batches, options.precision, options.logits == "all",
                                options.device))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        finish(options.device)
        elapsed = time.perf_counter() - start
        print(f"step {step + 1}: loss {losses[-1]:.6f}, {elapsed:.2f} s", file=sys.stderr, flush=True)
        if step >= options.warmup:
            seconds.append(elapsed)
            cpu_seconds.append(time.process_time() - cpu_start)
            rates.append(sum(batch[4] for batch in micro_batches) / elapsed)
        gflops.append(matmul_gflops(options.device))
    return {
        "tokens_per_second": statistics.median(rates),
        "step_tokens_per_second": rates,
        "step_seconds": seconds,
        "step_cpu_seconds": cpu_seconds,
        "losses": losses,
        "peak_device_bytes": torch.cuda.max_memory_allocated() if options.device == "cuda" else 0,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "matmul_gflops": gflops,
        "settings": {key: value for key, value in vars(options).items() if value is not None},
        "torch": torch.__version__,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", help="a Hugging Face folder")
    source.add_argument("--shape", choices=SHAPES, help="random weights of this shape")
    parser.add_argument("--rows", type=int, default=4, help="rows of random tokens a micro-batch")
    parser.add_argument("--sequence-length", type=int, default=512, help="tokens a row")
    parser.add_argument("--batches", help="JSONL of micro-batches, read in order, again and again")
    parser.add_argument("--gradient-accumulation-steps", type=int, default=1, help="micro-batches a step")
    parser.add_argument("--steps", type=int, default=3, help="timed steps")
    parser.add_argument("--warmup", type=int, default=1, help="steps before the timed ones")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="bf16: autocast, fp32 weights")
    parser.add_argument("--learning-rate", type=float, default=1e-4, help="constant")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--adamw", choices=["fused", "foreach"], default="fused")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=False)
    parser.add_argument("--logits", choices=["supervised", "all"], default="supervised",
                        help="all: of every position, as the models of transformers and torchtune make them")
    parser.add_argument("--keep-blocks", action=argparse.BooleanOptionalAction, default=True)
    print(json.dumps(train(parser.parse_args())))


if __name__ == "__main__":
    main()
