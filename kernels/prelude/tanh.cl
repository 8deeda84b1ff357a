// Purpose: tanh of vectors, for soft caps: cap · tanh(x / cap). Written out because some drivers compute the built-in lane
//   by lane.
// Math: tanh(x) = ± (1 − t) / (1 + t), t = exp(−2 |x|); where |x| < 1/4, by its Taylor series to x⁹.
// Shapes: none.
// Gradient contract: none; tanh' = 1 − tanh².
// Saved for backward: nothing.
// Parallelism: none of its own.
// Numerics: float, relative error about 2e-7: near 0, where 1 − t loses digits, the series has all of them. NaN stays NaN.
// Source: none.

// Defines tanh for a vector type from exponential(x) = exp(scale · x) for x ≤ 0.
#define DEFINE_TANH(name, type, exponential, scale) \
  static inline type name(const type x) { \
    const type size = fabs(x); \
    const type square = x * x; \
    type series = square * 2.18694885e-2f - 5.39682540e-2f; \
    series = series * square + 1.33333333e-1f; \
    series = series * square - 3.33333333e-1f; \
    const type small = series * square * x + x; \
    const type t = exponential(size * (-2.0f * (scale))); \
    const type large = copysign((1.0f - t) / (1.0f + t), x); \
    return size < 0.25f ? small : large; \
  }
