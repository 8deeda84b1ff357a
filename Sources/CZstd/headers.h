// The Zstandard header, as a Swift module.
#include <zstd.h>
#include <zstd_errors.h>
