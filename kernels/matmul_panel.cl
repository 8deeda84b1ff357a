// Purpose: matrix multiplication where a work-item owns a core (CPU devices): packed panels with a register tile.
// Math: C(i, j) = sum over k of A(i, k) * B(k, j), added to C where `accumulate` is 1.
//   Every operand is addressed by two element strides, so one kernel serves all orders:
//     forward          X[R,K] . W[N,K]^T     A = X  (row K, depth 1)    B = W (depth 1, column K)
//     backward input   dY[R,N] . W[N,K]      A = dY (row N, depth 1)    B = W (depth K, column 1)
//     backward weight  dY[R,N]^T . X[R,K]    A = dY (row 1, depth N)    B = X (depth K, column 1)
//   B is the operand that is packed, and should not be far larger than A: C^T = B^T . A^T is the same call with A and B
//   exchanged, and the strides of C.
// Shapes (row-major): panels [batch, ceil(n / 48), depth, 48], zero beyond column n. C m x n, A m x depth, B depth x n,
//   each by its strides; in matmul_rows C [m, n], A [m, depth], B [n, depth], by row strides alone.
// Gradient contract: C `=` or `+=` by `accumulate`; panels `=`.
// Saved for backward: nothing.
// Parallelism: one work-item a work-group; id 2 = matrix of the batch. matmul_pack_panels: id 0 = panel, id 1 =
//   PACK_DEPTH depths. matmul_panel: id 0 = CHUNK_TILES * TILE_ROWS rows, id 1 = panels_per_item panels. matmul_rows:
//   id 0 = ROWS_PER_ITEM rows of B.
// Numerics: fp32. The sum over k runs in ascending order within a block of at most DEPTH_BLOCK, and block sums are
//   added in ascending order, so the bits depend on the shapes and strides alone and not on the number of work-items.
// Source: Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication" (the blocking).

#ifndef DEPTH_BLOCK
#define DEPTH_BLOCK 576 // most depths of a block, after which C is read and written: swept 192..768 on an Ice Lake Xeon
#endif
#ifndef CHUNK_TILES
#define CHUNK_TILES 12 // row tiles that a work-item packs at once: at most 216 KiB of its second-level cache
#endif
#ifndef PACK_DEPTH
#define PACK_DEPTH 96 // depths that one work-item packs
#endif
#ifndef ROWS_PER_ITEM
#define ROWS_PER_ITEM 16 // rows of B for one work-item of matmul_rows
#endif
#define TILE_ROWS 8     // with TILE_VECTORS: 24 accumulators, which leaves eight of the 32 vector registers; of such
#define TILE_VECTORS 3  // shapes this one issues the fewest instructions a multiplication that two load ports feed
#define TILE_COLUMNS 48 // TILE_VECTORS of 16 lanes: one panel
#define UNROLL 4        // depths for which a tile asks for one line of the next panel: the 12 tiles of a chunk for all of it
#define PACK_AHEAD 12   // depths between a row that is packed and the row that is asked for

// Asks for the cache line at an address before it is used, where the compiler aims at the processor itself (PoCL) and
// not at an intermediate language. Without it a tile waits for its part of C and a chunk for each new panel: a quarter
// of the rate on an Ice Lake Xeon.
#if defined(__x86_64__) || defined(__aarch64__)
#define PREFETCH_SOON(address) __builtin_prefetch((const __global void *)(address), 0, 3)
#define PREFETCH_LATER(address) __builtin_prefetch((const __global void *)(address), 0, 2)
#define PREFETCH_TO_WRITE(address) __builtin_prefetch((const __global void *)(address), 1, 3)
#else
#define PREFETCH_SOON(address)
#define PREFETCH_LATER(address)
#define PREFETCH_TO_WRITE(address)
#endif

// ---------------------------------------------------------------------------------------------------------------------
// Transposes eight vectors of 8 in three steps: pairs of rows, pairs of pairs, halves.
static inline __attribute__((always_inline)) void transpose_8x8(float8 row[8])
{
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

// Copies `tiles` tiles of TILE_ROWS rows of A, at `depth` depths, to tile[t][k][TILE_ROWS], DEPTH_BLOCK depths a tile.
// Rows beyond `rows` repeat the last one, and go unused. Runs along the contiguous side of A.
static inline void pack_chunk(
    float *packed, const __global float *a, const int rows, const int tiles, const int depth, const size_t row_stride,
    const size_t depth_stride)
{
  const int full_tiles = depth_stride == 1 || row_stride == 1 ? min(tiles, rows / TILE_ROWS) : 0;
  if (depth_stride == 1) {
    for (int t = 0; t < full_tiles; ++t) {
      float *tile = packed + t * DEPTH_BLOCK * TILE_ROWS;
      const __global float *from = a + t * TILE_ROWS * row_stride;
      int k = 0;
      for (; k + 8 <= depth; k += 8) {
        float8 eight[TILE_ROWS];
        if (k % 16 == 0) {
#pragma unroll
          for (int i = 0; i < TILE_ROWS; ++i) {
            PREFETCH_SOON(from + (TILE_ROWS + i) * row_stride + k);
          }
        }
#pragma unroll
        for (int i = 0; i < TILE_ROWS; ++i) {
          eight[i] = vload8(0, from + i * row_stride + k);
        }
        transpose_8x8(eight);
#pragma unroll
        for (int i = 0; i < 8; ++i) {
          vstore8(eight[i], k + i, tile);
        }
      }
      for (; k < depth; ++k) {
        for (int i = 0; i < TILE_ROWS; ++i) {
          tile[k * TILE_ROWS + i] = from[i * row_stride + k];
        }
      }
    }
  } else {
    for (int k = 0; k < depth; ++k) {
      for (int t = 0; t < full_tiles; t += 2) {
        PREFETCH_SOON(a + (k + PACK_AHEAD) * depth_stride + t * TILE_ROWS);
      }
      for (int t = 0; t < full_tiles; ++t) {
        vstore8(vload8(t, a + k * depth_stride), t * DEPTH_BLOCK + k, packed);
      }
    }
  }
  for (int t = full_tiles; t < tiles; ++t) {
    for (int k = 0; k < depth; ++k) {
      for (int i = 0; i < TILE_ROWS; ++i) {
        packed[(t * DEPTH_BLOCK + k) * TILE_ROWS + i] =
            a[k * depth_stride + min(t * TILE_ROWS + i, rows - 1) * row_stride];
      }
    }
  }
}

// Adds the products of one depth: TILE_ROWS values of A by 16 * vectors values of B.
static inline __attribute__((always_inline)) void multiply_depth(
    float16 sum[TILE_ROWS][TILE_VECTORS], const float *tile, const __global float *panel, const int vectors)
{
  float16 b[TILE_VECTORS];
#pragma unroll
  for (int j = 0; j < TILE_VECTORS; ++j) {
    if (j < vectors) {
      b[j] = vload16(j, panel);
    }
  }
#pragma unroll
  for (int i = 0; i < TILE_ROWS; ++i) {
#pragma unroll
    for (int j = 0; j < TILE_VECTORS; ++j) {
      if (j < vectors) {
        sum[i][j] = tile[i] * b[j] + sum[i][j];
      }
    }
  }
}

// Multiplies a packed tile by the first 16 * vectors columns of a panel's block and stores the result: in vectors where
// it lies wholly inside C and a stride of C is 1, else value by value. Callers pass `vectors` as a constant, tested
// inside loops of constant length because PoCL unrolls no others. `next` is what the tile asks for ahead.
static inline __attribute__((always_inline)) void multiply_tile(
    __global float *c, const float *tile, const __global float *panel, const __global float *next, const int vectors,
    const int rows, const int columns, const int depth, const size_t row_stride, const size_t column_stride,
    const int accumulate)
{
  const int inside = rows >= TILE_ROWS && columns >= vectors * 16;
  float16 sum[TILE_ROWS][TILE_VECTORS];
#pragma unroll
  for (int i = 0; i < TILE_ROWS; ++i) {
#pragma unroll
    for (int j = 0; j < TILE_VECTORS; ++j) {
      if (j < vectors) {
        sum[i][j] = (float16)0.0f;
        if (inside && column_stride == 1) {
          PREFETCH_TO_WRITE(c + i * row_stride + j * 16);
        }
      }
    }
  }
  int k = 0;
  for (; k + UNROLL <= depth; k += UNROLL) {
    PREFETCH_LATER(next);
    next += 16;
#pragma unroll
    for (int u = 0; u < UNROLL; ++u) {
      multiply_depth(sum, tile, panel, vectors);
      tile += TILE_ROWS;
      panel += TILE_COLUMNS;
    }
  }
  for (; k < depth; ++k) {
    multiply_depth(sum, tile, panel, vectors);
    tile += TILE_ROWS;
    panel += TILE_COLUMNS;
  }
  if (inside && column_stride == 1) {
    if (accumulate) {
#pragma unroll
      for (int i = 0; i < TILE_ROWS; ++i) {
#pragma unroll
        for (int j = 0; j < TILE_VECTORS; ++j) {
          if (j < vectors) {
            sum[i][j] = vload16(j, c + i * row_stride) + sum[i][j];
          }
        }
      }
    }
#pragma unroll
    for (int i = 0; i < TILE_ROWS; ++i) {
#pragma unroll
      for (int j = 0; j < TILE_VECTORS; ++j) {
        if (j < vectors) {
          vstore16(sum[i][j], j, c + i * row_stride);
        }
      }
    }
  } else {
    float16 stored[TILE_ROWS * TILE_VECTORS];
    const float *values = (const float *)stored;
#pragma unroll
    for (int i = 0; i < TILE_ROWS; ++i) {
#pragma unroll
      for (int j = 0; j < TILE_VECTORS; ++j) {
        if (j < vectors) {
          stored[i * TILE_VECTORS + j] = sum[i][j];
        }
      }
    }
    if (inside && row_stride == 1) {
      for (int j = 0; j < vectors * 16; j += 8) {
        float8 eight[TILE_ROWS];
#pragma unroll
        for (int i = 0; i < TILE_ROWS; ++i) {
          eight[i] = vload8(0, values + i * TILE_COLUMNS + j);
        }
        transpose_8x8(eight);
#pragma unroll
        for (int i = 0; i < 8; ++i) {
          __global float *to = c + (j + i) * column_stride;
          vstore8(accumulate ? vload8(0, to) + eight[i] : eight[i], 0, to);
        }
      }
    } else {
      for (int i = 0; i < min(rows, TILE_ROWS); ++i) {
        for (int j = 0; j < min(columns, vectors * 16); ++j) {
          __global float *to = c + i * row_stride + j * column_stride;
          *to = accumulate ? *to + values[i * TILE_COLUMNS + j] : values[i * TILE_COLUMNS + j];
        }
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Copies depths [depth_begin, depth_begin + depth) of B to panels.
// Global size (ceil(n / 48), ceil(depth / PACK_DEPTH), batch).
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void matmul_pack_panels(
    __global float *restrict panels, const __global float *restrict b, const int n, const int depth,
    const int depth_begin, const ulong depth_stride, const ulong column_stride, const ulong batch_stride)
{
  const int column = (int)get_global_id(0) * TILE_COLUMNS;
  const int first = (int)get_global_id(1) * PACK_DEPTH;
  const int end = min(first + PACK_DEPTH, depth);
  const size_t panel_count = (n + TILE_COLUMNS - 1) / TILE_COLUMNS;
  __global float *to = panels + (get_global_id(2) * panel_count + get_global_id(0)) * depth * TILE_COLUMNS;
  const __global float *from =
      b + get_global_id(2) * (size_t)batch_stride + depth_begin * (size_t)depth_stride + column * (size_t)column_stride;
  const int full = column + TILE_COLUMNS <= n;
  if (full && column_stride == 1) {
    for (int k = first; k < end; ++k) {
      const __global float *row = from + k * (size_t)depth_stride;
#pragma unroll
      for (int j = 0; j < TILE_VECTORS; ++j) {
        vstore16(vload16(j, row), j, to + k * TILE_COLUMNS);
      }
    }
  } else if (full && depth_stride == 1) {
    for (int j = 0; j < TILE_COLUMNS; j += 8) {
      const __global float *rows = from + j * (size_t)column_stride;
      int k = first;
      for (; k + 8 <= end; k += 8) {
        float8 eight[8];
#pragma unroll
        for (int i = 0; i < 8; ++i) {
          eight[i] = vload8(0, rows + i * (size_t)column_stride + k);
        }
        transpose_8x8(eight);
#pragma unroll
        for (int i = 0; i < 8; ++i) {
          vstore8(eight[i], 0, to + (k + i) * TILE_COLUMNS + j);
        }
      }
      for (; k < end; ++k) {
        for (int i = 0; i < 8; ++i) {
          to[k * TILE_COLUMNS + j + i] = rows[i * (size_t)column_stride + k];
        }
      }
    }
  } else {
    for (int k = first; k < end; ++k) {
      for (int j = 0; j < TILE_COLUMNS; ++j) {
        to[k * TILE_COLUMNS + j] =
            column + j < n ? from[k * (size_t)depth_stride + j * (size_t)column_stride] : 0.0f;
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Multiplies depths [depth_begin, depth_begin + depth) of A by the panels of the same depths of B.
// Global size (ceil(m / (8 * CHUNK_TILES)), ceil(ceil(n / 48) / panels_per_item), batch).
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void matmul_panel(
    __global float *restrict c, const __global float *restrict a, const __global float *restrict panels, const int m,
    const int n, const int depth, const int depth_begin, const int panels_per_item, const ulong a_row_stride,
    const ulong a_depth_stride, const ulong a_batch_stride, const ulong c_row_stride, const ulong c_column_stride,
    const ulong c_batch_stride, const int accumulate)
{
  float packed[CHUNK_TILES * DEPTH_BLOCK * TILE_ROWS];
  const int row = (int)get_global_id(0) * TILE_ROWS * CHUNK_TILES;
  const int tiles = min(CHUNK_TILES, (m - row + TILE_ROWS - 1) / TILE_ROWS);
  const int panel_count = (n + TILE_COLUMNS - 1) / TILE_COLUMNS;
  const int first_panel = (int)get_global_id(1) * panels_per_item;
  const int end_panel = min(first_panel + panels_per_item, panel_count);
  const int blocks = max((depth + DEPTH_BLOCK - 1) / DEPTH_BLOCK, 1);
  const int block_depth = (depth + blocks - 1) / blocks; // equal blocks: a short last one would waste its stores of C
  a += get_global_id(2) * (size_t)a_batch_stride + depth_begin * (size_t)a_depth_stride + row * (size_t)a_row_stride;
  c += get_global_id(2) * (size_t)c_batch_stride + row * (size_t)c_row_stride;
  panels += get_global_id(2) * panel_count * depth * TILE_COLUMNS;
  for (int block = 0; block < blocks; ++block) {
    const int begin = block * block_depth;
    const int count = min(block_depth, depth - begin);
    pack_chunk(packed, a + begin * (size_t)a_depth_stride, m - row, tiles, count, a_row_stride, a_depth_stride);
    for (int panel = first_panel; panel < end_panel; ++panel) {
      for (int t = 0; t < tiles; ++t) {
        __global float *to = c + t * TILE_ROWS * (size_t)c_row_stride + panel * TILE_COLUMNS * (size_t)c_column_stride;
        const float *tile = packed + t * DEPTH_BLOCK * TILE_ROWS;
        const __global float *from = panels + ((size_t)panel * depth + begin) * TILE_COLUMNS;
        const __global float *next =
            from + (panel + 1 < end_panel ? depth * TILE_COLUMNS : 0) + t * (count / UNROLL) * 16;
        const int rows = m - row - t * TILE_ROWS;
        const int columns = n - panel * TILE_COLUMNS;
        const int add = accumulate || block > 0;
        if (columns > 32) {
          multiply_tile(to, tile, from, next, 3, rows, columns, count, c_row_stride, c_column_stride, add);
        } else if (columns > 16) {
          multiply_tile(to, tile, from, next, 2, rows, columns, count, c_row_stride, c_column_stride, add);
        } else {
          multiply_tile(to, tile, from, next, 1, rows, columns, count, c_row_stride, c_column_stride, add);
        }
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// C = A . B^T for few rows of A (decoding): B is read in place, once, as dot products.
// Global size (ceil(n / ROWS_PER_ITEM), 1, batch).
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void matmul_rows(
    __global float *restrict c, const __global float *restrict a, const __global float *restrict b, const int m,
    const int n, const int depth, const ulong a_row_stride, const ulong a_batch_stride, const ulong b_row_stride,
    const ulong b_batch_stride, const ulong c_row_stride, const ulong c_batch_stride, const int accumulate)
{
  const int first = (int)get_global_id(0) * ROWS_PER_ITEM;
  const int end = min(first + ROWS_PER_ITEM, n);
  for (int j = first; j < end; ++j) {
    const __global float *right = b + get_global_id(2) * (size_t)b_batch_stride + j * (size_t)b_row_stride;
    for (int i = 0; i < m; ++i) {
      const __global float *left = a + get_global_id(2) * (size_t)a_batch_stride + i * (size_t)a_row_stride;
      float16 sum0 = (float16)0.0f;
      float16 sum1 = (float16)0.0f;
      float16 sum2 = (float16)0.0f;
      float16 sum3 = (float16)0.0f;
      int k = 0;
      for (; k + 64 <= depth; k += 64) {
        sum0 = vload16(0, left + k) * vload16(0, right + k) + sum0;
        sum1 = vload16(1, left + k) * vload16(1, right + k) + sum1;
        sum2 = vload16(2, left + k) * vload16(2, right + k) + sum2;
        sum3 = vload16(3, left + k) * vload16(3, right + k) + sum3;
      }
      for (; k + 16 <= depth; k += 16) {
        sum0 = vload16(0, left + k) * vload16(0, right + k) + sum0;
      }
      const float16 lanes = (sum0 + sum1) + (sum2 + sum3);
      const float8 eight = lanes.lo + lanes.hi;
      const float4 four = eight.lo + eight.hi;
      float sum = (four.x + four.z) + (four.y + four.w);
      for (; k < depth; ++k) {
        sum = left[k] * right[k] + sum;
      }
      __global float *to = c + get_global_id(2) * (size_t)c_batch_stride + i * (size_t)c_row_stride + j;
      *to = accumulate ? *to + sum : sum;
    }
  }
}
