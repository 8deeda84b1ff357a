// Purpose: products of the same few rows (decoding) by up to three weights, each of them read in place, once, in dot
//   products.
// Math: C = A · Bᵀ, added to C where `accumulate` is 1, for each of the three B that has rows. With BF16 operands are
//   rounded to bf16 first.
// Shapes (row-major): A [batch, m, depth], B [batch, n, depth], C [batch, m, n]; B stored as prelude/storage.cl says.
// Gradient contract: C `=` (accumulate 0) or `+=` (accumulate 1).
// Saved for backward: nothing.
// Parallelism: one work-item a work-group, as many as the device has units. Each takes the next share, ROWS_PER_ITEM
//   rows of a B, from a shared counter until none is left: a unit that starts late, as one that slept does, leaves them
//   to the others.
// Numerics: as matmul/few_rows_product.cl.
// Source: none.

#include "matmul/few_rows_product.cl"

#ifndef ROWS_PER_ITEM
#define ROWS_PER_ITEM 16  // rows of B in a share
#endif

// ---------------------------------------------------------------------------------------------------------------------
// Multiplies all rows of A by one share of the rows of B, both of one matrix of the batch.
static inline void multiply_batch_share(
  __global float *c, const __global float *a, const __global stored_t *b, const size_t matrix, const int share,
  const int m, const int n, const int depth, const int accumulate
) {
  const int first = share * ROWS_PER_ITEM;
  const int end = min(first + ROWS_PER_ITEM, n);
  for (int j = first; j < end; ++j) {
    const size_t right = (matrix * n + j) * depth;
    for (int i = 0; i < m; ++i) {
      const float sum = row_product(a + (matrix * m + i) * depth, b, right, depth, i == 0);
      __global float *to = c + (matrix * m + i) * n + j;
      *to = accumulate ? *to + sum : sum;
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void matmul_few_rows_cpu(
  volatile __global int *restrict counters, const __global float *restrict a, __global float *restrict c0,
  const __global stored_t *restrict b0, const int n0, const int accumulate0, __global float *restrict c1,
  const __global stored_t *restrict b1, const int n1, const int accumulate1, __global float *restrict c2,
  const __global stored_t *restrict b2, const int n2, const int accumulate2, const int m, const int depth,
  const int batch
) {
  const int shares0 = shares_of(n0, ROWS_PER_ITEM), shares1 = shares_of(n1, ROWS_PER_ITEM);
  const int shares = shares0 + shares1 + shares_of(n2, ROWS_PER_ITEM);
  for (int index = take_share(counters); index < shares * batch; index = take_share(counters)) {
    const size_t matrix = index / shares;
    const int share = index % shares;
    const int second = share - shares0, third = second - shares1;
    if (second < 0) {
      multiply_batch_share(c0, a, b0, matrix, share, m, n0, depth, accumulate0);
    } else if (third < 0) {
      multiply_batch_share(c1, a, b1, matrix, second, m, n1, depth, accumulate1);
    } else {
      multiply_batch_share(c2, a, b2, matrix, third, m, n2, depth, accumulate2);
    }
  }
  leave(counters);
}
