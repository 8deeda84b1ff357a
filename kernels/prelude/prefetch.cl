// Purpose: requests cache lines before they are used, on processors that a driver compiles for directly (PoCL) and not
//   through an intermediate language.
// Math: none.
// Shapes: none.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: none of its own.
// Numerics: none: a request changes no value, and may name an invalid address.
// Source: none.

#include "prelude/storage.cl"

#if defined(__x86_64__) || defined(__aarch64__)
#define PREFETCH_SOON(address) __builtin_prefetch((const __global void *)(address), 0, 3)
#define PREFETCH_LATER(address) __builtin_prefetch((const __global void *)(address), 0, 2)
#define PREFETCH_TO_WRITE(address) __builtin_prefetch((const __global void *)(address), 1, 3)
#else
#define PREFETCH_SOON(address)
#define PREFETCH_LATER(address)
#define PREFETCH_TO_WRITE(address)
#endif
#if STORAGE < 2
#define PREFETCH_STORED(stored, index) PREFETCH_SOON((stored) + (index))
#else
#define PREFETCH_STORED(stored, index)  // one cache line of blocks holds many vectors
#endif
