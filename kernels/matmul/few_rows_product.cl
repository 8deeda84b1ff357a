// Purpose: one element of a product of few rows by a weight that is read in place, and the shares of the weight's rows,
//   for kernels whose work-item owns a core.
// Math: the dot product of a row of A and a row of B. With BF16 operands are rounded to bf16 first.
// Shapes (row-major): A's row [depth] in float; B [rows, depth], stored as prelude/storage.cl says, of which a row
//   begins at element `right`.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: work-items take shares of the rows of B from a counter.
// Numerics: fp32; four sums of 16 lanes, then their halves, in one order.
// Source: none.

#include "prelude/bf16.cl"
#include "prelude/prefetch.cl"

#define ROW_AHEAD 512  // elements of B between those that are read and those that are asked for: swept 512 … 2048

// The dot product of a row of A, `left`, and a row of B. With `asks` later elements of B are asked for: of several rows
// of A the first does so for all.
static inline __attribute__((always_inline)) float row_product(
  const __global float *left, const __global stored_t *b, const size_t right, const int depth, const bool asks
) {
  const int in_vectors = STORED_ALIGNED(right) ? depth : 0;
  float16 sum0 = (float16)0.0f;
  float16 sum1 = (float16)0.0f;
  float16 sum2 = (float16)0.0f;
  float16 sum3 = (float16)0.0f;
  int k = 0;
  for (; k + 64 <= in_vectors; k += 64) {
    if (asks) {
#pragma unroll
      for (int line = 0; line < 64; line += 16) {
        PREFETCH_STORED(b, right + k + ROW_AHEAD + line);
      }
    }
    sum0 = OPERANDS(vload16(0, left + k)) * OPERANDS(stored_16(b, right + k)) + sum0;
    sum1 = OPERANDS(vload16(1, left + k)) * OPERANDS(stored_16(b, right + k + 16)) + sum1;
    sum2 = OPERANDS(vload16(2, left + k)) * OPERANDS(stored_16(b, right + k + 32)) + sum2;
    sum3 = OPERANDS(vload16(3, left + k)) * OPERANDS(stored_16(b, right + k + 48)) + sum3;
  }
  for (; k + 16 <= in_vectors; k += 16) {
    sum0 = OPERANDS(vload16(0, left + k)) * OPERANDS(stored_16(b, right + k)) + sum0;
  }
  const float16 lanes = (sum0 + sum1) + (sum2 + sum3);
  const float8 eight = lanes.lo + lanes.hi;
  const float4 four = eight.lo + eight.hi;
  float sum = (four.x + four.z) + (four.y + four.w);
  for (; k < depth; ++k) {
    sum = OPERAND(left[k]) * OPERAND(stored_at(b, right + k)) + sum;
  }
  return sum;
}

// ---------------------------------------------------------------------------------------------------------------------
// Work-items share the rows of B: `counters` holds the next share and the number of work-items that found none left,
// both 0 before and after a launch.

static inline int shares_of(const int rows, const int share_rows) { return (rows + share_rows - 1) / share_rows; }

static inline int take_share(volatile __global int *counters) { return atomic_inc(counters); }

// The last to find no share left puts both counters back.
static inline void leave(volatile __global int *counters) {
  if (atomic_inc(counters + 1) == (int)get_num_groups(0) - 1) {
    atomic_xchg(counters, 0);
    atomic_xchg(counters + 1, 0);
  }
}
