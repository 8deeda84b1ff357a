// The Zstandard header, as a Swift module.
#include <zstd.h>
