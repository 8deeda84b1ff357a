// Purpose: causal attention by tiles with online softmax, forward: the base family for GPUs, in plain OpenCL C 1.2. The
//   score matrix is never stored.
// Math: s[i, j] = scale · q[i] · k[j] for key_start[i] ≤ j < key_end[i], capped with SOFT_CAP (attention/tile.cl);
//   p = softmax(s);  out = p · v;  lse[i] = log Σ exp(s).
// Shapes (row-major): q, out [rows, heads, HEAD_SIZE]; k, v [key rows, kv_heads, HEAD_SIZE]; lse [rows, heads];
//   key_start, key_end [rows]. Query head h reads key head h / (heads / kv_heads).
// Gradient contract: out, lse `=`.
// Saved for backward: q, k, v, out, lse.
// Parallelism: a group owns TILE query rows of a head; keys stream through local memory, TILE rows at a time; tiles
//   outside the group's key range are skipped. Global size (ceil(rows / TILE) · 64, heads).
// Numerics: accumulates in float, in the order of keys. A row without keys gives out 0 and lse −infinity.
// Source: arXiv:2205.14135, algorithm 1; arXiv:2307.08691, section 3.1; grouped queries arXiv:2305.13245.

#include "attention/tile.cl"

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void attention_tile_forward(
  __global float *restrict out, __global float *restrict lse,
  const __global float *restrict q, const __global float *restrict k, const __global float *restrict v,
  const __global int *restrict key_start, const __global int *restrict key_end,
  const int rows, const int heads, const int kv_heads, const float scale CAP_PARAMETER
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
        scores[i][j] = sees(range, first + item_column() + j * 8) ? SCORE(scores[i][j]) : -INFINITY;
        largest = fmax(largest, scores[i][j]);
      }
      of_columns[item_row() + i * 8][item_column()] = largest;
    }
    barrier(CLK_LOCAL_MEM_FENCE);  // each column's maxima are complete
#pragma unroll
    for (int i = 0; i < SIDE; ++i) {
      float largest = maxima[i];
      for (int column = 0; column < 8; ++column) largest = fmax(largest, of_columns[item_row() + i * 8][column]);
      const float shift = largest == -INFINITY ? 0.0f : largest;  // a row without keys so far: exp(−infinity) is 0
      const float correction = exp(maxima[i] - shift);
      maxima[i] = largest;
      totals[i] *= correction;
      scale_row(sums[i], correction);
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
    scale_row(sums[i], total > 0.0f ? 1.0f / total : 0.0f);
    if (row < rows && item_column() == 0) lse[(size_t)row * heads + head] = maxima[i] + log(total);
  }
  store_rows(out, sums, first_row, rows, heads, head);
}
