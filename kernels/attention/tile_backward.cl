// Purpose: causal attention by tiles, backward: the base family for GPUs, in plain OpenCL C 1.2. Scores are recomputed
//   from the saved log-sum-exp.
// Math: p[i, j] = exp(scale · q[i] · k[j] − lse[i]) for key_start[i] ≤ j < key_end[i];  delta[i] = dout[i] · out[i];
//   ds = p ∘ (dout · vᵀ − delta) · scale;  dq = ds · k;  dk = dsᵀ · q;  dv = pᵀ · dout.  With SOFT_CAP the scores are
//   capped, and ds has their slope as a factor (attention/tile.cl).
// Shapes (row-major): q, out, dout, dq [rows, heads, HEAD_SIZE]; k, v, dk, dv [key rows, kv_heads, HEAD_SIZE];
//   lse, delta [rows, heads]; key_start, key_end [rows]; query_end [key rows]: key row j is attended to by the query
//   rows j ..< query_end[j] at most. Query head h reads key head h / (heads / kv_heads). partials [2, key rows, heads,
//   HEAD_SIZE]: each query head's share of dk, then of dv.
// Gradient contract: dq, dk, dv `=`.
// Saved for backward: q, k, v, out and lse, by the forward pass.
// Parallelism: a group owns TILE query rows of a head (TILE key rows in attention_tile_backward_key_value); rows of the
//   other side stream through local memory, TILE at a time. Global size (ceil(rows / TILE) · 64, heads).
// Numerics: accumulates in float, in the order of keys (of query rows, then of query heads); the two sides have a
//   kernel each, so that no atomics are needed. A key row without queries gives dk and dv 0. A score and its difference
//   from lse are two statements: the compiler of Intel's CPU runtime 2026.22 loses the difference where it contracts
//   both to one fma.
// Source: arXiv:2205.14135, algorithm 4; arXiv:2307.08691, section 3.1; grouped queries arXiv:2305.13245.

#include "attention/tile.cl"

LOCAL_FUNCTION void load_numbers(
  __local float *numbers, const __global float *source, const int first, const int rows, const int heads,
  const int head
) {
  const int item = get_local_id(0), row = first + item;
  if (item < TILE) numbers[item] = row < rows ? source[(size_t)row * heads + head] : 0.0f;
}

// Loads q, dout, key ranges, lse and delta of the TILE query rows from `first` on; rows from `end` on are 0, without
// keys.
LOCAL_FUNCTION void load_queries(
  __local float4 *tile_q, __local float4 *tile_dout, __local int2 *ranges, __local float *lses, __local float *deltas,
  const __global float *q, const __global float *dout, const __global float *lse, const __global float *delta,
  const __global int *key_start, const __global int *key_end, const int first, const int end, const int heads,
  const int head
) {
  load_ranges(ranges, key_start, key_end, first, end);
  load_numbers(lses, lse, first, end, heads, head);
  load_numbers(deltas, delta, first, end, heads, head);
  load_tile(tile_q, q, first, end, heads, head);
  load_tile(tile_dout, dout, first, end, heads, head);
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
  const int rows, const int heads, const int kv_heads, const float scale CAP_PARAMETER
) {
  __local float4 tile_q[TILE * PITCH], tile_dout[TILE * PITCH], tile_k[TILE * PITCH], tile_v[TILE * PITCH];
  __local float4 weights[TILE * WEIGHT_PITCH];
  __local int2 ranges[TILE];
  __local float lses[TILE], deltas[TILE];
  const int head = get_group_id(1), kv_head = head / (heads / kv_heads);
  const int first_row = first_query();
  load_queries(
    tile_q, tile_dout, ranges, lses, deltas, q, dout, lse, delta, key_start, key_end, first_row, rows, heads,
    head);
  barrier(CLK_LOCAL_MEM_FENCE);  // the ranges are complete
  const int2 keys = keys_of_all(ranges);

  float4 sums[SIDE][PARTS];
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
        const float score = SCORE(scores[i][j]);  // a statement of its own: see Numerics
        const float p = sees(ranges[row], first + item_column() + j * 8) ? exp(score - lses[row]) : 0.0f;
        slopes[i][j] = SLOPED(p * (slopes[i][j] - deltas[row]), score);
      }
    }
    store_weights(weights, slopes);
    barrier(CLK_LOCAL_MEM_FENCE);  // the weights are complete
    add_weighted(sums, weights, tile_k);
    barrier(CLK_LOCAL_MEM_FENCE);  // every work-item has read the tiles: the next ones may overwrite them
  }
#pragma unroll
  for (int i = 0; i < SIDE; ++i) scale_row(sums[i], scale);
  store_rows(dq, sums, first_row, rows, heads, head);
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void attention_tile_backward_key_value(
  __global float *restrict partials,
  const __global float *restrict dout, const __global float *restrict q, const __global float *restrict k,
  const __global float *restrict v, const __global float *restrict lse, const __global float *restrict delta,
  const __global int *restrict key_start, const __global int *restrict key_end, const __global int *restrict query_end,
  const int rows, const int heads, const int kv_heads, const float scale CAP_PARAMETER
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
  clear_sums(key_sums);
  clear_sums(value_sums);
  // Only a key's own row and later ones attend to it, so the group's query rows begin at its first key.
  for (int first = first_key; first < last_row; first += TILE) {
    load_queries(
      tile_q, tile_dout, ranges, lses, deltas, q, dout, lse, delta, key_start, key_end, first, last_row, heads,
      head);
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
        const float score = SCORE(scores[i][j]);  // a statement of its own: see Numerics
        const bool seen =
          sees(ranges[row], first_key + key) && first + row >= first_key + key && first + row < ends[key];
        scores[i][j] = seen ? exp(score - lses[row]) : 0.0f;
        slopes[i][j] = SLOPED(scores[i][j] * (slopes[i][j] - deltas[row]), score);
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
  for (int i = 0; i < SIDE; ++i) scale_row(key_sums[i], scale);
  store_rows(partials, key_sums, first_key, rows, heads, head);
  store_rows(partials + (size_t)rows * heads * HEAD_SIZE, value_sums, first_key, rows, heads, head);
}

// ---------------------------------------------------------------------------------------------------------------------

// dk and dv of a tile of key rows and a key head: the sums of its query heads' shares, in order.
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
