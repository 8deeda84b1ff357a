// Purpose: causal attention by tiles with online softmax: the base family for GPUs, in plain OpenCL C 1.2. No score
//   matrix is stored; backward makes the scores again from the saved log-sum-exp.
// Math: s[i, j] = scale · q[i] · k[j] for key_start[i] ≤ j < key_end[i];  p = softmax(s);  out = p · v;
//   lse[i] = log Σ exp(s);  delta[i] = dout[i] · out[i];  ds = p ∘ (dout · vᵀ − delta) · scale;
//   dq = ds · k;  dk = dsᵀ · q;  dv = pᵀ · dout.
// Shapes (row-major): q, out, dq, dout [rows, heads, HEAD_SIZE]; k, v, dk, dv [key rows, kv_heads, HEAD_SIZE];
//   lse, delta [rows, heads]; key_start, key_end [rows]; query_end [key rows]: key row j is seen by query rows
//   j ..< query_end[j] at most. Query head h reads key head h / (heads / kv_heads). partials [2, key rows, heads,
//   HEAD_SIZE]: each query head's share of dk, then of dv.
// Gradient contract: dq, dk, dv `=`.
// Saved for backward: q, k, v, out, lse.
// Parallelism: a group has 8 × 8 work-items and owns TILE query rows of a head (key rows in
//   attention_tile_backward_key_value); the other side streams through local memory, TILE rows at a time, and tiles outside
//   the group's range are skipped. Of a TILE × TILE matrix a work-item holds SIDE × SIDE elements, 8 rows and 8 columns
//   apart; of a tile's heads, PARTS float4 of the same SIDE rows. Global size (ceil(rows / TILE) · 64, heads).
// Numerics: accumulates in float, in the order of keys (of query rows, then query heads); no atomics, since the two
//   sides of backward have a kernel each. A row without keys gives out 0 and lse −infinity, a key row without queries
//   gives dk and dv 0. A score and its difference from lse are two statements: contracted to one fma, the difference is
//   lost by the compiler of Intel's CPU runtime 2026.22.
// Source: arXiv:2205.14135, algorithms 1 and 4; arXiv:2307.08691, section 3.1; grouped queries arXiv:2305.13245.

#ifndef HEAD_SIZE
#define HEAD_SIZE 64  // D, 1 to 256
#endif
#ifndef TILE
#define TILE 16  // rows of a tile, 8, 16 or 32: as many as local memory holds of TILE_BYTES
#endif
#define GROUP_SIZE 64
#define SIDE (TILE / 8)
#define VECTORS ((HEAD_SIZE + 3) / 4)  // float4 of a head; the last one is filled up with zeros
#define PARTS ((VECTORS + 7) / 8)      // of them, a work-item's
#define PITCH (VECTORS | 1)            // float4 between rows in local memory: odd, so that 8 rows lie in all banks
#define WEIGHT_PITCH (TILE / 4 + 1)    // likewise between rows of a TILE × TILE matrix

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

// Where a head of a row begins, in elements.
static inline size_t head_offset(const int row, const int heads, const int head) {
  return ((size_t)row * heads + head) * HEAD_SIZE;
}

// ---------------------------------------------------------------------------------------------------------------------
// What the work-items of a group do together.

// By shift and mask of an int: of a size_t's division Intel's CPU runtime 2026.22 makes addresses that end the process.
static inline int item_row(void) { return (int)get_local_id(0) >> 3; }
static inline int item_column(void) { return (int)get_local_id(0) & 7; }

// Copies one head of TILE rows from `first` on; rows from `end` on are 0.
static inline void load_tile(
  __local float4 *tile, const __global float *source, const int first, const int end, const int heads, const int head
) {
  for (int i = get_local_id(0); i < TILE * VECTORS; i += GROUP_SIZE) {
    const int row = first + i / VECTORS, part = i % VECTORS;
    tile[i / VECTORS * PITCH + part] =
      row < end ? load_part(source + head_offset(row, heads, head), part) : (float4)(0.0f);
  }
}

// products[i][j] = a row i of this work-item in one tile · its row j in another.
static inline void multiply_rows(float products[SIDE][SIDE], const __local float4 *a, const __local float4 *b) {
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

static inline void store_weights(__local float4 *weights, const float own[SIDE][SIDE]) {
  __local float *to = (__local float *)(weights + item_row() * WEIGHT_PITCH) + item_column();
#pragma unroll
  for (int i = 0; i < SIDE; ++i) {
#pragma unroll
    for (int j = 0; j < SIDE; ++j) to[i * 8 * WEIGHT_PITCH * 4 + j * 8] = own[i][j];
  }
}

// sums[i] += Σ over the rows of a tile, in their order, of weights[row i of this work-item][row] · that row.
static inline void add_weighted(float4 sums[SIDE][PARTS], const __local float4 *weights, const __local float4 *tile) {
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

// Stores a work-item's rows of a head, each times a factor.
static inline void store_rows(
  __global float *target, const float4 sums[SIDE][PARTS], const float factors[SIDE], const int first, const int rows,
  const int heads, const int head
) {
#pragma unroll
  for (int i = 0; i < SIDE; ++i) {
    const int row = first + item_row() + i * 8;
#pragma unroll
    for (int part = 0; part < PARTS; ++part) {
      const int place = item_column() + part * 8;
      if (row < rows && place < VECTORS) {
        store_part(target + head_offset(row, heads, head), place, sums[i][part] * factors[i]);
      }
    }
  }
}

// The ranges of keys of TILE query rows from `first` on, empty beyond the last row, and numbers of each of them.
static inline void load_ranges(
  __local int2 *ranges, const __global int *key_start, const __global int *key_end, const int first, const int rows
) {
  const int item = get_local_id(0), row = first + item;
  if (item < TILE) ranges[item] = row < rows ? (int2)(key_start[row], key_end[row]) : (int2)(0, 0);
}

static inline void load_numbers(
  __local float *numbers, const __global float *source, const int first, const int rows, const int heads,
  const int head
) {
  const int item = get_local_id(0), row = first + item;
  if (item < TILE) numbers[item] = row < rows ? source[(size_t)row * heads + head] : 0.0f;
}

// The keys that any of these rows sees, as (first, end); an empty range where none sees any.
static inline int2 keys_of_all(const __local int2 *ranges) {
  int2 keys = (int2)(INT_MAX, 0);
  for (int row = 0; row < TILE; ++row) {
    const int2 range = ranges[row];
    if (range.s0 < range.s1) keys = (int2)(min(keys.s0, range.s0), max(keys.s1, range.s1));
  }
  return keys;
}

static inline bool sees(const int2 range, const int key) { return range.s0 <= key && key < range.s1; }

// The later tiles of a causal attention have more keys: they begin first.
static inline int first_query(void) { return (get_num_groups(0) - 1 - get_group_id(0)) * TILE; }

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void attention_tile_forward(
  __global float *restrict out, __global float *restrict lse,
  const __global float *restrict q, const __global float *restrict k, const __global float *restrict v,
  const __global int *restrict key_start, const __global int *restrict key_end,
  const int rows, const int heads, const int kv_heads, const float scale
) {
  __local float4 tile_q[TILE * PITCH], tile_k[TILE * PITCH], tile_v[TILE * PITCH], weights[TILE * WEIGHT_PITCH];
  __local int2 ranges[TILE];
  __local float of_columns[TILE][8];
  const int head = get_group_id(1), kv_head = head / (heads / kv_heads);
  const int first_row = first_query();
  load_ranges(ranges, key_start, key_end, first_row, rows);
  load_tile(tile_q, q, first_row, rows, heads, head);
  barrier(CLK_LOCAL_MEM_FENCE);  // the ranges are complete
  const int2 keys = keys_of_all(ranges);

  float4 sums[SIDE][PARTS];
  float maxima[SIDE], totals[SIDE];
  clear_sums(sums);
#pragma unroll
  for (int i = 0; i < SIDE; ++i) {
    maxima[i] = -INFINITY;
    totals[i] = 0.0f;
  }
  for (int first = keys.s0; first < keys.s1; first += TILE) {
    load_tile(tile_k, k, first, keys.s1, kv_heads, kv_head);
    load_tile(tile_v, v, first, keys.s1, kv_heads, kv_head);
    barrier(CLK_LOCAL_MEM_FENCE);  // the tiles are complete
    float scores[SIDE][SIDE];
    multiply_rows(scores, tile_q, tile_k);
#pragma unroll
    for (int i = 0; i < SIDE; ++i) {
      const int2 range = ranges[item_row() + i * 8];
      float largest = -INFINITY;
#pragma unroll
      for (int j = 0; j < SIDE; ++j) {
        scores[i][j] = sees(range, first + item_column() + j * 8) ? scores[i][j] * scale : -INFINITY;
        largest = fmax(largest, scores[i][j]);
      }
      of_columns[item_row() + i * 8][item_column()] = largest;
    }
    barrier(CLK_LOCAL_MEM_FENCE);  // each column's maxima are complete
#pragma unroll
    for (int i = 0; i < SIDE; ++i) {
      float largest = maxima[i];
      for (int column = 0; column < 8; ++column) largest = fmax(largest, of_columns[item_row() + i * 8][column]);
      const float shift = largest == -INFINITY ? 0.0f : largest;  // a row that has seen no key: exp(−∞) is 0
      const float correction = exp(maxima[i] - shift);
      maxima[i] = largest;
      totals[i] *= correction;
#pragma unroll
      for (int part = 0; part < PARTS; ++part) sums[i][part] *= correction;
#pragma unroll
      for (int j = 0; j < SIDE; ++j) {
        scores[i][j] = exp(scores[i][j] - shift);
        totals[i] += scores[i][j];
      }
    }
    store_weights(weights, scores);
    barrier(CLK_LOCAL_MEM_FENCE);  // the weights are complete
    add_weighted(sums, weights, tile_v);
    barrier(CLK_LOCAL_MEM_FENCE);  // every work-item has read the tiles: the next ones may overwrite them
  }

#pragma unroll
  for (int i = 0; i < SIDE; ++i) of_columns[item_row() + i * 8][item_column()] = totals[i];
  barrier(CLK_LOCAL_MEM_FENCE);  // each column's totals are complete
#pragma unroll
  for (int i = 0; i < SIDE; ++i) {
    const int row = first_row + item_row() + i * 8;
    float total = 0.0f;
    for (int column = 0; column < 8; ++column) total += of_columns[item_row() + i * 8][column];
    totals[i] = total > 0.0f ? 1.0f / total : 0.0f;
    if (row < rows && item_column() == 0) lse[(size_t)row * heads + head] = maxima[i] + log(total);
  }
  store_rows(out, sums, totals, first_row, rows, heads, head);
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void attention_tile_delta(
  __global float *restrict delta, const __global float *restrict dout, const __global float *restrict out,
  const int rows, const int heads
) {
  const int row = get_group_id(0) * TILE + get_local_id(0), head = get_group_id(1);
  if (get_local_id(0) < TILE && row < rows) {
    const size_t offset = head_offset(row, heads, head);
    float4 products = (float4)(0.0f);
    for (int part = 0; part < VECTORS; ++part) {
      products += load_part(dout + offset, part) * load_part(out + offset, part);
    }
    delta[(size_t)row * heads + head] = (products.s0 + products.s1) + (products.s2 + products.s3);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void attention_tile_backward_query(
  __global float *restrict dq,
  const __global float *restrict dout, const __global float *restrict q, const __global float *restrict k,
  const __global float *restrict v, const __global float *restrict lse, const __global float *restrict delta,
  const __global int *restrict key_start, const __global int *restrict key_end,
  const int rows, const int heads, const int kv_heads, const float scale
) {
  __local float4 tile_q[TILE * PITCH], tile_dout[TILE * PITCH], tile_k[TILE * PITCH], tile_v[TILE * PITCH];
  __local float4 weights[TILE * WEIGHT_PITCH];
  __local int2 ranges[TILE];
  __local float lses[TILE], deltas[TILE];
  const int head = get_group_id(1), kv_head = head / (heads / kv_heads);
  const int first_row = first_query();
  load_ranges(ranges, key_start, key_end, first_row, rows);
  load_numbers(lses, lse, first_row, rows, heads, head);
  load_numbers(deltas, delta, first_row, rows, heads, head);
  load_tile(tile_q, q, first_row, rows, heads, head);
  load_tile(tile_dout, dout, first_row, rows, heads, head);
  barrier(CLK_LOCAL_MEM_FENCE);  // the ranges are complete
  const int2 keys = keys_of_all(ranges);

  float4 sums[SIDE][PARTS];
  float scales[SIDE];
  clear_sums(sums);
  for (int first = keys.s0; first < keys.s1; first += TILE) {
    load_tile(tile_k, k, first, keys.s1, kv_heads, kv_head);
    load_tile(tile_v, v, first, keys.s1, kv_heads, kv_head);
    barrier(CLK_LOCAL_MEM_FENCE);  // the tiles are complete
    float scores[SIDE][SIDE], slopes[SIDE][SIDE];
    multiply_rows(scores, tile_q, tile_k);
    multiply_rows(slopes, tile_dout, tile_v);
#pragma unroll
    for (int i = 0; i < SIDE; ++i) {
      const int row = item_row() + i * 8;
#pragma unroll
      for (int j = 0; j < SIDE; ++j) {
        const float score = scores[i][j] * scale;  // a statement of its own: see Numerics
        const float p = sees(ranges[row], first + item_column() + j * 8) ? exp(score - lses[row]) : 0.0f;
        slopes[i][j] = p * (slopes[i][j] - deltas[row]);
      }
    }
    store_weights(weights, slopes);
    barrier(CLK_LOCAL_MEM_FENCE);  // the weights are complete
    add_weighted(sums, weights, tile_k);
    barrier(CLK_LOCAL_MEM_FENCE);  // every work-item has read the tiles: the next ones may overwrite them
  }
#pragma unroll
  for (int i = 0; i < SIDE; ++i) scales[i] = scale;
  store_rows(dq, sums, scales, first_row, rows, heads, head);
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void attention_tile_backward_key_value(
  __global float *restrict partials,
  const __global float *restrict dout, const __global float *restrict q, const __global float *restrict k,
  const __global float *restrict v, const __global float *restrict lse, const __global float *restrict delta,
  const __global int *restrict key_start, const __global int *restrict key_end, const __global int *restrict query_end,
  const int rows, const int heads, const int kv_heads, const float scale
) {
  __local float4 tile_q[TILE * PITCH], tile_dout[TILE * PITCH], tile_k[TILE * PITCH], tile_v[TILE * PITCH];
  __local float4 weights[TILE * WEIGHT_PITCH], slope_weights[TILE * WEIGHT_PITCH];
  __local int2 ranges[TILE];
  __local int ends[TILE];
  __local float lses[TILE], deltas[TILE];
  const int head = get_group_id(1), kv_head = head / (heads / kv_heads);
  const int first_key = get_group_id(0) * TILE;
  if (get_local_id(0) < TILE) {
    const int key = first_key + get_local_id(0);
    ends[get_local_id(0)] = key < rows ? min(query_end[key], rows) : 0;
  }
  load_tile(tile_k, k, first_key, rows, kv_heads, kv_head);
  load_tile(tile_v, v, first_key, rows, kv_heads, kv_head);
  barrier(CLK_LOCAL_MEM_FENCE);  // the ends are complete
  int last_row = 0;
  for (int i = 0; i < TILE; ++i) last_row = max(last_row, ends[i]);

  float4 key_sums[SIDE][PARTS], value_sums[SIDE][PARTS];
  float scales[SIDE], ones[SIDE];
  clear_sums(key_sums);
  clear_sums(value_sums);
  // A key is seen by its own row and later ones, so that the group's query rows begin at its first key.
  for (int first = first_key; first < last_row; first += TILE) {
    load_ranges(ranges, key_start, key_end, first, last_row);
    load_numbers(lses, lse, first, last_row, heads, head);
    load_numbers(deltas, delta, first, last_row, heads, head);
    load_tile(tile_q, q, first, last_row, heads, head);
    load_tile(tile_dout, dout, first, last_row, heads, head);
    barrier(CLK_LOCAL_MEM_FENCE);  // the tiles are complete
    float scores[SIDE][SIDE], slopes[SIDE][SIDE];
    multiply_rows(scores, tile_k, tile_q);
    multiply_rows(slopes, tile_v, tile_dout);
#pragma unroll
    for (int i = 0; i < SIDE; ++i) {
      const int key = item_row() + i * 8;
#pragma unroll
      for (int j = 0; j < SIDE; ++j) {
        const int row = item_column() + j * 8;
        const float score = scores[i][j] * scale;  // a statement of its own: see Numerics
        const bool seen = sees(ranges[row], first_key + key) && first + row >= first_key + key && first + row < ends[key];
        scores[i][j] = seen ? exp(score - lses[row]) : 0.0f;
        slopes[i][j] = scores[i][j] * (slopes[i][j] - deltas[row]);
      }
    }
    store_weights(weights, scores);
    store_weights(slope_weights, slopes);
    barrier(CLK_LOCAL_MEM_FENCE);  // the weights are complete
    add_weighted(value_sums, weights, tile_dout);
    add_weighted(key_sums, slope_weights, tile_q);
    barrier(CLK_LOCAL_MEM_FENCE);  // every work-item has read the tiles: the next ones may overwrite them
  }
#pragma unroll
  for (int i = 0; i < SIDE; ++i) {
    scales[i] = scale;
    ones[i] = 1.0f;
  }
  store_rows(partials, key_sums, scales, first_key, rows, heads, head);
  store_rows(partials + (size_t)rows * heads * HEAD_SIZE, value_sums, ones, first_key, rows, heads, head);
}

// ---------------------------------------------------------------------------------------------------------------------

// dk and dv of a tile of key rows and a key head: the sums of its query heads' shares, in their order.
__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void attention_tile_sum_heads(
  __global float *restrict dk, __global float *restrict dv, const __global float *restrict partials, const int rows,
  const int heads, const int kv_heads
) {
  const int kv_head = get_group_id(1), first = get_group_id(0) * TILE, group_heads = heads / kv_heads;
  if (kv_head >= kv_heads) return;  // the grid has a group for each query head
  const size_t values = (size_t)rows * heads * HEAD_SIZE;
  for (int i = get_local_id(0); i < TILE * VECTORS; i += GROUP_SIZE) {
    const int row = first + i / VECTORS, part = i % VECTORS;
    if (row >= rows) break;
    const __global float *share = partials + head_offset(row, heads, kv_head * group_heads);
    float4 key_sum = (float4)(0.0f), value_sum = (float4)(0.0f);
    for (int head = 0; head < group_heads; ++head) {
      key_sum += load_part(share + head * HEAD_SIZE, part);
      value_sum += load_part(share + values + head * HEAD_SIZE, part);
    }
    store_part(dk + head_offset(row, kv_heads, kv_head), part, key_sum);
    store_part(dv + head_offset(row, kv_heads, kv_head), part, value_sum);
  }
}
