// The OpenCL and CLBlast headers, as one Swift module. OpenCL 1.2 is the base that every device offers.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <clblast_c.h>
