// Purpose: fills device memory with a 32-bit word.
// Math: x[begin + i] = pattern, i < n.
// Shapes: x [any], in 32-bit words.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: GROUP_ELEMENTS consecutive words a work-group.
// Numerics: none.
// Source: none.

#include "prelude/common.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void fill_words(__global uint *restrict x, const uint pattern, const ulong begin, const ulong n) {
  const size_t end = group_end(n);
  x += begin;
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    if (end - i >= VECTOR_WIDTH) {
      VSTORE((uintv)(pattern), x + i);
    } else {
      for (size_t word = i; word < end; ++word) x[word] = pattern;
    }
  }
}
