// Purpose: root-mean-square normalisation of rows, forward and backward.
// Math: r = 1 / √(mean(x²) + eps);  out = weight · x̂ with x̂ = x · r;  rmsnorm_forward_added: the same of x = a + b,
//   which it stores as sum;  dx = r · (g − x̂ · mean(g · x̂)) with g = weight · dout;
//   dweight = Σ over rows of dout · x̂.
// Shapes (row-major): out, x, sum, a, b, dx, dout [rows, columns]; weight, dweight [columns]; rstd [rows], which is r;
//   partials [parts, columns], part p summing the rows p · rows_per_part ..< (p + 1) · rows_per_part.
// Gradient contract: dx `=` (accumulate 0) or `+=` (accumulate 1); partials `=`, which column_sum_final (reduce.cl)
//   sums to dweight.
// Saved for backward: x and rstd.
// Parallelism: one work-group a row, rows taken in strides of the grid; for the weight, group (column block, part) with
//   COLUMN_BLOCK columns a block: global size (ceil(columns / COLUMN_BLOCK) · WG_SIZE, parts).
// Numerics: accumulates in float, in a fixed order; no atomics.
// Source: arXiv:1910.07467, equation 4.

#include "prelude/common.cl"

// Normalises a row from each work-item's sum of the squares of its own columns; reads only these columns of x.
LOCAL_FUNCTION void normalise_row(
  __global float *out, __global float *rstd, const __global float *x, const __global float *weight,
  const floatv squares, const int columns, const float eps, __local float *scratch
) {
  const int first = get_local_id(0) * VECTOR_WIDTH;
  const float r = 1.0f / sqrt(group_sum(lane_sum(squares), scratch) / columns + eps);
  for (int i = first; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
    const floatv normalised = load_lanes(x + i, columns - i) * r;
    store_lanes(out + i, load_lanes(weight + i, columns - i) * normalised, columns - i);
  }
  if (first == 0) *rstd = r;
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void rmsnorm_forward(
  __global float *restrict out, __global float *restrict rstd,
  const __global float *restrict x, const __global float *restrict weight,
  const int rows, const int columns, const float eps
) {
  GROUP_SCRATCH(scratch);
  const int first = get_local_id(0) * VECTOR_WIDTH;
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const size_t offset = (size_t)row * columns;
    floatv squares = (floatv)(0.0f);
    for (int i = first; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      const floatv value = load_lanes(x + offset + i, columns - i);
      squares += value * value;
    }
    normalise_row(out + offset, rstd + row, x + offset, weight, squares, columns, eps, scratch);
  }
}

// sum = a + b, and the norm of sum.

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void rmsnorm_forward_added(
  __global float *restrict sum, __global float *restrict out, __global float *restrict rstd,
  const __global float *restrict a, const __global float *restrict b, const __global float *restrict weight,
  const int rows, const int columns, const float eps
) {
  GROUP_SCRATCH(scratch);
  const int first = get_local_id(0) * VECTOR_WIDTH;
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const size_t offset = (size_t)row * columns;
    floatv squares = (floatv)(0.0f);
    for (int i = first; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      const floatv value = load_lanes(a + offset + i, columns - i) + load_lanes(b + offset + i, columns - i);
      store_lanes(sum + offset + i, value, columns - i);
      squares += value * value;
    }
    normalise_row(out + offset, rstd + row, sum + offset, weight, squares, columns, eps, scratch);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void rmsnorm_backward_input(
  __global float *restrict dx,
  const __global float *restrict dout, const __global float *restrict x, const __global float *restrict weight,
  const __global float *restrict rstd, const int rows, const int columns, const int accumulate
) {
  GROUP_SCRATCH(scratch);
  const int first = get_local_id(0) * VECTOR_WIDTH;
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const size_t offset = (size_t)row * columns;
    const float r = rstd[row];
    floatv products = (floatv)(0.0f);
    for (int i = first; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      const floatv g = load_lanes(weight + i, columns - i) * load_lanes(dout + offset + i, columns - i);
      products += g * (load_lanes(x + offset + i, columns - i) * r);
    }
    const float mean = group_sum(lane_sum(products), scratch) / columns;
    for (int i = first; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      const floatv g = load_lanes(weight + i, columns - i) * load_lanes(dout + offset + i, columns - i);
      const floatv normalised = load_lanes(x + offset + i, columns - i) * r;
      update_lanes(dx + offset + i, (g - normalised * mean) * r, columns - i, accumulate);
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void rmsnorm_backward_weight_partial(
  __global float *restrict partials,
  const __global float *restrict dout, const __global float *restrict x, const __global float *restrict rstd,
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
    const float r = rstd[row];
#pragma unroll
    for (int v = 0; v < COLUMN_VECTORS; ++v) {
      const int i = first + v * WG_SIZE * VECTOR_WIDTH;
      sums[v] += load_lanes(dout + offset + i, columns - i) * (load_lanes(x + offset + i, columns - i) * r);
    }
  }
#pragma unroll
  for (int v = 0; v < COLUMN_VECTORS; ++v) {
    const int i = first + v * WG_SIZE * VECTOR_WIDTH;
    store_lanes(partials + (size_t)part * columns + i, sums[v], columns - i);
  }
}
