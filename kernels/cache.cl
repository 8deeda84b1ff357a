// Purpose: writes rows into a cache of earlier rows, each at its own place: keys and values of several sequences.
// Math: cache[places[i]] = x[i]
// Shapes (row-major): x [rows, columns]; cache [capacity, columns]; places [rows] in int, each within the cache and no
//   two the same.
// Gradient contract: none. Rows of the cache that no place names are left as they are.
// Saved for backward: nothing.
// Parallelism: one work-group a row, rows taken in strides of the grid.
// Numerics: float, copied exactly.
// Source: none.

#include "common.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void cache_rows(
  __global float *restrict cache, const __global float *restrict x, const __global int *restrict places,
  const int rows, const int columns
) {
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const __global float *source = x + (size_t)row * columns;
    __global float *destination = cache + (size_t)places[row] * columns;
    for (int i = get_local_id(0) * VECTOR_WIDTH; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      store_lanes(destination + i, load_lanes(source + i, columns - i), columns - i);
    }
  }
}
