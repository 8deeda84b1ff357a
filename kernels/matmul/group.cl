// Purpose: what the products by work-groups share: which part of C a group owns, and reads of neighbouring elements.
// Math: none of its own.
// Shapes (row-major): those of matmul/tile.cl.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: groups are numbered in bands of BAND tiles of rows, down each band's columns of tiles, so that groups
//   that run at the same time share rows of A and columns of B in the device's cache.
// Numerics: elements outside the matrices are 0.
// Source: none.

#include "prelude/storage.cl"

#ifndef TRANSPOSE_A
#define TRANSPOSE_A 0  // 1: A is stored [K, M]
#endif
#ifndef TRANSPOSE_B
#define TRANSPOSE_B 0  // 1: B is stored [N, K]
#endif
#define BAND 8

// The first row and column of this group's tile of C.
static inline int2 tile_of_group(const int m, const int n, const int tile_m, const int tile_n) {
  const int tiles_m = (m + tile_m - 1) / tile_m, tiles_n = (n + tile_n - 1) / tile_n;
  const int group = get_group_id(0), band = group / (BAND * tiles_n), inside = group % (BAND * tiles_n);
  const int height = min(BAND, tiles_m - band * BAND);
  return (int2)((band * BAND + inside % height) * tile_m, inside / height * tile_n);
}

// True where runs of `run` elements begin where vectors of them may: at multiples of their size.
static inline bool runs_are_aligned(const int leading, const ulong stride, const int run) {
  return leading % run == 0 && (get_group_id(2) == 0 || stride % run == 0);
}

// Four elements from an index; `remaining` of them are there, the others are 0.
static inline float4 floats_4(
  const __global float *from, const size_t index, const int remaining, const bool aligned
) {
  if (aligned && remaining >= 4) return *(const __global float4 *)(from + index);
  float4 run = (float4)(0.0f);
  if (remaining > 0) run.s0 = from[index];
  if (remaining > 1) run.s1 = from[index + 1];
  if (remaining > 2) run.s2 = from[index + 2];
  if (remaining > 3) run.s3 = from[index + 3];
  return run;
}
