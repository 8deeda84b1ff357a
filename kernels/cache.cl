// Purpose: copies rows into a cache of earlier rows, each to its own place: keys and values of several sequences.
// Math: cache[places[i]] = x[i].
// Shapes (row-major): x0 [rows, columns0]; cache0 [capacity, columns0]; x1 and cache1 likewise, absent where columns1
//   is 0; places [rows] int, all distinct and within the caches.
// Gradient contract: none. Other rows of the cache stay unchanged.
// Saved for backward: nothing.
// Parallelism: one work-group a row, rows taken in strides of the grid.
// Numerics: float, copied exactly.
// Source: none.

#include "prelude/common.cl"

static inline void copy_row(
  __global float *cache, const __global float *x, const int place, const int row, const int columns
) {
  const __global float *source = x + (size_t)row * columns;
  __global float *destination = cache + (size_t)place * columns;
  for (int i = get_local_id(0) * VECTOR_WIDTH; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
    store_lanes(destination + i, load_lanes(source + i, columns - i), columns - i);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void cache_rows(
  __global float *restrict cache0, const __global float *restrict x0, const int columns0,
  __global float *restrict cache1, const __global float *restrict x1, const int columns1,
  const __global int *restrict places, const int rows
) {
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    copy_row(cache0, x0, places[row], row, columns0);
    copy_row(cache1, x1, places[row], row, columns1);
  }
}
