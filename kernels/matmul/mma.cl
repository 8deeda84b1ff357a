// Purpose: matrix product in bf16 by the matrix units of NVIDIA GPUs.
// Math: C = A · Bᵀ, or C += A · Bᵀ.
// Shapes (row-major): C [M, N] in float; A [M, depth], B [N, depth] in bf16, which matmul/units_pack.cl makes: depth is
//   K rounded up to TILE_K, and elements beyond K are 0. Matrix i of a batch starts M · depth, N · depth and M · N
//   elements × i further. A and B start begin_a and begin_b elements into their buffers. With several groups in
//   dimension 1, C is [splits, M, N].
// Gradient contract: C `=` (accumulate 0) or `+=` (accumulate 1).
// Saved for backward: nothing.
// Parallelism: a group of WARPS_M × WARPS_N warps owns a TILE_M × TILE_N tile of C, a warp an even share of it in its
//   work-items' registers. Tiles of A and B are copied to local memory STAGES − 1 steps ahead. A group in dimension 1
//   takes split_depth of the depths. Global size (ceil(M / TILE_M) · ceil(N / TILE_N) · GROUP_SIZE, splits, batch).
// Numerics: prelude/mma.cl's, in the order of K. The unit cuts its sums off, which adds up with K: after BLOCK_STEPS ·
//   TILE_K depths sums are added to C, as floats are, and begin again.
// Source: as prelude/mma.cl; the bank pattern is that of NVIDIA's CUTLASS (docs, Efficient GEMM in CUDA).

#include "matmul/group.cl"
#include "prelude/mma.cl"

#ifndef TILE_M
#define TILE_M 128  // rows of C of a group
#endif
#ifndef TILE_N
#define TILE_N 64  // columns of C of a group
#endif
#ifndef STAGES
#define STAGES 4  // tiles of A and B in local memory
#endif
#ifndef WARPS_M
#define WARPS_M 2  // warps along the rows of a tile; TILE_M / WARPS_M is a multiple of 16
#endif
#ifndef WARPS_N
#define WARPS_N 2  // and along its columns; TILE_N / WARPS_N likewise
#endif
#define TILE_K 32
#define BLOCK_STEPS 128  // of TILE_K depths, after which sums are added to C
#define CHUNKS (TILE_K / 8)  // of 16 bytes, of a line of a tile
#define GROUP_SIZE (WARPS_M * WARPS_N * 32)
#define WARP_M (TILE_M / WARPS_M)
#define WARP_N (TILE_N / WARPS_N)
#define BLOCKS_M (WARP_M / 16)  // a warp's blocks of 16 × 8 elements of C
#define BLOCKS_N (WARP_N / 8)
#define STAGE_BYTES ((TILE_M + TILE_N) * TILE_K * 2)
#define COPIES ((TILE_M + TILE_N) * CHUNKS / GROUP_SIZE)  // of a work-item, for each stage

// The byte of a chunk of a line in a stage: chunks change places, so that any 8 lines' same chunk lies in all banks.
static inline uint chunk_offset(const int line, const int chunk) {
  return (line * CHUNKS + (chunk ^ (line / 2 % CHUNKS))) * 16;
}

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void matmul_mma(
  __global float *restrict c, const __global ushort *restrict a, const __global ushort *restrict b,
  const int m, const int n, const int depth, const ulong begin_a, const ulong begin_b, const int accumulate,
  const int split_depth
) {
  __local ushort tiles[STAGES * STAGE_BYTES / 2] __attribute__((aligned(128)));  // of each stage lines of A, then of B
  const int2 place = tile_of_group(m, n, TILE_M, TILE_N);
  const int first_m = place.s0, first_n = place.s1;
  const size_t batch = get_group_id(2);
  a += begin_a + batch * m * depth;
  b += begin_b + batch * n * depth;
  c += (batch + get_group_id(1)) * m * n;
  const int first_depth = get_group_id(1) * split_depth;
  const int steps = (min(depth - first_depth, split_depth)) / TILE_K;
  const int warp = get_local_id(0) / 32, lane = get_local_id(0) % 32;
  const int warp_m = warp % WARPS_M * WARP_M, warp_n = warp / WARPS_M * WARP_N;
  const uint base = (uint)(size_t)tiles;

  // Lines beyond the matrices repeat the last one, and go unused.
  const __global ushort *from[COPIES];
  uint to[COPIES];
#pragma unroll
  for (int i = 0; i < COPIES; ++i) {
    const int line = (get_local_id(0) + i * GROUP_SIZE) / CHUNKS, chunk = get_local_id(0) % CHUNKS;
    from[i] = (line < TILE_M ? a + (size_t)min(first_m + line, m - 1) * depth
                             : b + (size_t)min(first_n + line - TILE_M, n - 1) * depth)
      + first_depth + chunk * 8;
    to[i] = base + chunk_offset(line, chunk);
  }
#define COPY_STAGE(step) \
  if ((step) < steps) { \
    _Pragma("unroll") for (int i = 0; i < COPIES; ++i) { \
      mma_copy_16(to[i] + (step) % STAGES * STAGE_BYTES, from[i] + (step) * TILE_K); \
    } \
  } \
  mma_end_stage();

#pragma unroll
  for (int stage = 0; stage < STAGES - 1; ++stage) {
    COPY_STAGE(stage)
  }
  // The line that this work-item names of four 8 × 8 matrices: of A the upper and the lower 8 rows of the first 8
  // depths, then of the others; of B both halves of the depths of 8 columns, then of 8 more.
  const int matrix = lane / 8, line = lane % 8;
  const int line_a = warp_m + matrix % 2 * 8 + line, line_b = TILE_M + warp_n + matrix / 2 * 8 + line;
  for (int begin = 0; begin < steps; begin += BLOCK_STEPS) {
    const bool adds = accumulate || begin > 0;
    float sums[BLOCKS_M][BLOCKS_N][4];
#pragma unroll
    for (int i = 0; i < BLOCKS_M; ++i) {
#pragma unroll
      for (int j = 0; j < BLOCKS_N; ++j) {
#pragma unroll
        for (int l = 0; l < 4; ++l) sums[i][j][l] = 0.0f;
      }
    }
    for (int step = begin; step < min(begin + BLOCK_STEPS, steps); ++step) {
      MMA_WAIT_FOR_STAGES(STAGES - 2);
      barrier(CLK_LOCAL_MEM_FENCE);  // this stage is complete, and every warp has read the one before it
      COPY_STAGE(step + STAGES - 1)
      const uint stage = base + step % STAGES * STAGE_BYTES;
#pragma unroll
      for (int chunk = 0; chunk < CHUNKS; chunk += 2) {
        uint parts_a[BLOCKS_M][4], parts_b[BLOCKS_N][2];
#pragma unroll
        for (int i = 0; i < BLOCKS_M; ++i) {
          mma_load_parts(parts_a[i], stage + chunk_offset(line_a + i * 16, chunk + matrix / 2));
        }
#pragma unroll
        for (int j = 0; j < BLOCKS_N; j += 2) {
          mma_load_parts(parts_b[j], stage + chunk_offset(line_b + j * 8, chunk + matrix % 2));
        }
#pragma unroll
        for (int i = 0; i < BLOCKS_M; ++i) {
#pragma unroll
          for (int j = 0; j < BLOCKS_N; ++j) mma_multiply(sums[i][j], parts_a[i], parts_b[j]);
        }
      }
    }
#pragma unroll
    for (int i = 0; i < BLOCKS_M * 2; ++i) {
      const int row = first_m + warp_m + i * 8 + lane / 4;
      if (row >= m) continue;
#pragma unroll
      for (int j = 0; j < BLOCKS_N; ++j) {
        const int column = first_n + warp_n + j * 8 + lane % 4 * 2;
        const float2 sum = (float2)(sums[i / 2][j][i % 2 * 2], sums[i / 2][j][i % 2 * 2 + 1]);
        __global float *target = c + (size_t)row * n + column;
        if (n % 2 == 0 && column < n) {
          *(__global float2 *)target = adds ? *(__global float2 *)target + sum : sum;
        } else {
          if (column < n) target[0] = adds ? target[0] + sum.s0 : sum.s0;
          if (column + 1 < n) target[1] = adds ? target[1] + sum.s1 : sum.s1;
        }
      }
    }
  }
}
