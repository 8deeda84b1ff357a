// Purpose: lays the operands of a product out as its register tiles read them: panels of B, tiles of A.
// Math: none. With BF16, numbers are rounded to bf16, to nearest, ties to even, and those of two neighbouring depths
//   share a uint, the first in the lower half; beyond the last depth stands 0.
// Shapes: B is addressed by two element strides. Panels [batch, ceil(n / TILE_COLUMNS), steps, TILE_COLUMNS], zero
//   beyond column n; a step is one depth, or two with BF16. Tiles [tiles, DEPTH_STEPS, TILE_ROWS]. With BF16 = 3 the
//   steps of a panel are padded with zeros to whole tiles of the processor's. Either operand may be frozen and stored
//   otherwise than in float (prelude/storage.cl): it is widened here, never as a whole.
// Gradient contract: panels `=`.
// Saved for backward: nothing.
// Parallelism: one work-item a work-group: id 0 = panel, id 1 = PACK_DEPTH depths, id 2 = matrix of the batch.
// Numerics: a NaN stays a NaN.
// Source: Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008), section 4.

#include "prelude/bf16.cl"
#include "prelude/prefetch.cl"

#ifndef DEPTH_BLOCK
// Most depths of a block, after which C is read and written: swept 192 … 768 on an Ice Lake Xeon.
#define DEPTH_BLOCK 576
#endif
#ifndef PACK_DEPTH
#define PACK_DEPTH 96  // depths that one work-item packs
#endif
#ifndef TILE_ROWS
#define TILE_ROWS 8  // of a packed tile of A: whole register tiles of matmul/panel.cl
#endif
#ifndef TILE_COLUMNS
#define TILE_COLUMNS 48  // of a panel of B: whole register tiles
#endif
#ifndef PANELS_BEGIN
#define PANELS_BEGIN 64  // elements before the panels: the counter that the product's work-items share
#endif
// Depths between a row that is packed and the row that is asked for. Where nothing is asked for ahead, a tile waits for
// its part of C and a chunk for each new panel: a quarter of the rate on an Ice Lake Xeon.
#define PACK_AHEAD 12

#if BF16
#define DEPTHS 2  // depths of a step
typedef uint packed_t;
typedef uint8 packed8_t;
typedef uint16 packed16_t;
#else
#define DEPTHS 1
typedef float packed_t;
typedef float8 packed8_t;
typedef float16 packed16_t;
#endif
#define DEPTH_STEPS (DEPTH_BLOCK / DEPTHS)
#define STEPS(depth) (((depth) + DEPTHS - 1) / DEPTHS)
#if BF16 == 3
#define PANEL_STEPS(depth) (((depth) + 31) / 32 * 16)  // whole tiles of the processor's, the last padded with zeros
#else
#define PANEL_STEPS(depth) STEPS(depth)
#endif

// ---------------------------------------------------------------------------------------------------------------------
// The step that begins at an index, and 8 and 16 neighbouring ones: a step's second depth lies `stride` further, where
// there is one.

static inline __attribute__((always_inline)) packed_t packed_at(
  const __global stored_t *stored, const size_t index, const size_t stride, const int remaining
) {
#if BF16
  return bf16_pair_uint(stored_at(stored, index), remaining > 1 ? stored_at(stored, index + stride) : 0.0f);
#else
  return stored_at(stored, index);
#endif
}

static inline __attribute__((always_inline)) packed8_t packed_8(
  const __global stored_t *stored, const size_t index, const size_t stride, const int remaining
) {
#if BF16
  return bf16_pair_uint8(stored_8(stored, index), remaining > 1 ? stored_8(stored, index + stride) : (float8)(0.0f));
#else
  return stored_8(stored, index);
#endif
}

static inline __attribute__((always_inline)) packed16_t packed_16(
  const __global stored_t *stored, const size_t index, const size_t stride, const int remaining
) {
#if BF16
  return bf16_pair_uint16(
    stored_16(stored, index), remaining > 1 ? stored_16(stored, index + stride) : (float16)(0.0f));
#else
  return stored_16(stored, index);
#endif
}

// ---------------------------------------------------------------------------------------------------------------------
// Transposes eight vectors of 8 in three steps: pairs of rows, pairs of pairs, halves.
static inline __attribute__((always_inline)) void transpose_8x8(float8 row[8]) {
  float8 pair[8], quad[8];
#pragma unroll
  for (int i = 0; i < 8; i += 2) {
    const float8 a = row[i], b = row[i + 1];
    pair[i] = (float8)(a.s0, b.s0, a.s1, b.s1, a.s4, b.s4, a.s5, b.s5);
    pair[i + 1] = (float8)(a.s2, b.s2, a.s3, b.s3, a.s6, b.s6, a.s7, b.s7);
  }
#pragma unroll
  for (int i = 0; i < 8; i += 4) {
    quad[i] = (float8)(pair[i].s01, pair[i + 2].s01, pair[i].s45, pair[i + 2].s45);
    quad[i + 1] = (float8)(pair[i].s23, pair[i + 2].s23, pair[i].s67, pair[i + 2].s67);
    quad[i + 2] = (float8)(pair[i + 1].s01, pair[i + 3].s01, pair[i + 1].s45, pair[i + 3].s45);
    quad[i + 3] = (float8)(pair[i + 1].s23, pair[i + 3].s23, pair[i + 1].s67, pair[i + 3].s67);
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    row[i] = (float8)(quad[i].lo, quad[i + 4].lo);
    row[i + 4] = (float8)(quad[i].hi, quad[i + 4].hi);
  }
}

// Eight lines of eight depths each, `stride` apart, as the steps of those depths.
static inline __attribute__((always_inline)) void packed_8x8(
  packed8_t steps[8 / DEPTHS], const __global stored_t *stored, const size_t index, const size_t stride
) {
  float8 lines[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    lines[i] = stored_8(stored, index + i * stride);
  }
  transpose_8x8(lines);
#pragma unroll
  for (int i = 0; i < 8 / DEPTHS; ++i) {
#if BF16
    steps[i] = bf16_pair_uint8(lines[2 * i], lines[2 * i + 1]);
#else
    steps[i] = lines[i];
#endif
  }
}

// Copies `tiles` tiles of TILE_ROWS rows of A, at `depth` depths, to packed[tile][step][row], DEPTH_STEPS steps a tile;
// `first` is the index of the first element. Rows beyond `rows` repeat the last one, and go unused. Vectors lie along
// the contiguous side of A.
static inline void pack_chunk(
  packed_t *packed, const __global stored_t *a, const size_t first, const int rows, const int tiles, const int depth,
  const size_t row_stride, const size_t depth_stride
) {
  const int in_vectors = (depth_stride == 1 && STORED_ALIGNED(first | row_stride))
    || (row_stride == 1 && STORED_ALIGNED(first | depth_stride));
  const int full_tiles = in_vectors ? min(tiles, rows / TILE_ROWS) : 0;
  if (depth_stride == 1) {
    for (int t = 0; t < full_tiles; ++t) {
      packed_t *tile = packed + t * DEPTH_STEPS * TILE_ROWS;
      const size_t from = first + t * TILE_ROWS * row_stride;
      int k = 0;
      for (; k + 8 <= depth; k += 8) {
        packed8_t steps[8 / DEPTHS];
        if (k % 16 == 0) {
#pragma unroll
          for (int i = 0; i < TILE_ROWS; ++i) {
            PREFETCH_STORED(a, from + (TILE_ROWS + i) * row_stride + k);
          }
        }
        packed_8x8(steps, a, from + k, row_stride);
#pragma unroll
        for (int i = 0; i < 8 / DEPTHS; ++i) {
          vstore8(steps[i], k / DEPTHS + i, tile);
        }
      }
      for (; k < depth; k += DEPTHS) {
        for (int i = 0; i < TILE_ROWS; ++i) {
          tile[k / DEPTHS * TILE_ROWS + i] = packed_at(a, from + i * row_stride + k, 1, depth - k);
        }
      }
    }
  } else {
    for (int k = 0; k < depth; k += DEPTHS) {
      for (int t = 0; t < full_tiles; t += 2) {
        PREFETCH_STORED(a, first + (k + PACK_AHEAD) * depth_stride + t * TILE_ROWS);
      }
      for (int t = 0; t < full_tiles; ++t) {
        const packed8_t step = packed_8(a, first + k * depth_stride + t * TILE_ROWS, depth_stride, depth - k);
        vstore8(step, t * DEPTH_STEPS + k / DEPTHS, packed);
      }
    }
  }
  for (int t = full_tiles; t < tiles; ++t) {
    for (int k = 0; k < depth; k += DEPTHS) {
      for (int i = 0; i < TILE_ROWS; ++i) {
        const size_t index = first + k * depth_stride + min(t * TILE_ROWS + i, rows - 1) * row_stride;
        packed[(t * DEPTH_STEPS + k / DEPTHS) * TILE_ROWS + i] = packed_at(a, index, depth_stride, depth - k);
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// A chunk of a product: a share of its rows by some of its panels.

typedef struct {
  int rows;  // the number of the share
  int first_panel;
  int end_panel;
  size_t matrix;  // of the batch
} chunk_t;

// Takes the next chunk from the counter: false where none is left.
static inline __attribute__((always_inline)) bool take_chunk(
  chunk_t *chunk, volatile __global int *next, const int row_chunks, const int panel_count, const int panels_per_chunk,
  const int batch
) {
  const int panel_chunks = (panel_count + panels_per_chunk - 1) / panels_per_chunk;
  const int index = atomic_inc(next);
  chunk->rows = index % row_chunks;
  chunk->first_panel = index / row_chunks % panel_chunks * panels_per_chunk;
  chunk->end_panel = min(chunk->first_panel + panels_per_chunk, panel_count);
  chunk->matrix = index / row_chunks / panel_chunks;
  return index < row_chunks * panel_chunks * batch;
}

// ---------------------------------------------------------------------------------------------------------------------
// Copies the depths depth_begin ..< depth_begin + depth of B to panels, and sets the counter to 0; both lie in one
// buffer. Global size (ceil(n / TILE_COLUMNS), ceil(depth / PACK_DEPTH), batch).

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void matmul_pack_panels(
  __global int *restrict next, __global packed_t *restrict panels, const __global stored_t *restrict b, const int n,
  const int depth, const int depth_begin, const ulong depth_stride, const ulong column_stride, const ulong batch_stride
) {
  const int column = (int)get_global_id(0) * TILE_COLUMNS;
  const int first = (int)get_global_id(1) * PACK_DEPTH;
  const int end = min(first + PACK_DEPTH, depth);
  const size_t panel_count = (n + TILE_COLUMNS - 1) / TILE_COLUMNS;
  __global packed_t *to =
    panels + PANELS_BEGIN + (get_global_id(2) * panel_count + get_global_id(0)) * PANEL_STEPS(depth) * TILE_COLUMNS;
  if (get_global_id(0) == 0 && get_global_id(1) == 0 && get_global_id(2) == 0) {
    *next = 0;
  }
  const size_t from =
    get_global_id(2) * (size_t)batch_stride + depth_begin * (size_t)depth_stride + column * (size_t)column_stride;
  const int full = column + TILE_COLUMNS <= n;
  for (int i = STEPS(depth) * TILE_COLUMNS; end == depth && i < PANEL_STEPS(depth) * TILE_COLUMNS; ++i) {
    to[i] = 0;
  }
  if (full && column_stride == 1 && STORED_ALIGNED(from | depth_stride)) {
    for (int k = first; k < end; k += DEPTHS) {
      const size_t row = from + k * (size_t)depth_stride;
#pragma unroll
      for (int j = 0; j < TILE_COLUMNS / 16; ++j) {
        vstore16(packed_16(b, row + j * 16, depth_stride, end - k), j, to + k / DEPTHS * TILE_COLUMNS);
      }
    }
  } else if (full && depth_stride == 1 && STORED_ALIGNED(from | column_stride)) {
    for (int j = 0; j < TILE_COLUMNS; j += 8) {
      const size_t rows = from + j * (size_t)column_stride;
      int k = first;
      for (; k + 8 <= end; k += 8) {
        packed8_t steps[8 / DEPTHS];
        packed_8x8(steps, b, rows + k, column_stride);
#pragma unroll
        for (int i = 0; i < 8 / DEPTHS; ++i) {
          vstore8(steps[i], 0, to + (k / DEPTHS + i) * TILE_COLUMNS + j);
        }
      }
      for (; k < end; k += DEPTHS) {
        for (int i = 0; i < 8; ++i) {
          to[k / DEPTHS * TILE_COLUMNS + j + i] = packed_at(b, rows + i * (size_t)column_stride + k, 1, end - k);
        }
      }
    }
  } else {
    for (int k = first; k < end; k += DEPTHS) {
      for (int j = 0; j < TILE_COLUMNS; ++j) {
        const size_t index = from + k * (size_t)depth_stride + j * (size_t)column_stride;
        to[k / DEPTHS * TILE_COLUMNS + j] = column + j < n ? packed_at(b, index, depth_stride, end - k) : 0;
      }
    }
  }
}
