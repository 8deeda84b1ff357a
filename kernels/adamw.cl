// Purpose: one AdamW step on a parameter, with clipping by the global gradient norm, all on the device.
// Math: g ← g · min(1, max_norm / (norm + 1e-6)) where max_norm > 0;  p ← p · (1 − lr · weight_decay);
//   m ← β1 m + (1 − β1) g;  v ← β2 v + (1 − β2) g²;  p ← p − lr · (m / c1) / (√(v / c2) + eps), c = 1 − βᵗ.
// Shapes (row-major): p, m, v, g [n]; norm [1], the norm of all gradients before clipping.
// Gradient contract: g is read alone.
// Saved for backward: nothing.
// Parallelism: GROUP_ELEMENTS consecutive elements a work-group.
// Numerics: float. Where norm is not finite, p, m and v stay as they are: the step is skipped without asking the host.
// Source: arXiv:1711.05101, algorithm 2, in PyTorch's order; clipping as in arXiv:1211.5063, section 3.2.

#include "common.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void adamw_update(
  __global float *restrict p, __global float *restrict m, __global float *restrict v,
  const __global float *restrict g, const __global float *restrict norm, const ulong n,
  const float lr, const float beta1, const float beta2, const float eps, const float weight_decay,
  const float correction1, const float correction2, const float max_norm
) {
  const float total_norm = norm[0];
  const size_t end = isfinite(total_norm) ? group_end(n) : 0;
  const float clip = max_norm > 0.0f ? fmin(1.0f, max_norm / (total_norm + 1e-6f)) : 1.0f;
  const float keep = 1.0f - lr * weight_decay;
  const float step_size = lr / correction1;
  const float root_scale = 1.0f / sqrt(correction2);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    const floatv gradient = load_lanes(g + i, end - i) * clip;
    const floatv mean = load_lanes(m + i, end - i) * beta1 + gradient * (1.0f - beta1);
    const floatv variance = load_lanes(v + i, end - i) * beta2 + gradient * gradient * (1.0f - beta2);
    const floatv update = mean / (sqrt(variance) * root_scale + eps);
    store_lanes(m + i, mean, end - i);
    store_lanes(v + i, variance, end - i);
    store_lanes(p + i, load_lanes(p + i, end - i) * keep - update * step_size, end - i);
  }
}
