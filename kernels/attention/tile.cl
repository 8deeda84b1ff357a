// Purpose: functions that the tile kernels share: a row's head between global memory and float4, and the work of a
//   group on tiles of rows.
// Math: products of the rows of two tiles, A · Bᵀ; weighted sums of a tile's rows, W · A; the score s of a product q · k:
//   scale · q · k, or with SOFT_CAP cap · tanh(scale · q · k / cap), whose slope is 1 − (s / cap)².
// Shapes (row-major): a tile in local memory [TILE, PITCH] float4, one head of TILE rows; weights [TILE, WEIGHT_PITCH]
//   float4, a number for each pair of rows of two tiles.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: a group has 8 × 8 work-items. Each holds SIDE × SIDE elements of a TILE × TILE matrix, 8 rows and 8
//   columns apart, and PARTS float4 of each of the same SIDE rows of a tile's head.
// Numerics: accumulates in float, in the order of a tile's rows.
// Source: none.

#include "prelude/local.cl"

#ifndef HEAD_SIZE
#define HEAD_SIZE 64  // D, 1 to 256
#endif
#ifndef TILE
#define TILE 16  // rows of a tile, 8, 16 or 32: as many as fit local memory
#endif
#ifndef SOFT_CAP
#define SOFT_CAP 0  // 1: scores are capped, and kernels take the cap
#endif
#if SOFT_CAP
#define CAP_PARAMETER , const float cap
#define SCORE(product) (cap * tanh((product) * (scale / cap)))
#define SLOPED(value, score) ((value) * (1.0f - ((score) / cap) * ((score) / cap)))
#else
#define CAP_PARAMETER
#define SCORE(product) ((product) * scale)
#define SLOPED(value, score) (value)
#endif
#define GROUP_SIZE 64
#define SIDE (TILE / 8)
#define VECTORS ((HEAD_SIZE + 3) / 4)  // float4 in a head, the last padded with zeros
#define PARTS ((VECTORS + 7) / 8)      // float4 of a head that one work-item holds
#define PITCH (VECTORS | 1)            // float4 between rows in local memory: odd, so that 8 rows cover all banks
#define WEIGHT_PITCH (TILE / 4 + 1)    // float4 between rows of a TILE × TILE matrix, for the same reason

// ---------------------------------------------------------------------------------------------------------------------
// One head of one row, between global memory and float4.

#if HEAD_SIZE % 4 == 0
static inline float4 load_part(const __global float *head, const int part) {
  return ((const __global float4 *)head)[part];
}

static inline void store_part(__global float *head, const int part, const float4 value) {
  ((__global float4 *)head)[part] = value;
}
#else
static inline float4 load_part(const __global float *head, const int part) {
  if (part * 4 + 4 <= HEAD_SIZE) return vload4(part, head);
  float lanes[4];
  for (int lane = 0; lane < 4; ++lane) lanes[lane] = part * 4 + lane < HEAD_SIZE ? head[part * 4 + lane] : 0.0f;
  return vload4(0, lanes);
}

static inline void store_part(__global float *head, const int part, const float4 value) {
  if (part * 4 + 4 <= HEAD_SIZE) {
    vstore4(value, part, head);
  } else {
    float lanes[4];
    vstore4(value, 0, lanes);
    for (int lane = 0; lane < 4; ++lane) {
      if (part * 4 + lane < HEAD_SIZE) head[part * 4 + lane] = lanes[lane];
    }
  }
}
#endif

// The first element of a row's head.
static inline size_t head_offset(const int row, const int heads, const int head) {
  return ((size_t)row * heads + head) * HEAD_SIZE;
}

// ---------------------------------------------------------------------------------------------------------------------
// The work of a group's work-items together.

// Shift and mask of an int: from the division of a size_t, Intel's CPU runtime 2026.22 computes addresses that crash.
static inline int item_row(void) { return (int)get_local_id(0) >> 3; }
static inline int item_column(void) { return (int)get_local_id(0) & 7; }

// Copies one head of the TILE rows from `first` on; rows from `end` on are 0.
LOCAL_FUNCTION void load_tile(
  __local float4 *tile, const __global float *source, const int first, const int end, const int heads, const int head
) {
  for (int i = get_local_id(0); i < TILE * VECTORS; i += GROUP_SIZE) {
    const int row = first + i / VECTORS, part = i % VECTORS;
    tile[i / VECTORS * PITCH + part] =
      row < end ? load_part(source + head_offset(row, heads, head), part) : (float4)(0.0f);
  }
}

// products[i][j] = this work-item's row i of tile a · its row j of tile b.
LOCAL_FUNCTION void multiply_rows(float products[SIDE][SIDE], const __local float4 *a, const __local float4 *b) {
  a += item_row() * PITCH;
  b += item_column() * PITCH;
#pragma unroll
  for (int i = 0; i < SIDE; ++i) {
#pragma unroll
    for (int j = 0; j < SIDE; ++j) products[i][j] = 0.0f;
  }
#pragma unroll 4
  for (int part = 0; part < VECTORS; ++part) {
    float4 of_b[SIDE];
#pragma unroll
    for (int j = 0; j < SIDE; ++j) of_b[j] = b[j * 8 * PITCH + part];
#pragma unroll
    for (int i = 0; i < SIDE; ++i) {
      const float4 of_a = a[i * 8 * PITCH + part];
#pragma unroll
      for (int j = 0; j < SIDE; ++j) {
        products[i][j] += of_a.s0 * of_b[j].s0;
        products[i][j] += of_a.s1 * of_b[j].s1;
        products[i][j] += of_a.s2 * of_b[j].s2;
        products[i][j] += of_a.s3 * of_b[j].s3;
      }
    }
  }
}

LOCAL_FUNCTION void store_weights(__local float4 *weights, const float own[SIDE][SIDE]) {
  __local float *to = (__local float *)(weights + item_row() * WEIGHT_PITCH) + item_column();
#pragma unroll
  for (int i = 0; i < SIDE; ++i) {
#pragma unroll
    for (int j = 0; j < SIDE; ++j) to[i * 8 * WEIGHT_PITCH * 4 + j * 8] = own[i][j];
  }
}

// sums[i] += Σ over the rows of a tile, in order, of weights[this work-item's row i][row] · tile[row].
LOCAL_FUNCTION void add_weighted(float4 sums[SIDE][PARTS], const __local float4 *weights, const __local float4 *tile) {
  weights += item_row() * WEIGHT_PITCH;
  tile += item_column();
  for (int four = 0; four < TILE / 4; ++four) {
    float4 of_rows[SIDE];
#pragma unroll
    for (int i = 0; i < SIDE; ++i) of_rows[i] = weights[i * 8 * WEIGHT_PITCH + four];
#pragma unroll
    for (int part = 0; part < PARTS; ++part) {
      if (VECTORS % 8 == 0 || item_column() + part * 8 < VECTORS) {
        const __local float4 *from = tile + four * 4 * PITCH + part * 8;
        const float4 first = from[0], second = from[PITCH], third = from[2 * PITCH], fourth = from[3 * PITCH];
#pragma unroll
        for (int i = 0; i < SIDE; ++i) {
          sums[i][part] += of_rows[i].s0 * first;
          sums[i][part] += of_rows[i].s1 * second;
          sums[i][part] += of_rows[i].s2 * third;
          sums[i][part] += of_rows[i].s3 * fourth;
        }
      }
    }
  }
}

static inline void clear_sums(float4 sums[SIDE][PARTS]) {
#pragma unroll
  for (int i = 0; i < SIDE; ++i) {
#pragma unroll
    for (int part = 0; part < PARTS; ++part) sums[i][part] = (float4)(0.0f);
  }
}

static inline void scale_row(float4 sums[PARTS], const float factor) {
#pragma unroll
  for (int part = 0; part < PARTS; ++part) sums[part] *= factor;
}

// Stores a work-item's rows of a head.
static inline void store_rows(
  __global float *target, const float4 sums[SIDE][PARTS], const int first, const int rows, const int heads,
  const int head
) {
#pragma unroll
  for (int i = 0; i < SIDE; ++i) {
    const int row = first + item_row() + i * 8;
#pragma unroll
    for (int part = 0; part < PARTS; ++part) {
      const int place = item_column() + part * 8;
      if (row < rows && place < VECTORS) {
        store_part(target + head_offset(row, heads, head), place, sums[i][part]);
      }
    }
  }
}

// Loads the key ranges of the TILE query rows from `first` on, empty beyond the last row.
LOCAL_FUNCTION void load_ranges(
  __local int2 *ranges, const __global int *key_start, const __global int *key_end, const int first, const int rows
) {
  const int item = get_local_id(0), row = first + item;
  if (item < TILE) ranges[item] = row < rows ? (int2)(key_start[row], key_end[row]) : (int2)(0, 0);
}

// The hull of the rows' key ranges, as (first, end); empty where every range is.
LOCAL_FUNCTION int2 keys_of_all(const __local int2 *ranges) {
  int2 keys = (int2)(INT_MAX, 0);
  for (int row = 0; row < TILE; ++row) {
    const int2 range = ranges[row];
    if (range.s0 < range.s1) keys = (int2)(min(keys.s0, range.s0), max(keys.s1, range.s1));
  }
  return keys;
}

static inline bool sees(const int2 range, const int key) { return range.s0 <= key && key < range.s1; }

// The group's first query row. Later tiles of a causal attention have more keys, so they start first.
static inline int first_query(void) { return (get_num_groups(0) - 1 - get_group_id(0)) * TILE; }
