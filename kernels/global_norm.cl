// Purpose: the Euclidean norm of all gradients, from their partial sums of squares.
// Math: norm = √(Σ partials).
// Shapes (row-major): norm [1]; partials [count], the results of sum_of_squares_partial for all tensors, end to end.
// Gradient contract: norm `=`.
// Saved for backward: nothing.
// Parallelism: one work-group.
// Numerics: accumulates in float, in a fixed order. A NaN or an infinity in any gradient gives a norm that is not
//   finite.
// Source: arXiv:1211.5063, section 3.2.

#include "prelude/common.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void global_norm_final(__global float *restrict norm, const __global float *restrict partials, const int count) {
  GROUP_SCRATCH(scratch);
  floatv sum = (floatv)(0.0f);
  for (int i = get_local_id(0) * VECTOR_WIDTH; i < count; i += WG_SIZE * VECTOR_WIDTH) {
    sum += load_lanes(partials + i, count - i);
  }
  const float total = group_sum(lane_sum(sum), scratch);
  if (get_local_id(0) == 0) norm[0] = sqrt(total);
}
