/*
 * The built-in functions that the kernels use, declared by ourselves: for pocl, which has Clang read its header of all
 * 17,000 lines of them for every program, most of the time that a program takes which is in pocl's cache. The header's
 * own guard is set then, so that it stays out (host/backend/opencl/programs.c).
 */
#if CARRYNET_REAL_BITS == 64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define CARRYNET_REAL double
#define CARRYNET_CONVERT convert_double
#define CARRYNET_INTEGER long
#else
#define CARRYNET_REAL float
#define CARRYNET_CONVERT convert_float
#define CARRYNET_INTEGER int
#endif

#define CARRYNET_GLUE_(a, b) a##b
#define CARRYNET_GLUE(a, b) CARRYNET_GLUE_(a, b)
#define CARRYNET_WIDE(name) CARRYNET_GLUE(name, CARRYNET_LANES)

#define CARRYNET_FUNCTION __attribute__((overloadable, const))
#define CARRYNET_MOVES(type, space)                                                                                    \
    CARRYNET_WIDE(type) __attribute__((overloadable, pure)) CARRYNET_WIDE(vload)(size_t, const space type *);          \
    void __attribute__((overloadable)) CARRYNET_WIDE(vstore)(CARRYNET_WIDE(type), size_t, space type *);

size_t CARRYNET_FUNCTION get_global_id(uint);
size_t CARRYNET_FUNCTION get_global_size(uint);
size_t CARRYNET_FUNCTION get_group_id(uint);
size_t CARRYNET_FUNCTION get_num_groups(uint);
size_t CARRYNET_FUNCTION get_local_id(uint);
size_t CARRYNET_FUNCTION get_local_size(uint);
void __attribute__((overloadable, convergent)) barrier(cl_mem_fence_flags);

CARRYNET_REAL CARRYNET_FUNCTION fma(CARRYNET_REAL, CARRYNET_REAL, CARRYNET_REAL);
CARRYNET_REAL CARRYNET_FUNCTION sqrt(CARRYNET_REAL);
#if CARRYNET_REAL_BITS == 32
float CARRYNET_FUNCTION native_recip(float);
#endif
uint CARRYNET_FUNCTION mul_hi(uint, uint);
CARRYNET_REAL CARRYNET_FUNCTION CARRYNET_CONVERT(uint);
CARRYNET_REAL CARRYNET_FUNCTION CARRYNET_CONVERT(CARRYNET_INTEGER);

#if CARRYNET_LANES > 1
CARRYNET_WIDE(CARRYNET_REAL)
CARRYNET_FUNCTION fma(CARRYNET_WIDE(CARRYNET_REAL), CARRYNET_WIDE(CARRYNET_REAL), CARRYNET_WIDE(CARRYNET_REAL));
CARRYNET_WIDE(CARRYNET_REAL) CARRYNET_FUNCTION sqrt(CARRYNET_WIDE(CARRYNET_REAL));
CARRYNET_WIDE(uint) CARRYNET_FUNCTION mul_hi(CARRYNET_WIDE(uint), CARRYNET_WIDE(uint));
CARRYNET_WIDE(CARRYNET_REAL) CARRYNET_FUNCTION CARRYNET_WIDE(CARRYNET_CONVERT)(CARRYNET_WIDE(uint));
CARRYNET_WIDE(CARRYNET_REAL) CARRYNET_FUNCTION CARRYNET_WIDE(CARRYNET_CONVERT)(CARRYNET_WIDE(CARRYNET_INTEGER));
CARRYNET_WIDE(uint) CARRYNET_FUNCTION CARRYNET_WIDE(convert_uint)(CARRYNET_WIDE(CARRYNET_INTEGER));
CARRYNET_MOVES(uint, global)
CARRYNET_MOVES(uint, private)
CARRYNET_MOVES(CARRYNET_REAL, global)
CARRYNET_MOVES(CARRYNET_REAL, private)
#endif
