// Purpose: the element-wise parts of a Muon step: the momentum, the scaling before the products that orthogonalise it,
//   and the update of the weights.
// Math: g ← g · min(1, max_norm / (norm + 1e-6)) where max_norm > 0;  m ← μ · m + g;  update = g + μ · m;
//   out = x / (norm + 1e-7);  p ← p · keep − step_size · x.
// Shapes (row-major): all [n], the elements of a matrix; norm [1], the norm of all gradients before clipping; in
//   muon_scale the norm of x.
// Gradient contract: g is only read.
// Saved for backward: nothing.
// Parallelism: GROUP_ELEMENTS consecutive elements a work-group.
// Numerics: float. Where norm is not finite, m and p stay unchanged and the update is 0: the step is skipped without
//   asking the host.
// Source: arXiv:2502.16982, section 2.2; Nesterov's momentum as in github.com/KellerJordan/Muon; clipping as in
//   arXiv:1211.5063, section 3.2.

#include "prelude/common.cl"
#include "prelude/clip.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void muon_momentum(
  __global float *restrict update, __global float *restrict m, const __global float *restrict g,
  const __global float *restrict norm, const ulong n, const float mu, const float max_norm
) {
  const float clip = clip_factor(norm[0], max_norm);
  const bool moves = isfinite(norm[0]);
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    floatv direction = (floatv)(0.0f);
    if (moves) {
      const floatv gradient = load_lanes(g + i, end - i) * clip;
      const floatv momentum = load_lanes(m + i, end - i) * mu + gradient;
      store_lanes(m + i, momentum, end - i);
      direction = momentum * mu + gradient;
    }
    store_lanes(update + i, direction, end - i);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void muon_scale(
  __global float *restrict out, const __global float *restrict x, const __global float *restrict norm, const ulong n
) {
  const float factor = 1.0f / (norm[0] + 1e-7f);
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    store_lanes(out + i, load_lanes(x + i, end - i) * factor, end - i);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void muon_update(
  __global float *restrict p, const __global float *restrict x, const __global float *restrict norm, const ulong n,
  const float keep, const float step_size
) {
  const size_t end = isfinite(norm[0]) ? group_end(n) : 0;
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    store_lanes(p + i, load_lanes(p + i, end - i) * keep - load_lanes(x + i, end - i) * step_size, end - i);
  }
}
