// Purpose: the norms of a weight's rows as changed by adapters, for DoRA; the changed weight is never stored.
// Math: out[i] = ‖weight[i, :] + scale · Σ over r of b[i, r] · a[r, :]‖₂, or its reciprocal where `inverse` is 1. The
//   sum covers two adapters: those of earlier rounds (`stacked`) and the trained one.
// Shapes (row-major): out [rows]; weight [rows, columns], stored as in prelude/storage.cl; a [rank, columns] and b
//   [rows, rank] of each adapter. stacked_rank 0: no stacked adapter.
// Gradient contract: none; DoRA treats the norms as constants in the backward pass.
// Saved for backward: nothing.
// Parallelism: one work-group a row, rows taken in strides of the grid.
// Numerics: float; a row's squares are added by lanes, then over the group's work-items, in a fixed order.
// Source: arXiv:2402.09353 (DoRA), section 4.3.

#include "prelude/common.cl"
#include "prelude/storage.cl"

static inline floatv load_stored_lanes(const __global stored_t *stored, const size_t index, const int remaining) {
#if STORAGE == 0
  return load_lanes(stored + index, remaining);
#else
  float lanes[VECTOR_WIDTH];
  for (int lane = 0; lane < VECTOR_WIDTH; ++lane) {
    lanes[lane] = lane < remaining ? stored_at(stored, index + lane) : 0.0f;
  }
  return VLOAD(lanes);
#endif
}

// value + scale · Σ over r of b[r] · a[r, :], for the lanes of a row that begin at a.
static inline floatv add_adapter(
  floatv value, const __global float *a, const __global float *b, const int rank, const int columns,
  const int remaining, const float scale
) {
  for (int r = 0; r < rank; ++r) value += scale * b[r] * load_lanes(a + (size_t)r * columns, remaining);
  return value;
}

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void adapted_norm(
  __global float *restrict out, const __global stored_t *restrict weight, const __global float *restrict stacked_a,
  const __global float *restrict stacked_b, const __global float *restrict a, const __global float *restrict b,
  const int rows, const int columns, const int stacked_rank, const int rank, const float scale, const int inverse
) {
  GROUP_SCRATCH(scratch);
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    floatv squares = (floatv)(0.0f);
    for (int i = get_local_id(0) * VECTOR_WIDTH; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      floatv value = load_stored_lanes(weight, (size_t)row * columns + i, columns - i);
      value = add_adapter(
        value, stacked_a + i, stacked_b + (size_t)row * stacked_rank, stacked_rank, columns, columns - i, scale);
      value = add_adapter(value, a + i, b + (size_t)row * rank, rank, columns, columns - i, scale);
      squares += value * value;
    }
    const float total = group_sum(lane_sum(squares), scratch);
    if (get_local_id(0) == 0) out[row] = inverse ? 1.0f / sqrt(total) : sqrt(total);
  }
}
