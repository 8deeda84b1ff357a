// Purpose: an operand of matmul/mma.cl or matmul/units.cl: lines of A or columns of B, each with its K elements side by
//   side, in bf16.
// Math: packed[line, k] = element (line, k), rounded to nearest, ties to even; 0 for k ≥ K.
// Shapes (row-major): packed [batch, lines, depth] from `begin` on, depth a multiple of 32; source [batch, lines, K],
//   or [batch, K, lines] for units_pack_columns, stored as prelude/storage.cl says.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: units_pack_lines: a work-item makes 8 elements; global size (ceil(lines · depth / 8 / GROUP_SIZE) ·
//   GROUP_SIZE, 1, batch). units_pack_columns: a group turns TURNED_LINES lines × TURNED_DEPTHS depths; global size
//   (ceil(lines / TURNED_LINES) · GROUP_SIZE, depth / TURNED_DEPTHS, batch).
// Numerics: a NaN stays a NaN, an infinity an infinity.
// Source: none.

#include "prelude/bf16.cl"
#include "matmul/group.cl"

#define GROUP_SIZE 256

static inline void store_8(__global ushort *to, const float8 run) {
  *(__global uint4 *)to = (uint4)(
    bf16_pair_uint(run.s0, run.s1), bf16_pair_uint(run.s2, run.s3), bf16_pair_uint(run.s4, run.s5),
    bf16_pair_uint(run.s6, run.s7));
}

// Eight elements from an index; `remaining` of them are there, the others are 0.
static inline float8 stored_run(
  const __global stored_t *from, const size_t index, const int remaining, const bool aligned
) {
#if STORAGE == 0
  return (float8)(floats_4(from, index, remaining, aligned), floats_4(from, index + 4, remaining - 4, aligned));
#else
  if (aligned && remaining >= 8) return stored_8(from, index);
  float run[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) run[i] = i < remaining ? stored_at(from, index + i) : 0.0f;
  return (float8)(run[0], run[1], run[2], run[3], run[4], run[5], run[6], run[7]);
#endif
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void units_pack_lines(
  __global ushort *restrict packed, const __global stored_t *restrict source, const int lines, const int k,
  const int depth, const ulong begin
) {
  const int chunks = depth / 8;
  const size_t i = get_global_id(0), batch = get_group_id(2);
  if (i >= (size_t)lines * chunks) return;
  const size_t line = i / chunks;
  const int place = i % chunks * 8;
  const bool aligned = runs_are_aligned(k, (ulong)lines * k, 8);
  store_8(
    packed + begin + (batch * lines + line) * depth + place,
    stored_run(source, (batch * lines + line) * k + place, k - place, aligned));
}

// ---------------------------------------------------------------------------------------------------------------------

#define TURNED_LINES 64
#define TURNED_DEPTHS 32

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void units_pack_columns(
  __global ushort *restrict packed, const __global stored_t *restrict source, const int lines, const int k,
  const int depth, const ulong begin
) {
  __local float tile[TURNED_DEPTHS][TURNED_LINES + 1];  // one more, for the banks
  const int first = get_group_id(0) * TURNED_LINES, first_k = get_group_id(1) * TURNED_DEPTHS;
  const size_t batch = get_group_id(2);
  for (int i = get_local_id(0); i < TURNED_LINES * TURNED_DEPTHS; i += GROUP_SIZE) {
    const int line = i % TURNED_LINES, at = i / TURNED_LINES;
    const bool inside = first + line < lines && first_k + at < k;
    tile[at][line] = inside ? stored_at(source, (batch * k + first_k + at) * lines + first + line) : 0.0f;
  }
  barrier(CLK_LOCAL_MEM_FENCE);  // the tile is complete
  const int line = get_local_id(0) / 4, place = get_local_id(0) % 4 * 8;
  if (first + line >= lines) return;
  float run[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) run[i] = tile[place + i][line];
  store_8(
    packed + begin + (batch * lines + first + line) * depth + first_k + place,
    (float8)(run[0], run[1], run[2], run[3], run[4], run[5], run[6], run[7]));
}
