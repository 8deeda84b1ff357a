// Purpose: attention forward of few query rows (decoding), where a work-item owns a core (CPU devices). A tile of 32
//   rows would hold only few, and would scan the keys of all of them.
// Math: as attention_panel_forward, with and without SOFT_CAP. A row without keys has out 0 and lse −infinity.
// Shapes (row-major): q, out [rows, heads · HEAD_SIZE]; k, v [key rows, kv_heads · HEAD_SIZE]; lse [rows, heads];
//   key_start, key_end [rows].
// Gradient contract: every output `=`.
// Saved for backward: out, lse.
// Parallelism: one work-item a work-group; id 0 is the query row, id 1 the head. Its lanes are columns of a head for
//   the scores and the values, and BLOCK_KEYS keys for the softmax.
// Numerics: float; base 2 as in attention/panel.cl; sums over keys in ascending order of blocks.
// Source: Dao, arXiv:2307.08691, algorithm 1.

#include "attention/lanes.cl"

#define BLOCK_KEYS 16                         // keys in a block, a lane each
#define HEAD_VECTORS ((HEAD_SIZE + 15) / 16)  // vectors in a head's row, the last padded with zeros

// The 16 columns of a head's row from column `first` on; 0 beyond the head.
static inline __attribute__((always_inline)) float16 columns_at(const __global float *x, const int first) {
  if (first + 16 <= HEAD_SIZE) {
    return vload16(0, x + first);
  }
  float lanes[16];
  for (int lane = 0; lane < 16; ++lane) {
    lanes[lane] = first + lane < HEAD_SIZE ? x[first + lane] : 0.0f;
  }
  return vload16(0, lanes);
}

static inline float sum_of_lanes(const float16 x) {
  const float8 eight = x.lo + x.hi;
  const float4 four = eight.lo + eight.hi;
  return (four.x + four.z) + (four.y + four.w);
}

static inline float largest_lane(const float16 x) {
  const float8 eight = fmax(x.lo, x.hi);
  const float4 four = fmax(eight.lo, eight.hi);
  return fmax(fmax(four.x, four.z), fmax(four.y, four.w));
}

// ---------------------------------------------------------------------------------------------------------------------
// Global size (rows, heads).
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void attention_rows_forward(
  __global float *restrict out, __global float *restrict lse, const __global float *restrict q,
  const __global float *restrict k, const __global float *restrict v, const __global int *restrict key_start,
  const __global int *restrict key_end, const int rows, const int heads, const int kv_heads,
  const float scale CAP_PARAMETER
) {
  const int row = get_global_id(0), head = get_global_id(1);
  const size_t place = (size_t)row * heads + head;
  const size_t kv_offset = (head / (heads / kv_heads)) * HEAD_SIZE;
  const size_t kv_stride = (size_t)kv_heads * HEAD_SIZE;
  const int end = key_end[row];
  float16 query[HEAD_VECTORS], sum[HEAD_VECTORS];
#pragma unroll
  for (int j = 0; j < HEAD_VECTORS; ++j) {
#if SOFT_CAP
    query[j] = columns_at(q + place * HEAD_SIZE, j * 16);
#else
    query[j] = SCORE(columns_at(q + place * HEAD_SIZE, j * 16));
#endif
    sum[j] = (float16)0.0f;
  }
  float greatest = LOWEST;
  float total = 0.0f;
  for (int key = key_start[row]; key < end; key += BLOCK_KEYS) {
    const int count = min(BLOCK_KEYS, end - key);
    float scores[BLOCK_KEYS];
    for (int i = 0; i < BLOCK_KEYS; ++i) {
      const __global float *key_row = k + kv_offset + min(key + i, end - 1) * kv_stride;
      float16 products = (float16)0.0f;
#pragma unroll
      for (int j = 0; j < HEAD_VECTORS; ++j) {
        products = query[j] * columns_at(key_row, j * 16) + products;
      }
      scores[i] = i < count ? sum_of_lanes(products) : LOWEST;
    }
#if SOFT_CAP
    const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const float16 score = lane < count ? SCORE(vload16(0, scores)) : (float16)LOWEST;
#else
    const float16 score = vload16(0, scores);
#endif
    const float before = greatest;
    greatest = fmax(before, largest_lane(score));
    const float16 weight = exp2_nonpositive(score - greatest);
    const float decay = exp2_nonpositive((float16)(before - greatest)).s0;
    total = total * decay + sum_of_lanes(weight);
    float weights[BLOCK_KEYS];
    vstore16(weight, 0, weights);
#pragma unroll
    for (int j = 0; j < HEAD_VECTORS; ++j) {
      sum[j] *= decay;
    }
    for (int i = 0; i < count; ++i) {
      const __global float *value_row = v + kv_offset + (key + i) * kv_stride;
#pragma unroll
      for (int j = 0; j < HEAD_VECTORS; ++j) {
        sum[j] = weights[i] * columns_at(value_row, j * 16) + sum[j];
      }
    }
  }
  const float inverse = total == 0.0f ? 0.0f : 1.0f / total;
  __global float *to = out + place * HEAD_SIZE;
#pragma unroll
  for (int j = 0; j < HEAD_VECTORS; ++j) {
    float lanes[16];
    vstore16(sum[j] * inverse, 0, lanes);
    for (int lane = 0; lane < 16; ++lane) {
      if (j * 16 + lane < HEAD_SIZE) to[j * 16 + lane] = lanes[lane];
    }
  }
  lse[place] = total == 0.0f ? -INFINITY : greatest * LN_2 + log(total);
}
