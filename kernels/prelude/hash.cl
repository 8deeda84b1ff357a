// Purpose: random bits of an element, the same on every device and in every order.
// Math: bits(element, key) = hash(hash(element) ^ key).
// Shapes: none.
// Gradient contract: none.
// Saved for backward: nothing: the bits are a function of element and key.
// Parallelism: none of its own.
// Numerics: integers alone; bits repeat after 2^32 elements.
// Source: Wellons's lowbias32 (public domain), taken twice with the key between.

static inline uintv scrambled(uintv x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

// Of a vector of neighbours, the first of them `first`.
static inline uintv element_bits(const size_t first, const uint key) {
  uint lanes[VECTOR_WIDTH];
  for (int lane = 0; lane < VECTOR_WIDTH; ++lane) lanes[lane] = (uint)first + lane;
  return scrambled(scrambled(VLOAD(lanes)) ^ key);
}
