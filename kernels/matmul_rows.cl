// Purpose: a product of few rows (decoding): the weight is read in place, once, as dot products.
// Math: C = A . B^T, added to C where `accumulate` is 1. With BF16 the factors are rounded to bf16 first.
// Shapes (row-major): C [m, n], A [m, depth], B [n, depth], by row strides; B stored as storage.cl says.
// Gradient contract: C `=` or `+=` by `accumulate`.
// Saved for backward: nothing.
// Parallelism: one work-item a work-group; id 0 = ROWS_PER_ITEM rows of B, id 2 = matrix of the batch.
// Numerics: fp32; four sums of 16 lanes, then their halves, in one order.
// Source: none.

#include "bf16.cl"
#include "storage.cl"

#ifndef ROWS_PER_ITEM
#define ROWS_PER_ITEM 16 // rows of B for one work-item
#endif

// ---------------------------------------------------------------------------------------------------------------------
// Global size (ceil(n / ROWS_PER_ITEM), 1, batch).
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void matmul_rows(
    __global float *restrict c, const __global float *restrict a, const __global stored_t *restrict b, const int m,
    const int n, const int depth, const ulong a_row_stride, const ulong a_batch_stride, const ulong b_row_stride,
    const ulong b_batch_stride, const ulong c_row_stride, const ulong c_batch_stride, const int accumulate)
{
  const int first = (int)get_global_id(0) * ROWS_PER_ITEM;
  const int end = min(first + ROWS_PER_ITEM, n);
  for (int j = first; j < end; ++j) {
    const size_t right = get_global_id(2) * (size_t)b_batch_stride + j * (size_t)b_row_stride;
    const int in_vectors = STORED_ALIGNED(right) ? depth : 0;
    for (int i = 0; i < m; ++i) {
      const __global float *left = a + get_global_id(2) * (size_t)a_batch_stride + i * (size_t)a_row_stride;
      float16 sum0 = (float16)0.0f;
      float16 sum1 = (float16)0.0f;
      float16 sum2 = (float16)0.0f;
      float16 sum3 = (float16)0.0f;
      int k = 0;
      for (; k + 64 <= in_vectors; k += 64) {
        sum0 = FACTORS(vload16(0, left + k)) * FACTORS(stored_16(b, right + k)) + sum0;
        sum1 = FACTORS(vload16(1, left + k)) * FACTORS(stored_16(b, right + k + 16)) + sum1;
        sum2 = FACTORS(vload16(2, left + k)) * FACTORS(stored_16(b, right + k + 32)) + sum2;
        sum3 = FACTORS(vload16(3, left + k)) * FACTORS(stored_16(b, right + k + 48)) + sum3;
      }
      for (; k + 16 <= in_vectors; k += 16) {
        sum0 = FACTORS(vload16(0, left + k)) * FACTORS(stored_16(b, right + k)) + sum0;
      }
      const float16 lanes = (sum0 + sum1) + (sum2 + sum3);
      const float8 eight = lanes.lo + lanes.hi;
      const float4 four = eight.lo + eight.hi;
      float sum = (four.x + four.z) + (four.y + four.w);
      for (; k < depth; ++k) {
        sum = FACTOR(left[k]) * FACTOR(stored_at(b, right + k)) + sum;
      }
      __global float *to = c + get_global_id(2) * (size_t)c_batch_stride + i * (size_t)c_row_stride + j;
      *to = accumulate ? *to + sum : sum;
    }
  }
}
