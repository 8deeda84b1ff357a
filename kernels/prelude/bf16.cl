// Purpose: rounds floats to bf16, and the operands of products where `precision: bf16` asks for it.
// Math: the nearest bf16, ties to even.
// Shapes: none.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: none of its own.
// Numerics: a NaN stays a NaN with its sign, an infinity an infinity.
// Source: none.

#ifndef BF16
#define BF16 0  // 1: operands are rounded; 2: and multiplied by the processor's instruction for pairs; 3: by its tiles
#endif

// For a type, a scalar or a vector: bf16_rounded_…(value), each bf16 in the upper half of a uint; and
// bf16_pair_…(low, high), two bf16 in a uint. A NaN gets a mantissa bit that rounding cannot clear.
#define DEFINE_BF16(FLOAT, UINT, INT, AS_UINT) \
  static inline __attribute__((always_inline)) UINT bf16_rounded_##UINT(const FLOAT value) { \
    const UINT bits = AS_UINT(value); \
    const UINT rounded = bits + 0x7FFFu + ((bits >> 16) & 1u); \
    const INT is_number = value == value; \
    return (is_number ? rounded : bits | 0x400000u) & 0xFFFF0000u; \
  } \
  static inline __attribute__((always_inline)) UINT bf16_pair_##UINT(const FLOAT low, const FLOAT high) { \
    return bf16_rounded_##UINT(low) >> 16 | bf16_rounded_##UINT(high); \
  }
DEFINE_BF16(float, uint, int, as_uint)
DEFINE_BF16(float8, uint8, int8, as_uint8)
DEFINE_BF16(float16, uint16, int16, as_uint16)

// An operand of a product, and sixteen.
#if BF16
#define OPERAND(value) as_float(bf16_rounded_uint(value))
#define OPERANDS(value) as_float16(bf16_rounded_uint16(value))
#else
#define OPERAND(value) (value)
#define OPERANDS(value) (value)
#endif
