// Purpose: adds a bias vector to each row.
// Math: out[i, j] = x[i, j] + bias[j]; dx = dout, and dbias is dout's column sum (reduce.cl).
// Shapes (row-major): out, x [rows, columns]; bias [columns].
// Gradient contract: none here.
// Saved for backward: nothing.
// Parallelism: one work-group a row, rows taken in strides of the grid.
// Numerics: float.
// Source: none.

#include "prelude/common.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void bias_forward(
  __global float *restrict out, const __global float *restrict x, const __global float *restrict bias,
  const int rows, const int columns
) {
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const size_t offset = (size_t)row * columns;
    for (int i = get_local_id(0) * VECTOR_WIDTH; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      const floatv sum = load_lanes(x + offset + i, columns - i) + load_lanes(bias + i, columns - i);
      store_lanes(out + offset + i, sum, columns - i);
    }
  }
}
