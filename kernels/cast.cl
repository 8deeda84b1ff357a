// Purpose: converts between float and bf16 storage.
// Math: out = x rounded to 8 significant bits, to nearest, ties to even; the way back is exact.
// Shapes (row-major): all [n]; bf16 as ushort.
// Gradient contract: none; a cast's gradient is the opposite cast.
// Saved for backward: nothing.
// Parallelism: GROUP_ELEMENTS consecutive elements a work-group.
// Numerics: a NaN stays a NaN, an infinity an infinity; a float above the largest bf16 rounds to infinity.
// Source: none.

#include "prelude/bf16.cl"
#include "prelude/common.cl"

DEFINE_BF16(floatv, uintv, intv, AS_UINTV)

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void cast_f32_to_bf16(__global ushort *restrict out, const __global float *restrict x, const ulong n) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    const uintv rounded = bf16_rounded_uintv(load_lanes(x + i, end - i));
    store_bf16_lanes(out + i, CONVERT_USHORTV(rounded >> 16), end - i);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void cast_bf16_to_f32(__global float *restrict out, const __global ushort *restrict x, const ulong n) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    store_lanes(out + i, float_from_bf16(load_bf16_lanes(x + i, end - i)), end - i);
  }
}
