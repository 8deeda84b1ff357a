// Purpose: attention with online softmax, forward and backward, where a work-item owns a core (CPU devices).
// Math: query row r of head h attends to the key rows key_start[r] ≤ j < key_end[r] of head h / (heads / kv_heads) of
//   k and v:
//     S = scale · Q · Kᵀ;  lse = ln(Σ over these j of exp(S));  P = exp(S − lse);  out = P · V;
//     delta = Σ over d of dout · out;  dS = P ∘ (dout · Vᵀ − delta);
//     dQ = scale · dS · K;  dK = scale · dSᵀ · Q;  dV = Pᵀ · dout.
//   With SOFT_CAP S is capped, and dS has its slope as a factor (attention/lanes.cl).
//   A row without keys has out 0, lse −infinity and no gradient.
// Shapes (row-major): q, out, dout, dq [rows, heads · HEAD_SIZE]; k, v, dk, dv [key rows, kv_heads · HEAD_SIZE]; lse,
//   delta [rows, heads]; key_start, key_end [rows]; query_end [key rows]. In the backward pass the key rows are the
//   query rows, and key row j is attended to by the query rows j ..< query_end[j] at most.
// Gradient contract: every output `=`.
// Saved for backward: out, lse.
// Parallelism: one work-item a work-group. Its 32 lanes are 32 query rows of one head (forward, backward_query) or 32
//   key rows of one key/value head (backward_key_value); rows of the other side are broadcast, BLOCK_ROWS at a time. id
//   0 is the tile of 32 rows, id 1 the head. delta: id 0 is a group of DELTA_PAIRS (row, head) pairs.
// Numerics: float. The softmax uses base 2, with a polynomial of relative error 2e-9 for the fraction; sums run in
//   ascending order of rows, so the bits do not depend on the number of work-items.
// Source: Dao, arXiv:2307.08691, algorithms 1 and 2; the query side and the key/value side have a kernel each, so that
//   no atomics are needed.

#include "attention/lanes.cl"

#ifndef REGISTER_LANES
#define REGISTER_LANES 16  // floats in a vector register, as in matmul/panel.cl
#endif
// Rows of the other side in a block: 24 accumulators of 16 lanes, or 8 of 8 where registers are few.
#define BLOCK_ROWS (REGISTER_LANES == 16 ? 12 : 2)
#ifndef DELTA_PAIRS
#define DELTA_PAIRS 64  // (row, head) pairs of one work-item in attention_panel_delta
#endif

// ---------------------------------------------------------------------------------------------------------------------
// products[i] = Σ over d of tile[d] · x[row i of the block][d], one sum in each lane.
static inline __attribute__((always_inline)) void block_products(
  float16 products[BLOCK_ROWS][2], const float16 *tile, const __global float *const *rows
) {
#pragma unroll
  for (int i = 0; i < BLOCK_ROWS; ++i) {
    products[i][0] = (float16)0.0f;
    products[i][1] = (float16)0.0f;
  }
#pragma unroll 1
  for (int d = 0; d < HEAD_SIZE; ++d) {
    const float16 t0 = tile[2 * d];
    const float16 t1 = tile[2 * d + 1];
#pragma unroll
    for (int i = 0; i < BLOCK_ROWS; ++i) {
      products[i][0] = rows[i][d] * t0 + products[i][0];
      products[i][1] = rows[i][d] * t1 + products[i][1];
    }
  }
}

// tile[d] = tile[d] · decay + Σ over i of x[row i of the block][d] · weights[i].
static inline __attribute__((always_inline)) void block_update(
  float16 *tile, const float16 decay0, const float16 decay1, const float16 weights[BLOCK_ROWS][2],
  const __global float *const *rows
) {
#pragma unroll 1
  for (int d = 0; d < HEAD_SIZE; ++d) {
    float16 t0 = tile[2 * d] * decay0;
    float16 t1 = tile[2 * d + 1] * decay1;
#pragma unroll
    for (int i = 0; i < BLOCK_ROWS; ++i) {
      t0 = rows[i][d] * weights[i][0] + t0;
      t1 = rows[i][d] * weights[i][1] + t1;
    }
    tile[2 * d] = t0;
    tile[2 * d + 1] = t1;
  }
}

// Pointers to the rows first ..< first + BLOCK_ROWS of x; those from `end` on repeat row end − 1.
#define POINT_TO_ROWS(name, x, first, end, stride) \
  const __global float *name[BLOCK_ROWS]; \
  _Pragma("unroll") for (int i = 0; i < BLOCK_ROWS; ++i) { name[i] = (x) + min((first) + i, (end) - 1) * (stride); }

// The key ranges of a tile's lanes (empty beyond the last row), their hull and their intersection.
typedef struct {
  int16 start[2], end[2];
  int first, last;                // every key of any lane is in first ..< last
  int shared_first, shared_last;  // every lane has all keys of shared_first ..< shared_last
} key_ranges_t;

static inline key_ranges_t key_ranges(
  const __global int *key_start, const __global int *key_end, const int first_row, const int rows
) {
  int start[ROW_LANES], end[ROW_LANES];
  key_ranges_t ranges;
  ranges.first = 0x7fffffff;
  ranges.last = 0;
  ranges.shared_first = 0;
  ranges.shared_last = 0x7fffffff;
  for (int lane = 0; lane < ROW_LANES; ++lane) {
    const int row = min(first_row + lane, rows - 1);
    const int visible = first_row + lane < rows && key_start[row] < key_end[row];
    start[lane] = visible ? key_start[row] : 0;
    end[lane] = visible ? key_end[row] : 0;
    ranges.first = visible ? min(ranges.first, start[lane]) : ranges.first;
    ranges.last = max(ranges.last, end[lane]);
    ranges.shared_first = max(ranges.shared_first, start[lane]);
    ranges.shared_last = first_row + lane < rows ? min(ranges.shared_last, end[lane]) : ranges.shared_last;
  }
  ranges.start[0] = vload16(0, start);
  ranges.start[1] = vload16(1, start);
  ranges.end[0] = vload16(0, end);
  ranges.end[1] = vload16(1, end);
  return ranges;
}

// ---------------------------------------------------------------------------------------------------------------------
// Global size (ceil(rows / 32), heads).
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void attention_panel_forward(
  __global float *restrict out, __global float *restrict lse, const __global float *restrict q,
  const __global float *restrict k, const __global float *restrict v, const __global int *restrict key_start,
  const __global int *restrict key_end, const int rows, const int heads, const int kv_heads,
  const float scale CAP_PARAMETER
) {
  const int first_row = (int)get_global_id(0) * ROW_LANES;
  const int head = (int)get_global_id(1);
  const size_t kv_offset = (head / (heads / kv_heads)) * HEAD_SIZE;
  const size_t stride = (size_t)heads * HEAD_SIZE;
  const size_t kv_stride = (size_t)kv_heads * HEAD_SIZE;
  const key_ranges_t keys = key_ranges(key_start, key_end, first_row, rows);
  float16 query[HEAD_SIZE * 2];
  float16 sum[HEAD_SIZE * 2];
  load_rows_transposed((float *)query, q + head * HEAD_SIZE, first_row, rows, stride);
  for (int d = 0; d < HEAD_SIZE * 2; ++d) {
    sum[d] = (float16)0.0f;
  }
  float16 greatest0 = (float16)LOWEST;
  float16 greatest1 = (float16)LOWEST;
  float16 total0 = (float16)0.0f;
  float16 total1 = (float16)0.0f;
  for (int key = keys.first; key < keys.last; key += BLOCK_ROWS) {
    POINT_TO_ROWS(key_rows, k + kv_offset, key, keys.last, kv_stride)
    float16 s[BLOCK_ROWS][2];
    block_products(s, query, key_rows);
    const int masked = key < keys.shared_first || key + BLOCK_ROWS > keys.shared_last;
    float16 new0 = greatest0;
    float16 new1 = greatest1;
#pragma unroll
    for (int i = 0; i < BLOCK_ROWS; ++i) {
      s[i][0] = SCORE(s[i][0]);
      s[i][1] = SCORE(s[i][1]);
      if (masked) {
        s[i][0] = (keys.start[0] <= key + i & keys.end[0] > key + i) ? s[i][0] : (float16)-INFINITY;
        s[i][1] = (keys.start[1] <= key + i & keys.end[1] > key + i) ? s[i][1] : (float16)-INFINITY;
      }
      new0 = larger(s[i][0], new0);
      new1 = larger(s[i][1], new1);
    }
    const float16 decay0 = exp2_nonpositive(greatest0 - new0);
    const float16 decay1 = exp2_nonpositive(greatest1 - new1);
    greatest0 = new0;
    greatest1 = new1;
    total0 *= decay0;
    total1 *= decay1;
#pragma unroll
    for (int i = 0; i < BLOCK_ROWS; ++i) {
      s[i][0] = exp2_nonpositive(s[i][0] - greatest0);
      s[i][1] = exp2_nonpositive(s[i][1] - greatest1);
      total0 += s[i][0];
      total1 += s[i][1];
    }
    POINT_TO_ROWS(value_rows, v + kv_offset, key, keys.last, kv_stride)
    block_update(sum, decay0, decay1, s, value_rows);
  }
  const float16 inverse0 = total0 == 0.0f ? (float16)0.0f : 1.0f / total0;
  const float16 inverse1 = total1 == 0.0f ? (float16)0.0f : 1.0f / total1;
  for (int d = 0; d < HEAD_SIZE; ++d) {
    sum[2 * d] *= inverse0;
    sum[2 * d + 1] *= inverse1;
  }
  store_rows_transposed(out + head * HEAD_SIZE, (const float *)sum, 1.0f, first_row, rows, stride);
  float greatest[ROW_LANES], total[ROW_LANES];
  vstore16(greatest0, 0, greatest);
  vstore16(greatest1, 1, greatest);
  vstore16(total0, 0, total);
  vstore16(total1, 1, total);
  for (int lane = 0; lane < min(ROW_LANES, rows - first_row); ++lane) {
    lse[(size_t)(first_row + lane) * heads + head] =
      total[lane] == 0.0f ? -INFINITY : greatest[lane] * LN_2 + log(total[lane]);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// delta[r, h] = Σ over d of dout · out. Global size ceil(rows · heads / DELTA_PAIRS).
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void attention_panel_delta(
  __global float *restrict delta, const __global float *restrict dout, const __global float *restrict out,
  const int rows, const int heads
) {
  const size_t first = get_global_id(0) * DELTA_PAIRS;
  const size_t end = min(first + DELTA_PAIRS, (size_t)rows * heads);
  for (size_t pair = first; pair < end; ++pair) {
    const __global float *left = dout + pair * HEAD_SIZE;
    const __global float *right = out + pair * HEAD_SIZE;
    float8 lanes = (float8)0.0f;
    int d = 0;
    for (; d + 8 <= HEAD_SIZE; d += 8) {
      lanes = vload8(0, left + d) * vload8(0, right + d) + lanes;
    }
    const float4 four = lanes.lo + lanes.hi;
    float sum = (four.x + four.z) + (four.y + four.w);
    for (; d < HEAD_SIZE; ++d) {
      sum = left[d] * right[d] + sum;
    }
    delta[pair] = sum;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Global size (ceil(rows / 32), heads).
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void attention_panel_backward_query(
  __global float *restrict dq, const __global float *restrict dout, const __global float *restrict q,
  const __global float *restrict k, const __global float *restrict v, const __global float *restrict lse,
  const __global float *restrict delta, const __global int *restrict key_start, const __global int *restrict key_end,
  const int rows, const int heads, const int kv_heads, const float scale CAP_PARAMETER
) {
  const int first_row = (int)get_global_id(0) * ROW_LANES;
  const int head = (int)get_global_id(1);
  const size_t kv_offset = (head / (heads / kv_heads)) * HEAD_SIZE;
  const size_t stride = (size_t)heads * HEAD_SIZE;
  const size_t kv_stride = (size_t)kv_heads * HEAD_SIZE;
  const key_ranges_t keys = key_ranges(key_start, key_end, first_row, rows);
  float16 query[HEAD_SIZE * 2];
  float16 dsum[HEAD_SIZE * 2];
  float16 dquery[HEAD_SIZE * 2];
  load_rows_transposed((float *)query, q + head * HEAD_SIZE, first_row, rows, stride);
  load_rows_transposed((float *)dsum, dout + head * HEAD_SIZE, first_row, rows, stride);
  for (int d = 0; d < HEAD_SIZE * 2; ++d) {
    dquery[d] = (float16)0.0f;
  }
  float lane_lse[ROW_LANES], lane_delta[ROW_LANES];
  for (int lane = 0; lane < ROW_LANES; ++lane) {
    const size_t at = (size_t)min(first_row + lane, rows - 1) * heads + head;
    lane_lse[lane] = lse[at] * LOG2_E;
    lane_delta[lane] = delta[at];
  }
  const float16 lse0 = vload16(0, lane_lse), lse1 = vload16(1, lane_lse);
  const float16 delta0 = vload16(0, lane_delta), delta1 = vload16(1, lane_delta);
  for (int key = keys.first; key < keys.last; key += BLOCK_ROWS) {
    POINT_TO_ROWS(key_rows, k + kv_offset, key, keys.last, kv_stride)
    POINT_TO_ROWS(value_rows, v + kv_offset, key, keys.last, kv_stride)
    float16 p[BLOCK_ROWS][2], dp[BLOCK_ROWS][2];
    block_products(p, query, key_rows);
    const int masked = key < keys.shared_first || key + BLOCK_ROWS > keys.shared_last;
#if SOFT_CAP
    float16 slopes[BLOCK_ROWS][2];
#endif
#pragma unroll
    for (int i = 0; i < BLOCK_ROWS; ++i) {
#if SOFT_CAP
      const float16 score0 = SCORE(p[i][0]), score1 = SCORE(p[i][1]);
      slopes[i][0] = SLOPE(score0);
      slopes[i][1] = SLOPE(score1);
      p[i][0] = exp2_nonpositive(score0 - lse0);
      p[i][1] = exp2_nonpositive(score1 - lse1);
#else
      p[i][0] = exp2_nonpositive(SCORE(p[i][0]) - lse0);
      p[i][1] = exp2_nonpositive(SCORE(p[i][1]) - lse1);
#endif
      if (masked) {
        p[i][0] = (keys.start[0] <= key + i & keys.end[0] > key + i) ? p[i][0] : (float16)0.0f;
        p[i][1] = (keys.start[1] <= key + i & keys.end[1] > key + i) ? p[i][1] : (float16)0.0f;
      }
    }
    block_products(dp, dsum, value_rows);
#pragma unroll
    for (int i = 0; i < BLOCK_ROWS; ++i) {
      p[i][0] *= dp[i][0] - delta0;
      p[i][1] *= dp[i][1] - delta1;
#if SOFT_CAP
      p[i][0] *= slopes[i][0];
      p[i][1] *= slopes[i][1];
#endif
    }
    block_update(dquery, (float16)1.0f, (float16)1.0f, p, key_rows);
  }
  store_rows_transposed(dq + head * HEAD_SIZE, (const float *)dquery, scale, first_row, rows, stride);
}

// ---------------------------------------------------------------------------------------------------------------------
// Global size (ceil(rows / 32), kv_heads).
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void attention_panel_backward_key_value(
  __global float *restrict dk, __global float *restrict dv, const __global float *restrict dout,
  const __global float *restrict q, const __global float *restrict k, const __global float *restrict v,
  const __global float *restrict lse, const __global float *restrict delta, const __global int *restrict key_start,
  const __global int *restrict key_end, const __global int *restrict query_end, const int rows, const int heads,
  const int kv_heads, const float scale CAP_PARAMETER
) {
  const int first_key = (int)get_global_id(0) * ROW_LANES;
  const int kv_head = (int)get_global_id(1);
  const int group = heads / kv_heads;
  const size_t stride = (size_t)heads * HEAD_SIZE;
  const size_t kv_stride = (size_t)kv_heads * HEAD_SIZE;
  const int16 lane_key0 = first_key + (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const int16 lane_key1 = lane_key0 + 16;
  float16 key[HEAD_SIZE * 2];
  float16 value[HEAD_SIZE * 2];
  float16 dkey[HEAD_SIZE * 2];
  float16 dvalue[HEAD_SIZE * 2];
  load_rows_transposed((float *)key, k + kv_head * HEAD_SIZE, first_key, rows, kv_stride);
  load_rows_transposed((float *)value, v + kv_head * HEAD_SIZE, first_key, rows, kv_stride);
  for (int d = 0; d < HEAD_SIZE * 2; ++d) {
    dkey[d] = (float16)0.0f;
    dvalue[d] = (float16)0.0f;
  }
  int end_row = first_key;
  for (int lane = 0; lane < min(ROW_LANES, rows - first_key); ++lane) {
    end_row = max(end_row, query_end[first_key + lane]);
  }
  for (int head = kv_head * group; head < (kv_head + 1) * group; ++head) {
    for (int row = first_key; row < end_row; row += BLOCK_ROWS) {
      POINT_TO_ROWS(query_rows, q + head * HEAD_SIZE, row, end_row, stride)
      POINT_TO_ROWS(dout_rows, dout + head * HEAD_SIZE, row, end_row, stride)
      int masked = row + BLOCK_ROWS > end_row;
      for (int i = 0; i < BLOCK_ROWS; ++i) {
        const int at = min(row + i, end_row - 1);
        masked |= key_start[at] > first_key || key_end[at] < first_key + ROW_LANES;
      }
      float16 p[BLOCK_ROWS][2], ds[BLOCK_ROWS][2];
      block_products(p, key, query_rows);
#if SOFT_CAP
      float16 slopes[BLOCK_ROWS][2];
#endif
#pragma unroll
      for (int i = 0; i < BLOCK_ROWS; ++i) {
        const int at = min(row + i, end_row - 1);
        const float row_lse = lse[(size_t)at * heads + head] * LOG2_E;
#if SOFT_CAP
        const float16 score0 = SCORE(p[i][0]), score1 = SCORE(p[i][1]);
        slopes[i][0] = SLOPE(score0);
        slopes[i][1] = SLOPE(score1);
        p[i][0] = exp2_nonpositive(score0 - row_lse);
        p[i][1] = exp2_nonpositive(score1 - row_lse);
#else
        p[i][0] = exp2_nonpositive(SCORE(p[i][0]) - row_lse);
        p[i][1] = exp2_nonpositive(SCORE(p[i][1]) - row_lse);
#endif
        if (masked) {
          const int from = key_start[at];
          const int to = row + i < end_row ? key_end[at] : 0;
          p[i][0] = (lane_key0 >= from & lane_key0 < to) ? p[i][0] : (float16)0.0f;
          p[i][1] = (lane_key1 >= from & lane_key1 < to) ? p[i][1] : (float16)0.0f;
        }
      }
      block_update(dvalue, (float16)1.0f, (float16)1.0f, p, dout_rows);
      block_products(ds, value, dout_rows);
#pragma unroll
      for (int i = 0; i < BLOCK_ROWS; ++i) {
        const float row_delta = delta[(size_t)min(row + i, end_row - 1) * heads + head];
        ds[i][0] = p[i][0] * (ds[i][0] - row_delta);
        ds[i][1] = p[i][1] * (ds[i][1] - row_delta);
#if SOFT_CAP
        ds[i][0] *= slopes[i][0];
        ds[i][1] *= slopes[i][1];
#endif
      }
      block_update(dkey, (float16)1.0f, (float16)1.0f, ds, query_rows);
    }
  }
  store_rows_transposed(dk + kv_head * HEAD_SIZE, (const float *)dkey, scale, first_key, rows, kv_stride);
  store_rows_transposed(dv + kv_head * HEAD_SIZE, (const float *)dvalue, 1.0f, first_key, rows, kv_stride);
}
