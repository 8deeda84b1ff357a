// Purpose: one Lion step on a parameter, with clipping by the global gradient norm, entirely on the device.
// Math: g ← g · min(1, max_norm / (norm + 1e-6)) where max_norm > 0;
//   p ← p · (1 − lr · weight_decay) − lr · sign(β1 · m + (1 − β1) · g);  m ← β2 · m + (1 − β2) · g;  sign(0) = 0.
// Shapes (row-major): p, m, g [n]; norm [1], the norm of all gradients before clipping.
// Gradient contract: g is only read.
// Saved for backward: nothing.
// Parallelism: GROUP_ELEMENTS consecutive elements a work-group.
// Numerics: float. Where norm is not finite, p and m stay unchanged: the step is skipped without asking the host.
// Source: arXiv:2302.06675, algorithm 2; clipping as in arXiv:1211.5063, section 3.2.

#include "prelude/common.cl"
#include "prelude/clip.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void lion_update(
  __global float *restrict p, __global float *restrict m, const __global float *restrict g,
  const __global float *restrict norm, const ulong n, const float lr, const float beta1, const float beta2,
  const float weight_decay, const float max_norm
) {
  const float clip = clip_factor(norm[0], max_norm);
  const float keep = 1.0f - lr * weight_decay;
  const size_t end = isfinite(norm[0]) ? group_end(n) : 0;
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    const floatv gradient = load_lanes(g + i, end - i) * clip;
    const floatv momentum = load_lanes(m + i, end - i);
    const floatv direction = sign(momentum * beta1 + gradient * (1.0f - beta1));
    store_lanes(p + i, load_lanes(p + i, end - i) * keep - direction * lr, end - i);
    store_lanes(m + i, momentum * beta2 + gradient * (1.0f - beta2), end - i);
  }
}
