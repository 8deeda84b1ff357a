// Purpose: products of a few rows by a weight (decoding) where work-items run side by side (GPUs): the weight is read
//   once.
// Math: C = A · Bᵀ, added to C where `accumulate` is 1. With BF16 operands are rounded to bf16 first.
// Shapes (row-major): A [m, depth], m up to MOST_ROWS; B [n, depth], stored as prelude/storage.cl says; C [m, n].
// Gradient contract: C `=` or `+=` by `accumulate`.
// Saved for backward: nothing.
// Parallelism: a work-group of WG_SIZE owns WG_SIZE / LANES rows of B, LANES neighbours a row; these read neighbouring
//   depths.
// Numerics: fp32; a work-item adds up every LANES-th depth, then neighbours are added by halves: one order.
// Source: none.

#include "prelude/common.cl"
#include "prelude/bf16.cl"
#include "prelude/storage.cl"

#ifndef MOST_ROWS
#define MOST_ROWS 8
#endif
#ifndef LANES
#define LANES 1  // a power of two that divides WG_SIZE
#endif

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void matmul_few_rows_gpu(
  __global float *restrict c, const __global float *restrict a, const __global stored_t *restrict b, const int m,
  const int n, const int depth, const int accumulate
) {
  __local float partial[MOST_ROWS][WG_SIZE];
  const int item = get_local_id(0);
  const int lane = item & (LANES - 1);
  const int row = (int)get_group_id(0) * (WG_SIZE / LANES) + item / LANES;
  float sums[MOST_ROWS];
#pragma unroll
  for (int i = 0; i < MOST_ROWS; ++i) sums[i] = 0.0f;
  const int end = row < n ? depth : 0;
  for (int k = lane; k < end; k += LANES) {
    const float weight = OPERAND(stored_at(b, (size_t)row * depth + k));
#pragma unroll
    for (int i = 0; i < MOST_ROWS; ++i) {
      if (i < m) sums[i] += OPERAND(a[(size_t)i * depth + k]) * weight;
    }
  }
#pragma unroll
  for (int i = 0; i < MOST_ROWS; ++i) partial[i][item] = sums[i];
  for (int width = LANES / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);  // both halves are complete
    for (int i = 0; lane < width && i < m; ++i) partial[i][item] += partial[i][item + width];
  }
  for (int i = 0; lane == 0 && row < n && i < m; ++i) {
    __global float *to = c + (size_t)i * n + row;
    *to = accumulate ? *to + partial[i][item] : partial[i][item];
  }
}
