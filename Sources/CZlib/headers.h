// The zlib header, as a Swift module.
#include <zlib.h>
