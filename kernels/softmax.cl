// Purpose: softmax of rows, forward and backward.
// Math: out = exp(x − max) / Σ exp(x − max);  dx = out · (dout − Σ out · dout).
// Shapes (row-major): all [rows, columns].
// Gradient contract: dx `=` (accumulate 0) or `+=` (accumulate 1).
// Saved for backward: out.
// Parallelism: one work-group a row, rows taken in strides of the grid.
// Numerics: float, shifted by the row's maximum; accumulates in a fixed order. A row of only −infinity gives 0; a NaN
//   in a row gives NaN.
// Source: Milakov and Gimelshein, arXiv:1805.02867, algorithm 2.

#include "prelude/common.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void softmax_forward(
  __global float *restrict out, const __global float *restrict x, const int rows, const int columns
) {
  GROUP_SCRATCH(scratch);
  const int first = get_local_id(0) * VECTOR_WIDTH;
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const size_t offset = (size_t)row * columns;
    floatv largest = (floatv)(-INFINITY);
    for (int i = first; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      largest = vector_max(load_lanes_or(x + offset + i, columns - i, -INFINITY), largest);
    }
    const float maximum = group_max(lane_max(largest), scratch);
    const float shift = maximum == -INFINITY ? 0.0f : maximum;  // −infinity minus itself would be NaN
    floatv sums = (floatv)(0.0f);
    for (int i = first; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      const floatv exponential = exp_lanes(load_lanes_or(x + offset + i, columns - i, -INFINITY) - shift);
      sums += exponential;
      store_lanes(out + offset + i, exponential, columns - i);
    }
    const float sum = group_sum(lane_sum(sums), scratch);
    const float factor = sum == 0.0f ? 0.0f : 1.0f / sum;
    for (int i = first; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      store_lanes(out + offset + i, load_lanes(out + offset + i, columns - i) * factor, columns - i);
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void softmax_backward(
  __global float *restrict dx, const __global float *restrict dout, const __global float *restrict out,
  const int rows, const int columns, const int accumulate
) {
  GROUP_SCRATCH(scratch);
  const int first = get_local_id(0) * VECTOR_WIDTH;
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const size_t offset = (size_t)row * columns;
    floatv products = (floatv)(0.0f);
    for (int i = first; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      products += load_lanes(out + offset + i, columns - i) * load_lanes(dout + offset + i, columns - i);
    }
    const float mean = group_sum(lane_sum(products), scratch);
    for (int i = first; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      const floatv centred = load_lanes(dout + offset + i, columns - i) - mean;
      update_lanes(dx + offset + i, load_lanes(out + offset + i, columns - i) * centred, columns - i, accumulate);
    }
  }
}
