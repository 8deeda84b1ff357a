// Purpose: the declaration of functions that take local memory.
// Math: none.
// Shapes: none.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: none of its own.
// Numerics: none.
// Source: none.

// Such functions are always inlined. PoCL 3.1 gives each group its own local memory only where the kernel itself names
// the memory. Where all calls of a function pass the same memory, LLVM moves the name into the function unless it is
// inlined; concurrent groups then share one memory.
#define LOCAL_FUNCTION static inline __attribute__((always_inline))
