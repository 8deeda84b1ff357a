// Purpose: the factor by which optimisers scale down gradients with a large global norm.
// Math: min(1, max_norm / (norm + 1e-6)) where max_norm > 0, else 1.
// Shapes: none.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: none.
// Numerics: float, as in PyTorch's clip_grad_norm_.
// Source: arXiv:1211.5063, section 3.2.

static inline float clip_factor(const float norm, const float max_norm) {
  return max_norm > 0.0f ? fmin(1.0f, max_norm / (norm + 1e-6f)) : 1.0f;
}
