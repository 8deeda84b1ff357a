"""transformers wholly in float64.

Its models compute norms, rotary angles and attention's softmax in torch.float32 whatever their own dtype is. Inside
`everywhere()` that name means float64, so nothing is rounded on the way; safetensors are read outside of it.
"""

from contextlib import contextmanager

import torch
from transformers import AutoModelForCausalLM


@contextmanager
def everywhere():
    single, cast = torch.float32, torch.Tensor.float
    torch.float32 = torch.float = torch.float64
    torch.Tensor.float = torch.Tensor.double
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.float32 = torch.float = single
        torch.Tensor.float = cast
        torch.set_default_dtype(single)


def model(config, weights):
    """A model of `config` with `weights` (name -> tensor of any dtype), in float64; call it inside everywhere()."""
    result = AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float64).eval()
    missing, unexpected = result.load_state_dict(
        {name: tensor.to(torch.float64) for name, tensor in weights.items()}, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    result.tie_weights()
    assert all(p.dtype == torch.float64 for p in (*result.parameters(), *result.buffers()) if p.is_floating_point())
    return result
