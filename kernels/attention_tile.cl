// Purpose: causal attention by tiles with online softmax: the base family for GPUs, in plain OpenCL C 1.2. No score
//   matrix is stored; backward makes the scores again from the saved log-sum-exp.
// Math: s[i, j] = scale · q[i] · k[j] for key_start[i] ≤ j < key_end[i];  p = softmax(s);  out = p · v;
//   lse[i] = log Σ exp(s);  delta[i] = dout[i] · out[i];  ds = p ∘ (dout · vᵀ − delta) · scale;
//   dq = ds · k;  dk = dsᵀ · q;  dv = pᵀ · dout.
// Shapes (row-major): q, out, dq, dout [rows, heads, HEAD_SIZE]; k, v, dk, dv [key rows, kv_heads, HEAD_SIZE];
//   lse, delta [rows, heads]; key_start, key_end [rows]; query_end [key rows]: key row j is seen by query rows
//   j ..< query_end[j] at most. Query head h reads key head h / (heads / kv_heads).
// Gradient contract: dq, dk, dv `=`.
// Saved for backward: q, k, v, out, lse.
// Parallelism: a group has QUERY_TILE work-items, each the owner of one query row (of one key row in
//   attention_tile_backward_key_value); the other side streams through local memory, KEY_TILE rows at a time. Tiles
//   outside the group's range are skipped. Global size (ceil(rows / QUERY_TILE) · QUERY_TILE, heads), and kv_heads
//   in place of heads for attention_tile_backward_key_value.
// Numerics: accumulates in float, in the order of keys (of query heads, then query rows); no atomics, since the two
//   sides of backward have a kernel each. A row without keys gives out 0 and lse −infinity, a key row without queries
//   gives dk and dv 0. A score and its difference from lse are two statements: contracted to one fma, the difference is
//   lost by the compiler of Intel's CPU runtime 2026.22.
// Source: arXiv:2205.14135, algorithms 1 and 4; arXiv:2307.08691, section 3.1; grouped queries arXiv:2305.13245.

#ifndef HEAD_SIZE
#define HEAD_SIZE 64  // D, 1 to 256
#endif
#ifndef QUERY_TILE
#define QUERY_TILE 64  // work-items of a group
#endif
#ifndef KEY_TILE
#define KEY_TILE (HEAD_SIZE <= 64 ? 32 : HEAD_SIZE <= 128 ? 16 : 8)  // rows in local memory: two tiles in 16 KiB
#endif
#define VECTORS ((HEAD_SIZE + 3) / 4)  // float4 of a head; the last one is filled up with zeros

// ---------------------------------------------------------------------------------------------------------------------
// One head of one row, between global memory and float4.

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

// Where a head of a row begins, in elements.
static inline size_t head_offset(const int row, const int heads, const int head) {
  return ((size_t)row * heads + head) * HEAD_SIZE;
}

static inline void load_head(float4 *vectors, const __global float *head, const bool present) {
#pragma unroll
  for (int part = 0; part < VECTORS; ++part) vectors[part] = present ? load_part(head, part) : (float4)(0.0f);
}

static inline void store_head(__global float *head, const float4 *vectors, const float factor) {
#pragma unroll
  for (int part = 0; part < VECTORS; ++part) store_part(head, part, vectors[part] * factor);
}

// All work-items together copy rows first ..< last, at most KEY_TILE of them, of one head.
static inline void load_tile(
  __local float4 *tile, const __global float *source, const int first, const int last, const int heads, const int head
) {
  for (int i = get_local_id(0); i < KEY_TILE * VECTORS; i += QUERY_TILE) {
    const int row = first + i / VECTORS;
    if (row < last) tile[i] = load_part(source + head_offset(row, heads, head), i % VECTORS);
  }
}

static inline float dot_head(const float4 *a, const __local float4 *b) {
  float4 products = (float4)(0.0f);
#pragma unroll
  for (int part = 0; part < VECTORS; ++part) products += a[part] * b[part];
  return (products.s0 + products.s1) + (products.s2 + products.s3);
}

// The keys that any query row of this group sees, as (first, end); an empty range where none sees any.
static inline int2 group_keys(const __global int *key_start, const __global int *key_end, const int rows) {
  const int first_row = get_group_id(0) * QUERY_TILE;
  const int last_row = min(rows, first_row + QUERY_TILE);
  int2 range = (int2)(INT_MAX, 0);
  for (int row = first_row; row < last_row; ++row) {
    const int start = key_start[row], end = key_end[row];
    if (start < end) range = (int2)(min(range.s0, start), max(range.s1, end));
  }
  return range;
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(QUERY_TILE, 1, 1)))
void attention_tile_forward(
  __global float *restrict out, __global float *restrict lse,
  const __global float *restrict q, const __global float *restrict k, const __global float *restrict v,
  const __global int *restrict key_start, const __global int *restrict key_end,
  const int rows, const int heads, const int kv_heads, const float scale
) {
  __local float4 tile_k[KEY_TILE * VECTORS];
  __local float4 tile_v[KEY_TILE * VECTORS];
  const int row = get_global_id(0), head = get_group_id(1), kv_head = head / (heads / kv_heads);
  const bool present = row < rows;
  const int own_start = present ? key_start[row] : 0, own_end = present ? key_end[row] : 0;
  const int2 keys = group_keys(key_start, key_end, rows);

  float4 query[VECTORS], sums[VECTORS];
  load_head(query, q + head_offset(row, heads, head), present);
#pragma unroll
  for (int part = 0; part < VECTORS; ++part) sums[part] = (float4)(0.0f);
  float maximum = -INFINITY, total = 0.0f;
  for (int first = keys.s0; first < keys.s1; first += KEY_TILE) {
    const int last = min(first + KEY_TILE, keys.s1);
    load_tile(tile_k, k, first, last, kv_heads, kv_head);
    load_tile(tile_v, v, first, last, kv_heads, kv_head);
    barrier(CLK_LOCAL_MEM_FENCE);  // both tiles are complete
    for (int key = max(first, own_start); key < min(last, own_end); ++key) {
      const int offset = (key - first) * VECTORS;
      const float score = dot_head(query, tile_k + offset) * scale;
      if (score > maximum) {
        const float correction = exp(maximum - score);
        total *= correction;
#pragma unroll
        for (int part = 0; part < VECTORS; ++part) sums[part] *= correction;
        maximum = score;
      }
      const float p = exp(score - maximum);
      total += p;
#pragma unroll
      for (int part = 0; part < VECTORS; ++part) sums[part] += tile_v[offset + part] * p;
    }
    barrier(CLK_LOCAL_MEM_FENCE);  // every work-item has read both tiles: the next ones may overwrite them
  }
  if (present) {
    store_head(out + head_offset(row, heads, head), sums, own_start < own_end ? 1.0f / total : 0.0f);
    lse[(size_t)row * heads + head] = own_start < own_end ? maximum + log(total) : -INFINITY;
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(QUERY_TILE, 1, 1)))
void attention_tile_delta(
  __global float *restrict delta, const __global float *restrict dout, const __global float *restrict out,
  const int rows, const int heads
) {
  const int row = get_global_id(0), head = get_group_id(1);
  if (row < rows) {
    const size_t offset = head_offset(row, heads, head);
    float4 products = (float4)(0.0f);
    for (int part = 0; part < VECTORS; ++part) {
      products += load_part(dout + offset, part) * load_part(out + offset, part);
    }
    delta[(size_t)row * heads + head] = (products.s0 + products.s1) + (products.s2 + products.s3);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(QUERY_TILE, 1, 1)))
void attention_tile_backward_query(
  __global float *restrict dq,
  const __global float *restrict dout, const __global float *restrict q, const __global float *restrict k,
  const __global float *restrict v, const __global float *restrict lse, const __global float *restrict delta,
  const __global int *restrict key_start, const __global int *restrict key_end,
  const int rows, const int heads, const int kv_heads, const float scale
) {
  __local float4 tile_k[KEY_TILE * VECTORS];
  __local float4 tile_v[KEY_TILE * VECTORS];
  const int row = get_global_id(0), head = get_group_id(1), kv_head = head / (heads / kv_heads);
  const bool present = row < rows;
  const int own_start = present ? key_start[row] : 0, own_end = present ? key_end[row] : 0;
  const float own_lse = present ? lse[(size_t)row * heads + head] : 0.0f;
  const float own_delta = present ? delta[(size_t)row * heads + head] : 0.0f;
  const int2 keys = group_keys(key_start, key_end, rows);

  float4 query[VECTORS], gradient[VECTORS], sums[VECTORS];
  load_head(query, q + head_offset(row, heads, head), present);
  load_head(gradient, dout + head_offset(row, heads, head), present);
#pragma unroll
  for (int part = 0; part < VECTORS; ++part) sums[part] = (float4)(0.0f);
  for (int first = keys.s0; first < keys.s1; first += KEY_TILE) {
    const int last = min(first + KEY_TILE, keys.s1);
    load_tile(tile_k, k, first, last, kv_heads, kv_head);
    load_tile(tile_v, v, first, last, kv_heads, kv_head);
    barrier(CLK_LOCAL_MEM_FENCE);  // both tiles are complete
    for (int key = max(first, own_start); key < min(last, own_end); ++key) {
      const int offset = (key - first) * VECTORS;
      const float score = dot_head(query, tile_k + offset) * scale;  // a statement of its own: see Numerics
      const float p = exp(score - own_lse);
      const float ds = p * (dot_head(gradient, tile_v + offset) - own_delta);
#pragma unroll
      for (int part = 0; part < VECTORS; ++part) sums[part] += tile_k[offset + part] * ds;
    }
    barrier(CLK_LOCAL_MEM_FENCE);  // every work-item has read both tiles: the next ones may overwrite them
  }
  if (present) store_head(dq + head_offset(row, heads, head), sums, scale);
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(QUERY_TILE, 1, 1)))
void attention_tile_backward_key_value(
  __global float *restrict dk, __global float *restrict dv,
  const __global float *restrict dout, const __global float *restrict q, const __global float *restrict k,
  const __global float *restrict v, const __global float *restrict lse, const __global float *restrict delta,
  const __global int *restrict key_start, const __global int *restrict key_end, const __global int *restrict query_end,
  const int rows, const int heads, const int kv_heads, const float scale
) {
  __local float4 tile_q[KEY_TILE * VECTORS];
  __local float4 tile_dout[KEY_TILE * VECTORS];
  const int key = get_global_id(0), kv_head = get_group_id(1), group_heads = heads / kv_heads;
  const bool present = key < rows;
  const int own_end = present ? min(query_end[key], rows) : 0;
  // A key is seen by its own row and later ones, so that the group's query rows begin at its first key.
  const int first_key = get_group_id(0) * QUERY_TILE;
  const int last_key = min(rows, first_key + QUERY_TILE);
  int group_end = 0;
  for (int j = first_key; j < last_key; ++j) group_end = max(group_end, min(query_end[j], rows));

  float4 key_vectors[VECTORS], value_vectors[VECTORS], key_sums[VECTORS], value_sums[VECTORS];
  load_head(key_vectors, k + head_offset(key, kv_heads, kv_head), present);
  load_head(value_vectors, v + head_offset(key, kv_heads, kv_head), present);
#pragma unroll
  for (int part = 0; part < VECTORS; ++part) key_sums[part] = value_sums[part] = (float4)(0.0f);
  for (int head = kv_head * group_heads; head < (kv_head + 1) * group_heads; ++head) {
    for (int first = first_key; first < group_end; first += KEY_TILE) {
      const int last = min(first + KEY_TILE, group_end);
      load_tile(tile_q, q, first, last, heads, head);
      load_tile(tile_dout, dout, first, last, heads, head);
      barrier(CLK_LOCAL_MEM_FENCE);  // both tiles are complete
      for (int row = max(first, key); row < min(last, own_end); ++row) {
        if (key_start[row] <= key && key < key_end[row]) {
          const int offset = (row - first) * VECTORS;
          const size_t statistic = (size_t)row * heads + head;
          const float score = dot_head(key_vectors, tile_q + offset) * scale;
          const float p = exp(score - lse[statistic]);
          const float ds = p * (dot_head(value_vectors, tile_dout + offset) - delta[statistic]);
#pragma unroll
          for (int part = 0; part < VECTORS; ++part) {
            key_sums[part] += tile_q[offset + part] * ds;
            value_sums[part] += tile_dout[offset + part] * p;
          }
        }
      }
      barrier(CLK_LOCAL_MEM_FENCE);  // every work-item has read both tiles: the next ones may overwrite them
    }
  }
  if (present) {
    store_head(dk + head_offset(key, kv_heads, kv_head), key_sums, scale);
    store_head(dv + head_offset(key, kv_heads, kv_head), value_sums, 1.0f);
  }
}
