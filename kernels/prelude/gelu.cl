// Purpose: GELU by tanh, and the logistic function, of a vector: the activations of gates. Include prelude/common.cl
//   before.
// Math: GELU(z) = z/2 · (1 + tanh u) = z · σ(2u), u = √(2/π) · (z + 0.044715 z³), σ(z) = 1 / (1 + exp(−z));
//   GELU'(z) = f · (1 + z · 2u' · (1 − f)), f = σ(2u), 2u' = 2√(2/π) · (1 + 3 · 0.044715 z²).
// Shapes: none.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: none of its own.
// Numerics: float, exp to about 1 ulp; far from 0 the factor is 0 or 1. Finite for |z| up to 1e12.
// Source: arXiv:1606.08415, section 2; gelu_pytorch_tanh of Hugging Face.

#define GELU_LINE 1.59576912160573071f  // 2 √(2/π)
#define GELU_CUBIC 0.0713548162726009f  // 2 √(2/π) · 0.044715

static inline floatv sigmoid(const floatv z) { return 1.0f / (1.0f + exp_lanes(-z)); }

// GELU(z) / z.
static inline floatv gelu_factor(const floatv z) { return sigmoid(z * (GELU_LINE + GELU_CUBIC * (z * z))); }

// GELU'(z), from its factor.
static inline floatv gelu_slope(const floatv z, const floatv factor) {
  return factor * (1.0f + z * (GELU_LINE + 3.0f * GELU_CUBIC * (z * z)) * (1.0f - factor));
}
