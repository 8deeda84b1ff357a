// Purpose: reads rows of an embedding table, and adds gradients to them.
// Math: out[i] = table[ids[i] − first];  dtable[t] += Σ dout[i] over the rows i with ids[i] = first + t. A table may be
//   one part of a larger one, its `count` rows from `first` on: other ids are left to the other parts.
// Shapes (row-major): out, dout [rows, columns]; table, dtable [count, columns]; ids [rows] int, each within the whole
//   table. The forward kernel's table is stored as in prelude/storage.cl.
// Gradient contract: dtable `+=`; rows of the table without an id in ids stay unchanged.
// Saved for backward: ids.
// Parallelism: one work-group a row, rows taken in strides of the grid. Backward: the group of an id's first row sums
//   all rows with that id, in order, so that no two groups write one row of the table.
// Numerics: float, in a fixed order; no atomics.
// Source: none.

#include "prelude/common.cl"
#include "prelude/prefetch.cl"

#define ID_LANES 16  // ids compared at once

// 1 + the distance from `row` to the next row with this id, within ID_LANES rows; 0 if none of these has the id.
static inline int steps_to_id(const __global int *ids, const int id, const int row, const int end) {
  if (row + ID_LANES <= end && !any(vload16(0, ids + row) == id)) return 0;
  const int last = min(row + ID_LANES, end);
  for (int i = row; i < last; ++i) {
    if (ids[i] == id) return i - row + 1;
  }
  return 0;
}

// The first row in row ..< end with this id; end if there is none.
static inline int next_row_with_id(const __global int *ids, const int id, int row, const int end) {
  while (row < end) {
    const int steps = steps_to_id(ids, id, row, end);
    if (steps > 0) return row + steps - 1;
    row += ID_LANES;
  }
  return end;
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void embedding_forward(
  __global float *restrict out, const __global stored_t *restrict table, const __global int *restrict ids,
  const int rows, const int columns, const int first, const int count
) {
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const int id = ids[row] - first;
    if (id < 0 || id >= count) continue;
    const size_t source = (size_t)id * columns;
    __global float *destination = out + (size_t)row * columns;
#if STORAGE == 0
    // Table rows are read in no order that a processor can predict: the next one is requested ahead.
    const int ahead = row + 1 < rows ? ids[row + 1] - first : id;
    const __global stored_t *next = table + (size_t)(ahead >= 0 && ahead < count ? ahead : id) * columns;
    for (int i = get_local_id(0) * VECTOR_WIDTH; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      PREFETCH_SOON(next + i);
      store_lanes(destination + i, load_lanes(table + source + i, columns - i), columns - i);
    }
#else
    for (int i = get_local_id(0); i < columns; i += WG_SIZE) destination[i] = stored_at(table, source + i);
#endif
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void embedding_backward(
  __global float *restrict dtable, const __global float *restrict dout, const __global int *restrict ids,
  const int rows, const int columns, const int first, const int count
) {
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const int id = ids[row];
    if (id >= first && id < first + count && next_row_with_id(ids, id, 0, row) == row) {
      __global float *sum = dtable + (size_t)(id - first) * columns;
      for (int same = row; same < rows; same = next_row_with_id(ids, id, same + 1, rows)) {
        // Each work-item adds to its own columns only, so that rows need no barrier between them.
        const __global float *gradient = dout + (size_t)same * columns;
        for (int i = get_local_id(0) * VECTOR_WIDTH; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
          update_lanes(sum + i, load_lanes(gradient + i, columns - i), columns - i, 1);
        }
      }
    }
  }
}
