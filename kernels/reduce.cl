// Purpose: sums of columns and of whole buffers in two launches of fixed order: sums of parts, then the sum of these
//   partials.
// Math: out[j] = Σ over rows of x[i, j];  out[0] = Σ x;  Σ x² for the gradient norm.
// Shapes (row-major): x [rows, columns] or [n]; partials [parts, columns] or [parts]; out [columns] or [1]. Part p
//   covers the rows p · rows_per_part ..< (p + 1) · rows_per_part; elements likewise by elements_per_part.
// Gradient contract: partials `=`; out `=` (accumulate 0) or `+=` (accumulate 1).
// Saved for backward: nothing.
// Parallelism: column_sum_partial: group (column block, part), COLUMN_BLOCK columns a block, global size
//   (ceil(columns / COLUMN_BLOCK) · WG_SIZE, parts); column_sum_final: one group a column block; sum_partial and
//   sum_of_squares_partial: one group a part; sum_final: one group.
// Numerics: accumulates in float; a part's lanes are summed in runs of SUM_RUN vectors, then the runs are summed, so
//   that the rounding error grows with the number of runs, not of elements. Fixed order; no atomics.
// Source: Higham, The Accuracy of Floating Point Summation (1993), pairwise and blocked summation.

#include "prelude/common.cl"

#ifndef SUM_RUN
#define SUM_RUN 64  // vectors that a work-item sums before it adds them to the part's sum
#endif

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void column_sum_partial(
  __global float *restrict partials, const __global float *restrict x,
  const int rows, const int columns, const int rows_per_part
) {
  const int first = get_group_id(0) * COLUMN_BLOCK + get_local_id(0) * VECTOR_WIDTH;
  const int part = get_group_id(1);
  const int last_row = min(rows, (part + 1) * rows_per_part);
  floatv sums[COLUMN_VECTORS];
#pragma unroll
  for (int v = 0; v < COLUMN_VECTORS; ++v) sums[v] = (floatv)(0.0f);
  for (int row = part * rows_per_part; row < last_row; ++row) {
    const size_t offset = (size_t)row * columns;
#pragma unroll
    for (int v = 0; v < COLUMN_VECTORS; ++v) {
      const int i = first + v * WG_SIZE * VECTOR_WIDTH;
      sums[v] += load_lanes(x + offset + i, columns - i);
    }
  }
#pragma unroll
  for (int v = 0; v < COLUMN_VECTORS; ++v) {
    const int i = first + v * WG_SIZE * VECTOR_WIDTH;
    store_lanes(partials + (size_t)part * columns + i, sums[v], columns - i);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void column_sum_final(
  __global float *restrict out, const __global float *restrict partials,
  const int parts, const int columns, const int accumulate
) {
  const int first = get_group_id(0) * COLUMN_BLOCK + get_local_id(0) * VECTOR_WIDTH;
  for (int v = 0; v < COLUMN_VECTORS; ++v) {
    const int i = first + v * WG_SIZE * VECTOR_WIDTH;
    floatv sum = (floatv)(0.0f);
    for (int part = 0; part < parts; ++part) {
      sum += load_lanes(partials + (size_t)part * columns + i, columns - i);
    }
    update_lanes(out + i, sum, columns - i, accumulate);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void sum_partial(
  __global float *restrict partials, const __global float *restrict x, const ulong n, const ulong elements_per_part
) {
  GROUP_SCRATCH(scratch);
  const ulong part = get_group_id(0);
  const ulong end = min(n, (part + 1) * elements_per_part);
  floatv sum = (floatv)(0.0f), run = (floatv)(0.0f);
  int in_run = 0;
  for (ulong i = part * elements_per_part + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    run += load_lanes(x + i, end - i);
    if (++in_run == SUM_RUN) {
      sum += run;
      run = (floatv)(0.0f);
      in_run = 0;
    }
  }
  const float total = group_sum(lane_sum(sum + run), scratch);
  if (get_local_id(0) == 0) partials[part] = total;
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void sum_of_squares_partial(
  __global float *restrict partials, const __global float *restrict x, const ulong n, const ulong elements_per_part
) {
  GROUP_SCRATCH(scratch);
  const ulong part = get_group_id(0);
  const ulong end = min(n, (part + 1) * elements_per_part);
  floatv sum = (floatv)(0.0f), run = (floatv)(0.0f);
  int in_run = 0;
  for (ulong i = part * elements_per_part + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    const floatv value = load_lanes(x + i, end - i);
    run += value * value;
    if (++in_run == SUM_RUN) {
      sum += run;
      run = (floatv)(0.0f);
      in_run = 0;
    }
  }
  const float total = group_sum(lane_sum(sum + run), scratch);
  if (get_local_id(0) == 0) partials[part] = total;
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void sum_final(
  __global float *restrict out, const __global float *restrict partials, const int parts, const int accumulate
) {
  GROUP_SCRATCH(scratch);
  floatv sum = (floatv)(0.0f);
  for (int i = get_local_id(0) * VECTOR_WIDTH; i < parts; i += WG_SIZE * VECTOR_WIDTH) {
    sum += load_lanes(partials + i, parts - i);
  }
  const float total = group_sum(lane_sum(sum), scratch);
  if (get_local_id(0) == 0) out[0] = accumulate ? out[0] + total : total;
}
