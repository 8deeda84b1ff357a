// Purpose: rounds the operands of products: floats stay, or become bf16 (`precision: bf16`).
// Math: the nearest bf16, ties to even.
// Shapes: none.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: none of its own.
// Numerics: a NaN stays a NaN, an infinity an infinity.
// Source: none.

#ifndef BF16
#define BF16 0  // 1: operands are rounded to bf16; 2: then multiplied by the processor's pair instruction; 3: by its tiles
#endif

// The bf16 nearest to a float, in the upper half of the result.
static inline uint rounded_uint(const float value) {
  const uint bits = as_uint(value);
  return (value == value ? bits + 0x7FFFu + ((bits >> 16) & 1u) : bits | 0x400000u) & 0xFFFF0000u;
}

#define DEFINE_ROUNDED(FLOAT, UINT, INT) \
  static inline __attribute__((always_inline)) UINT rounded_##UINT(const FLOAT value) { \
    const UINT bits = as_##UINT(value); \
    const UINT rounded = bits + 0x7FFFu + ((bits >> 16) & 1u); \
    const INT is_number = value == value; \
    return (is_number ? rounded : bits | 0x400000u) & 0xFFFF0000u; \
  }
DEFINE_ROUNDED(float8, uint8, int8)
DEFINE_ROUNDED(float16, uint16, int16)

#if BF16
#define FACTOR(value) as_float(rounded_uint(value))
#define FACTORS(value) as_float16(rounded_uint16(value))
#else
#define FACTOR(value) (value)
#define FACTORS(value) (value)
#endif
