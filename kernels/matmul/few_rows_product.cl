// Purpose: one row of a product of few rows by a weight that is read in place, for kernels whose work-item owns a core.
// Math: the dot product of a row of A and a row of B. With BF16 their elements are rounded to bf16 first.
// Shapes: A's row [depth] in float; B [rows, depth], stored as prelude/storage.cl says, of which a row begins at element `right`.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: work-items take shares of the rows of B from a counter.
// Numerics: fp32; four sums of 16 lanes, then their halves, in one order.
// Source: none.

#include "prelude/bf16.cl"
#include "prelude/prefetch.cl"

#define ROW_AHEAD 512    // elements of B between those that are read and those that are asked for: swept 512..2048

// - asks: whether what comes later of B is asked for: the first of several rows of A does so for all.
static inline __attribute__((always_inline)) float row_product(
    const __global float *left, const __global stored_t *b, const size_t right, const int depth, const bool asks)
{
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
  return sum;
}

// ---------------------------------------------------------------------------------------------------------------------
// How work-items share the rows of B: `counters` holds two zeros before and after a launch, the next share and the
// work-items that found none.
static inline int take_share(volatile __global int *counters) { return atomic_inc(counters); }

// The last to find no share left puts both counters back.
static inline void leave(volatile __global int *counters) {
  if (atomic_inc(counters + 1) == (int)get_num_groups(0) - 1) {
    atomic_xchg(counters, 0);
    atomic_xchg(counters + 1, 0);
  }
}
