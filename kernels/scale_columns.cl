// Purpose: multiplies each column by a factor.
// Math: out[i, j] = x[i, j] · factor[j];  dx = dout scaled the same way;  dfactor = the column sum of dout · x
//   (reduce.cl).
// Shapes (row-major): out, x [rows, columns]; factor [columns].
// Gradient contract: out (dx in the backward pass) `=` (accumulate 0) or `+=` (accumulate 1).
// Saved for backward: x and factor.
// Parallelism: one work-group a row, rows taken in strides of the grid.
// Numerics: float.
// Source: none.

#include "prelude/common.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void scale_columns(
  __global float *restrict out, const __global float *restrict x, const __global float *restrict factor,
  const int rows, const int columns, const int accumulate
) {
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const size_t offset = (size_t)row * columns;
    for (int i = get_local_id(0) * VECTOR_WIDTH; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      const floatv value = load_lanes(x + offset + i, columns - i) * load_lanes(factor + i, columns - i);
      update_lanes(out + offset + i, value, columns - i, accumulate);
    }
  }
}
