// Purpose: random bits of an element's index, the same on every device and in every order.
// Math: bits(element, key) = hash(hash(element) ^ key).
// Shapes: none.
// Gradient contract: none.
// Saved for backward: nothing; the bits are a function of element and key.
// Parallelism: none of its own.
// Numerics: integers only; the bits repeat after 2³² elements.
// Source: Wellons's lowbias32 (public domain), applied twice with the key in between.

static inline uintv scrambled(uintv x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

// The bits of a vector of adjacent elements from `first` on.
static inline uintv element_bits(const size_t first, const uint key) {
  uint lanes[VECTOR_WIDTH];
  for (int lane = 0; lane < VECTOR_WIDTH; ++lane) lanes[lane] = (uint)first + lane;
  return scrambled(scrambled(VLOAD(lanes)) ^ key);
}
