// Purpose: dropout with a mask that is recomputed from a key wherever it is needed.
// Math: out = x / (1 − p) where bits(element, key) ≥ p · 2³², else 0. `threshold` is p · 2³², `scale` is 1 / (1 − p).
// Shapes (row-major): out, x [n].
// Gradient contract: out `=`. The backward pass is this kernel on dout with the same key.
// Saved for backward: nothing; the mask is a function of the key.
// Parallelism: GROUP_ELEMENTS consecutive elements a work-group.
// Numerics: float; the mask is the same on every device, for tensors of up to 2³² elements.
// Source: Srivastava et al., Dropout (2014), scaled in training ("inverted").

#include "prelude/common.cl"
#include "prelude/hash.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void dropout_apply(
  __global float *restrict out, const __global float *restrict x, const ulong n, const uint key, const uint threshold,
  const float scale
) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    const floatv value = load_lanes(x + i, end - i) * scale;
    store_lanes(out + i, select(value, (floatv)(0.0f), element_bits(i, key) < threshold), end - i);
  }
}
