// Purpose: how a function is declared that takes local memory.
// Math: none.
// Shapes: none.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: none of its own.
// Numerics: none.
// Source: none.

// Such a function is always inlined. PoCL 3.1 gives a group local memory of its own only where the kernel itself names it.
// Of a function that every call gives the same memory, LLVM moves the name into the function, unless it is inlined; groups
// that run at the same time then share one memory.
#define LOCAL_FUNCTION static inline __attribute__((always_inline))
