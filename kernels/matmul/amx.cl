// Purpose: matrix multiplication by the tile registers of a CPU (Intel AMX), in bf16 with fp32 sums.
// Math: C = A · B, added to C where `accumulate` is 1; A and B rounded to bf16.
// Shapes: C [m, n], A [m, depth], B [depth, n], each by its strides; panels as matmul/pack.cl lays them, whose steps
//   are padded with zeros to whole tiles of 16.
// Gradient contract: C `=` (accumulate 0) or `+=` (accumulate 1).
// Saved for backward: nothing.
// Parallelism: as matmul_panel's. A work-item keeps 32 × 48 sums in six tile registers; two more hold a tile of A and
//   one of B.
// Numerics: products of bf16 numbers, added up in fp32 by the tile unit's own order of 32 depths, these in ascending
//   order within a block of at most DEPTH_BLOCK, and block sums in ascending order. Subnormal numbers count as zero.
// Source: Intel Architecture Instruction Set Extensions Programming Reference, chapter 3 (AMX).

#include "matmul/pack.cl"

#ifndef CHUNK_TILES
#define CHUNK_TILES 12  // tiles of TILE_ROWS rows of A that a work-item packs at once
#endif
#define CHUNK_ROWS (CHUNK_TILES * TILE_ROWS)
#define REGISTER_ROWS 32   // rows of C that six tile registers hold, by TILE_COLUMNS columns
#define REGISTER_STEPS 16  // steps that a tile register holds: 32 depths
#define LINE_BYTES (TILE_COLUMNS * 4)

// ---------------------------------------------------------------------------------------------------------------------
// Asks the kernel of the operating system, once a process, for the tile registers (Linux: ARCH_REQ_XCOMP_PERM of
// XFEATURE_XTILEDATA); `out` is 0 where it agrees.

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void amx_request(__global int *restrict out) {
  long status;
  __asm__ volatile("syscall" : "=a"(status) : "a"(158L), "D"(0x1023L), "S"(18L) : "rcx", "r11", "memory");
  out[0] = (int)status;
}

// ---------------------------------------------------------------------------------------------------------------------

static inline void configure_tiles(void) {
  // Palette 1: eight registers of 16 lines of 64 bytes.
  uchar configuration[64] __attribute__((aligned(64)));
  for (int i = 0; i < 64; ++i) {
    configuration[i] = 0;
  }
  configuration[0] = 1;
  for (int i = 0; i < 8; ++i) {
    configuration[16 + 2 * i] = 64;
    configuration[48 + i] = 16;
  }
  __asm__ volatile("ldtilecfg (%0)" : : "r"(configuration) : "memory");
}

// The step that begins at an index, 0 beyond the last depth.
static inline uint padded_step(
  const __global stored_t *a, const size_t index, const size_t stride, const int remaining
) {
  return remaining > 0 ? packed_at(a, index, stride, remaining) : 0;
}

// Copies CHUNK_ROWS rows of A, at `depth` depths, to packed[row][step], DEPTH_STEPS steps a row; steps beyond the last
// depth are 0 up to a whole tile. Rows beyond `rows` repeat the last one, and go unused.
static inline void pack_lines(
  uint *packed, const __global stored_t *a, const size_t first, const int rows, const int depth,
  const size_t row_stride, const size_t depth_stride
) {
  const int end = (depth + 31) & ~31;
  const int needed = min(CHUNK_ROWS, (rows + REGISTER_ROWS - 1) / REGISTER_ROWS * REGISTER_ROWS);
  int row = 0;
  if (depth_stride == 1 && STORED_ALIGNED(first | row_stride)) {
    for (; row < min(needed, rows); ++row) {
      const size_t from = first + row * row_stride;
      int k = 0;
      for (; k + 16 <= depth; k += 16) {
        PREFETCH_STORED(a, from + row_stride + k);
        const float16 numbers = stored_16(a, from + k);
        vstore8(bf16_pair_uint8(numbers.even, numbers.odd), 0, packed + row * DEPTH_STEPS + k / 2);
      }
      for (; k < end; k += 2) {
        packed[row * DEPTH_STEPS + k / 2] = padded_step(a, from + k, 1, depth - k);
      }
    }
  } else if (row_stride == 1 && STORED_ALIGNED(first | depth_stride)) {
    for (; row + 8 <= min(needed, rows); row += 8) {
      for (int k = 0; k < end; k += 16) {
        float8 steps[8];
#pragma unroll
        for (int i = 0; i < 8; ++i) {
          const int from = k + 2 * i;
          steps[i] = (float8)(0.0f);
          if (from < depth) {
            steps[i] = as_float8(packed_8(a, first + from * depth_stride + row, depth_stride, depth - from));
          }
        }
        transpose_8x8(steps);
#pragma unroll
        for (int i = 0; i < 8; ++i) {
          vstore8(as_uint8(steps[i]), 0, packed + (row + i) * DEPTH_STEPS + k / 2);
        }
      }
    }
  }
  for (; row < needed; ++row) {
    const size_t from = first + min(row, rows - 1) * row_stride;
    for (int k = 0; k < end; k += 2) {
      packed[row * DEPTH_STEPS + k / 2] = padded_step(a, from + k * depth_stride, depth_stride, depth - k);
    }
  }
}

// Multiplies REGISTER_ROWS rows of A by a panel of B, over `steps` steps rounded up to whole tiles, to sums[32][48].
static inline void amx_multiply(float *sums, const uint *lines, const __global uint *panel, const int steps) {
  __asm__ volatile(
    "tilezero %%tmm0\n tilezero %%tmm1\n tilezero %%tmm2\n tilezero %%tmm3\n tilezero %%tmm4\n tilezero %%tmm5"
    : : : "memory");
  for (int step = 0; step < steps; step += REGISTER_STEPS) {
    __asm__ volatile(
      "tileloadd (%0,%2,1), %%tmm6\n"
      "tileloadd (%3,%4,1), %%tmm7\n"
      "tdpbf16ps %%tmm7, %%tmm6, %%tmm0\n"
      "tileloadd 64(%3,%4,1), %%tmm7\n"
      "tdpbf16ps %%tmm7, %%tmm6, %%tmm1\n"
      "tileloadd 128(%3,%4,1), %%tmm7\n"
      "tdpbf16ps %%tmm7, %%tmm6, %%tmm2\n"
      "tileloadd (%1,%2,1), %%tmm6\n"
      "tdpbf16ps %%tmm7, %%tmm6, %%tmm5\n"
      "tileloadd 64(%3,%4,1), %%tmm7\n"
      "tdpbf16ps %%tmm7, %%tmm6, %%tmm4\n"
      "tileloadd (%3,%4,1), %%tmm7\n"
      "tdpbf16ps %%tmm7, %%tmm6, %%tmm3"
      :
      : "r"(lines + step), "r"(lines + step + 16 * DEPTH_STEPS), "r"((long)DEPTH_STEPS * 4),
        "r"(panel + (size_t)step * TILE_COLUMNS), "r"((long)LINE_BYTES)
      : "memory");
  }
  __asm__ volatile(
    "tilestored %%tmm0, (%0,%2,1)\n tilestored %%tmm1, 64(%0,%2,1)\n tilestored %%tmm2, 128(%0,%2,1)\n"
    "tilestored %%tmm3, (%1,%2,1)\n tilestored %%tmm4, 64(%1,%2,1)\n tilestored %%tmm5, 128(%1,%2,1)"
    :
    : "r"(sums), "r"(sums + 16 * TILE_COLUMNS), "r"((long)LINE_BYTES)
    : "memory");
}

// Adds the sums to C, or stores them: in vectors along the side of C that is contiguous.
static inline void amx_store(
  __global float *c, const float *sums, const int rows, const int columns, const size_t row_stride,
  const size_t column_stride, const int accumulate
) {
  int i = 0;
  if (row_stride == 1 && column_stride != 1) {
    for (; i + 8 <= rows; i += 8) {
      for (int j = 0; j < columns; j += 8) {
        float8 eight[8];
#pragma unroll
        for (int l = 0; l < 8; ++l) {
          eight[l] = vload8(0, sums + (i + l) * TILE_COLUMNS + j);
        }
        transpose_8x8(eight);
#pragma unroll
        for (int l = 0; l < 8; ++l) {
          __global float *to = c + (j + l) * column_stride + i;
          if (j + l < columns) {
            vstore8(accumulate ? vload8(0, to) + eight[l] : eight[l], 0, to);
          }
        }
      }
    }
  }
  for (; i < rows; ++i) {
    __global float *to = c + i * row_stride;
    const float *from = sums + i * TILE_COLUMNS;
    int j = 0;
    for (; column_stride == 1 && j + 16 <= columns; j += 16) {
      const float16 sum = vload16(0, from + j);
      vstore16(accumulate ? vload16(0, to + j) + sum : sum, 0, to + j);
    }
    for (; j < columns; ++j) {
      to[j * column_stride] = accumulate ? to[j * column_stride] + from[j] : from[j];
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Multiplies the depths depth_begin ..< depth_begin + depth of A by the panels of the same depths of B, chunk by chunk:
// an even share of the tiles of REGISTER_ROWS rows, at most CHUNK_ROWS, by panels_per_chunk panels.

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void matmul_amx(
  __global float *restrict c, __global int *restrict next, const __global stored_t *restrict a,
  const __global packed_t *restrict panels, const int m, const int n, const int depth, const int depth_begin,
  const int row_chunks, const int panels_per_chunk, const int batch, const ulong a_row_stride,
  const ulong a_depth_stride, const ulong a_batch_stride, const ulong c_row_stride, const ulong c_column_stride,
  const ulong c_batch_stride, const int accumulate
) {
  uint packed[CHUNK_ROWS * DEPTH_STEPS] __attribute__((aligned(64)));
  float sums[REGISTER_ROWS * TILE_COLUMNS] __attribute__((aligned(64)));
  const long row_tiles = (m + REGISTER_ROWS - 1) / REGISTER_ROWS;
  const int panel_count = (n + TILE_COLUMNS - 1) / TILE_COLUMNS;
  const int blocks = max((depth + DEPTH_BLOCK - 1) / DEPTH_BLOCK, 1);
  const int block_depth = ((depth + blocks - 1) / blocks + 31) & ~31;  // nearly equal blocks, in whole tiles
  configure_tiles();
  chunk_t chunk;
  while (take_chunk(&chunk, next, row_chunks, panel_count, panels_per_chunk, batch)) {
    const int row = chunk.rows * row_tiles / row_chunks * REGISTER_ROWS;
    const int rows = min((int)((chunk.rows + 1) * row_tiles / row_chunks) * REGISTER_ROWS, m) - row;
    const size_t first =
      chunk.matrix * a_batch_stride + depth_begin * (size_t)a_depth_stride + row * (size_t)a_row_stride;
    __global float *c_rows = c + chunk.matrix * c_batch_stride + row * (size_t)c_row_stride;
    const __global packed_t *b = panels + PANELS_BEGIN + chunk.matrix * panel_count * PANEL_STEPS(depth) * TILE_COLUMNS;
    for (int block = 0; block < blocks; ++block) {
      const int begin = block * block_depth;
      const int count = min(block_depth, depth - begin);
      pack_lines(packed, a, first + begin * (size_t)a_depth_stride, rows, count, a_row_stride, a_depth_stride);
      for (int panel = chunk.first_panel; panel < chunk.end_panel; ++panel) {
        const __global packed_t *from = b + ((size_t)panel * PANEL_STEPS(depth) + begin / 2) * TILE_COLUMNS;
        for (int i = 0; i < rows; i += REGISTER_ROWS) {
          amx_multiply(sums, packed + i * DEPTH_STEPS, from, (count + 31) / 32 * REGISTER_STEPS);
          amx_store(
            c_rows + i * (size_t)c_row_stride + panel * TILE_COLUMNS * (size_t)c_column_stride, sums,
            min(REGISTER_ROWS, rows - i), min(TILE_COLUMNS, n - panel * TILE_COLUMNS), c_row_stride, c_column_stride,
            accumulate || block > 0);
        }
      }
    }
  }
  __asm__ volatile("tilerelease" ::: "memory");
}
