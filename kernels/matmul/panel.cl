// Purpose: matrix multiplication where a work-item owns a core (CPU devices): packed panels with a register tile.
// Math: C = A · B, added to C where `accumulate` is 1. Every operand is addressed by two element strides, so one kernel
//   serves all orders:
//     forward          X [R, K] · W [N, K]ᵀ     A = X  (row K, depth 1)    B = W (depth 1, column K)
//     backward input   dY [R, N] · W [N, K]     A = dY (row N, depth 1)    B = W (depth K, column 1)
//     backward weight  dY [R, N]ᵀ · X [R, K]    A = dY (row 1, depth N)    B = X (depth K, column 1)
//   B is the operand that is packed, and should not be far larger than A: Cᵀ = Bᵀ · Aᵀ is the same call with A and B
//   exchanged, and the strides of C.
// Shapes: C [m, n], A [m, depth], B [depth, n], each by its strides; panels as matmul/pack.cl lays them.
// Gradient contract: C `=` (accumulate 0) or `+=` (accumulate 1).
// Saved for backward: nothing.
// Parallelism: one work-item a work-group, as many as the device has units. Each takes the next chunk from a shared
//   counter until none is left, for units differ in speed, and drivers deal work-items out beforehand.
// Numerics: fp32, or with BF16 products of bf16 numbers added up in fp32. The sum over depths is in ascending order
//   within a part of PART_STEPS, parts within a block of at most DEPTH_BLOCK, and then the blocks, so the bits depend
//   on the shapes and strides alone and not on which work-item computes which chunk.
// Source: the blocking of Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008), section 4.

#include "matmul/pack.cl"

#ifndef CHUNK_TILES
#define CHUNK_TILES 12  // tiles of A that a work-item packs at once: at most 216 KiB of its second-level cache
#endif
#ifndef REGISTER_LANES
#define REGISTER_LANES 16  // floats in a vector register: 16 where there are 32 of these (AVX-512), 8 elsewhere
#endif
// A register tile: 24 sums and 3 vectors of B, of 32 registers; or 12 and 3, of 16 (AVX2, NEON). Of such shapes these
// issue the fewest instructions a multiplication that two load ports feed.
#define REGISTER_ROWS (REGISTER_LANES / 2)
#define REGISTER_VECTORS 3
#define REGISTER_COLUMNS (REGISTER_VECTORS * REGISTER_LANES)
#define PART_STEPS 96  // steps that are added up apart: in one long sum each would be rounded against all before it
#define UNROLL 4  // steps for which a tile asks for one line of the next panel: a chunk's 12 tiles ask for all of it

// ---------------------------------------------------------------------------------------------------------------------
// For each of the `vectors` of each row of a register tile: loops of constant length, for PoCL unrolls no others.

#define FOR_EACH_VECTOR(i, j) \
  _Pragma("unroll") for (int i = 0; i < REGISTER_ROWS; ++i) \
    _Pragma("unroll") for (int j = 0; j < REGISTER_VECTORS; ++j) \
      if (j < vectors)

#define OF_LANES_TOKENS(name, lanes) name##lanes
#define OF_LANES(name, lanes) OF_LANES_TOKENS(name, lanes)
typedef OF_LANES(float, REGISTER_LANES) lanes_t;
typedef OF_LANES(uint, REGISTER_LANES) pairs_t;
#if BF16
typedef pairs_t packed_lanes_t;
#else
typedef lanes_t packed_lanes_t;
#endif
#define LOAD(j, from) OF_LANES(vload, REGISTER_LANES)(j, from)
#define STORE(value, j, to) OF_LANES(vstore, REGISTER_LANES)(value, j, to)

// Adds the products of a step: of one value of A by REGISTER_LANES of B, or with BF16 of two depths of each.
#if BF16 == 2
#define ADD_PRODUCTS(sum, a, b) __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(b), "v"((uint16)(a)))
#elif BF16
#define ADD_PRODUCTS(sum, a, b) \
  sum = as_float((a) << 16) * OF_LANES(as_float, REGISTER_LANES)((b) << 16) + sum; \
  sum = as_float((a) & 0xFFFF0000u) * OF_LANES(as_float, REGISTER_LANES)((b) & 0xFFFF0000u) + sum
#else
#define ADD_PRODUCTS(sum, a, b) sum = (a) * (b) + sum
#endif

// Adds the products of one step: REGISTER_ROWS values of A by REGISTER_LANES · vectors values of B.
static inline __attribute__((always_inline)) void multiply_step(
  lanes_t sum[REGISTER_ROWS][REGISTER_VECTORS], const packed_t *tile, const __global packed_t *panel, const int vectors
) {
  packed_lanes_t b[REGISTER_VECTORS];
#pragma unroll
  for (int j = 0; j < REGISTER_VECTORS; ++j) {
    if (j < vectors) {
      b[j] = LOAD(j, panel);
    }
  }
  FOR_EACH_VECTOR(i, j) {
    ADD_PRODUCTS(sum[i][j], tile[i], b[j]);
  }
}

// Multiplies REGISTER_ROWS of a packed tile by REGISTER_LANES · vectors columns of a panel's block and stores the
// result: in vectors where it lies wholly inside C and a stride of C is 1, else value by value. Callers pass `vectors`
// as a constant. `next` is asked for ahead.
static inline __attribute__((always_inline)) void multiply_tile(
  __global float *c, const packed_t *tile, const __global packed_t *panel, const __global packed_t *next,
  const int vectors, const int rows, const int columns, const int steps, const size_t row_stride,
  const size_t column_stride, const int accumulate
) {
  const int inside = rows >= REGISTER_ROWS && columns >= vectors * REGISTER_LANES;
  lanes_t sum[REGISTER_ROWS][REGISTER_VECTORS];
  FOR_EACH_VECTOR(i, j) {
    sum[i][j] = (lanes_t)0.0f;
    if (inside && column_stride == 1) {
      PREFETCH_TO_WRITE(c + i * row_stride + j * REGISTER_LANES);
    }
  }
  for (int k = 0; k < steps;) {
    lanes_t part[REGISTER_ROWS][REGISTER_VECTORS];
    FOR_EACH_VECTOR(i, j) part[i][j] = (lanes_t)0.0f;
    const int end = min(k + PART_STEPS, steps);
    for (; k + UNROLL <= end; k += UNROLL) {
      PREFETCH_LATER(next);
      next += 16;
#pragma unroll
      for (int u = 0; u < UNROLL; ++u) {
        multiply_step(part, tile, panel, vectors);
        tile += TILE_ROWS;
        panel += TILE_COLUMNS;
      }
    }
    for (; k < end; ++k) {
      multiply_step(part, tile, panel, vectors);
      tile += TILE_ROWS;
      panel += TILE_COLUMNS;
    }
    FOR_EACH_VECTOR(i, j) sum[i][j] += part[i][j];
  }
  if (inside && column_stride == 1) {
    if (accumulate) {
      FOR_EACH_VECTOR(i, j) sum[i][j] = LOAD(j, c + i * row_stride) + sum[i][j];
    }
    FOR_EACH_VECTOR(i, j) STORE(sum[i][j], j, c + i * row_stride);
  } else {
    lanes_t stored[REGISTER_ROWS * REGISTER_VECTORS];
    const float *values = (const float *)stored;
    FOR_EACH_VECTOR(i, j) stored[i * REGISTER_VECTORS + j] = sum[i][j];
    if (inside && row_stride == 1) {
#if REGISTER_ROWS == 8
      for (int j = 0; j < vectors * REGISTER_LANES; j += 8) {
        float8 eight[REGISTER_ROWS];
#pragma unroll
        for (int i = 0; i < REGISTER_ROWS; ++i) {
          eight[i] = vload8(0, values + i * REGISTER_COLUMNS + j);
        }
        transpose_8x8(eight);
#pragma unroll
        for (int i = 0; i < 8; ++i) {
          __global float *to = c + (j + i) * column_stride;
          vstore8(accumulate ? vload8(0, to) + eight[i] : eight[i], 0, to);
        }
      }
#else
      for (int j = 0; j < vectors * REGISTER_LANES; ++j) {
        const float *column = values + j;
        const float4 four = (float4)(
          column[0], column[REGISTER_COLUMNS], column[2 * REGISTER_COLUMNS], column[3 * REGISTER_COLUMNS]);
        __global float *to = c + j * column_stride;
        vstore4(accumulate ? vload4(0, to) + four : four, 0, to);
      }
#endif
    } else {
      for (int i = 0; i < min(rows, REGISTER_ROWS); ++i) {
        for (int j = 0; j < min(columns, vectors * REGISTER_LANES); ++j) {
          __global float *to = c + i * row_stride + j * column_stride;
          *to = accumulate ? *to + values[i * REGISTER_COLUMNS + j] : values[i * REGISTER_COLUMNS + j];
        }
      }
    }
  }
}

// Multiplies a packed tile by a panel, register tile by register tile, each with a constant `vectors`. The strides are
// C's.
static inline void multiply_panel(
  __global float *c, const packed_t *tile, const __global packed_t *panel, const __global packed_t *next,
  const int rows, const int columns, const int steps, const size_t row_stride, const size_t column_stride,
  const int accumulate
) {
  for (int i = 0; i < min(rows, TILE_ROWS); i += REGISTER_ROWS) {
    for (int j = 0; j < min(columns, TILE_COLUMNS); j += REGISTER_COLUMNS) {
      __global float *to = c + i * row_stride + j * column_stride;
      const int left = columns - j;
      if (left > 2 * REGISTER_LANES) {
        multiply_tile(to, tile + i, panel + j, next, 3, rows - i, left, steps, row_stride, column_stride, accumulate);
      } else if (left > REGISTER_LANES) {
        multiply_tile(to, tile + i, panel + j, next, 2, rows - i, left, steps, row_stride, column_stride, accumulate);
      } else {
        multiply_tile(to, tile + i, panel + j, next, 1, rows - i, left, steps, row_stride, column_stride, accumulate);
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Multiplies the depths depth_begin ..< depth_begin + depth of A by the panels of the same depths of B, chunk by chunk:
// an even share of the tiles of rows, at most CHUNK_TILES, by panels_per_chunk panels.

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void matmul_panel(
  __global float *restrict c, __global int *restrict next, const __global stored_t *restrict a,
  const __global packed_t *restrict panels, const int m, const int n, const int depth, const int depth_begin,
  const int row_chunks, const int panels_per_chunk, const int batch, const ulong a_row_stride,
  const ulong a_depth_stride, const ulong a_batch_stride, const ulong c_row_stride, const ulong c_column_stride,
  const ulong c_batch_stride, const int accumulate
) {
  packed_t packed[CHUNK_TILES * DEPTH_STEPS * TILE_ROWS];
  const long row_tiles = (m + TILE_ROWS - 1) / TILE_ROWS;
  const int panel_count = (n + TILE_COLUMNS - 1) / TILE_COLUMNS;
  const int blocks = max((depth + DEPTH_BLOCK - 1) / DEPTH_BLOCK, 1);
  // Nearly equal blocks, for a short last one would waste its stores of C; in whole vectors.
  const int block_depth = ((depth + blocks - 1) / blocks + 7) & ~7;
  chunk_t chunk;
  while (take_chunk(&chunk, next, row_chunks, panel_count, panels_per_chunk, batch)) {
    const int first_tile = chunk.rows * row_tiles / row_chunks;
    const int tiles = (chunk.rows + 1) * row_tiles / row_chunks - first_tile;
    const int row = first_tile * TILE_ROWS;
    const size_t first =
      chunk.matrix * a_batch_stride + depth_begin * (size_t)a_depth_stride + row * (size_t)a_row_stride;
    __global float *c_rows = c + chunk.matrix * c_batch_stride + row * (size_t)c_row_stride;
    const __global packed_t *b = panels + PANELS_BEGIN + chunk.matrix * panel_count * PANEL_STEPS(depth) * TILE_COLUMNS;
    for (int block = 0; block < blocks; ++block) {
      const int begin = block * block_depth;
      const int count = min(block_depth, depth - begin);
      const int steps = STEPS(count);
      pack_chunk(
        packed, a, first + begin * (size_t)a_depth_stride, m - row, tiles, count, a_row_stride, a_depth_stride);
      for (int panel = chunk.first_panel; panel < chunk.end_panel; ++panel) {
        for (int t = 0; t < tiles; ++t) {
          __global float *to =
            c_rows + t * TILE_ROWS * (size_t)c_row_stride + panel * TILE_COLUMNS * (size_t)c_column_stride;
          const packed_t *tile = packed + t * DEPTH_STEPS * TILE_ROWS;
          const __global packed_t *from = b + ((size_t)panel * PANEL_STEPS(depth) + begin / DEPTHS) * TILE_COLUMNS;
          const __global packed_t *ahead =
            from + (panel + 1 < chunk.end_panel ? PANEL_STEPS(depth) * TILE_COLUMNS : 0) + t * (steps / UNROLL) * 16;
          multiply_panel(
            to, tile, from, ahead, m - row - t * TILE_ROWS, n - panel * TILE_COLUMNS, steps, c_row_stride,
            c_column_stride, accumulate || block > 0);
        }
      }
    }
  }
}
