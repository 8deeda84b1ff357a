// Purpose: makes the integer rows of a micro-batch on the device, from the round's token stream and a table of
//   segments, and the narrower ranges of attention within a window.
// Math: row r is token i = r − row_start of its segment; its target is the label of token i + 1.
// Shapes (row-major): ids, targets, positions, key_start, key_end, query_end [rows] int; stream_ids, stream_labels
//   [tokens] int, label −100 for unsupervised tokens; segments [segment_count] int4 (stream_offset, row_start,
//   row_count, length), sorted by row_start and covering 0 ..< rows without a gap: the first row_count of a sample's
//   length tokens. weights [rows], stream_weights [tokens] float: each token's weight in the loss.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: one work-item a row; global size ceil(rows / WG_SIZE) · WG_SIZE.
// Numerics: integers. Row r attends to the keys key_start[r] ..< key_end[r], causal within its segment; key row r is
//   attended to by the query rows r ..< query_end[r]. A sample's last token has no target (−100). In a window a row
//   attends to the last `window` of its keys, its own among them.
// Source: none.

#include "prelude/common.cl"

#define IGNORED (-100)  // the label of a row without a loss

// The segment that holds the row: the last one with row_start ≤ row.
static inline int segment_of_row(const __global int4 *segments, const int segment_count, const int row) {
  int low = 0, high = segment_count;
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    if (segments[middle].s1 <= row) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void batch_rows(
  __global int *restrict ids, __global int *restrict targets, __global int *restrict positions,
  __global int *restrict key_start, __global int *restrict key_end, __global int *restrict query_end,
  const __global int *restrict stream_ids, const __global int *restrict stream_labels,
  const __global int4 *restrict segments, const int segment_count, const int rows
) {
  const int row = get_global_id(0);
  if (row < rows) {
    const int4 segment = segments[segment_of_row(segments, segment_count, row)];
    const int row_start = segment.s1, row_count = segment.s2, length = segment.s3;
    const int i = row - row_start;
    ids[row] = stream_ids[segment.s0 + i];
    targets[row] = i + 1 < length ? stream_labels[segment.s0 + i + 1] : IGNORED;
    positions[row] = i;
    key_start[row] = row_start;
    key_end[row] = row + 1;
    query_end[row] = row_start + row_count;
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void batch_weights(
  __global float *restrict weights, const __global float *restrict stream_weights,
  const __global int4 *restrict segments, const int segment_count, const int rows
) {
  const int row = get_global_id(0);
  if (row < rows) {
    const int4 segment = segments[segment_of_row(segments, segment_count, row)];
    weights[row] = stream_weights[segment.s0 + row - segment.s1];
  }
}

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void batch_window(
  __global int *restrict windowed_start, __global int *restrict windowed_end, const __global int *restrict key_start,
  const __global int *restrict key_end, const __global int *restrict query_end, const int window, const int rows
) {
  const int row = get_global_id(0);
  if (row < rows) {
    windowed_start[row] = max(key_start[row], key_end[row] - window);
    windowed_end[row] = min(query_end[row], row + window);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

// The rows that have a target, in order, and these targets, one entry each. A row's place is the number of such rows
// before it.

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void select_targets(
  __global int *restrict selected, __global int *restrict selected_targets, const __global int *restrict targets,
  const int rows
) {
  const int row = get_global_id(0);
  if (row < rows && targets[row] >= 0) {
    int place = 0;
    for (int earlier = 0; earlier < row; ++earlier) place += targets[earlier] >= 0;
    selected[place] = row;
    selected_targets[place] = targets[row];
  }
}
