/*
 * The built-in functions of OpenCL C that the kernels use, as definitions for clang's targets nvptx64 and amdgcn, so that
 * a kernel compiles there without a GPU's driver. A driver has its own; each function here is the instruction that it has,
 * or the few that the standard leaves no choice about. check_gpu_code.py puts this file before a program's text, after
 * clang's opencl-c-base.h.
 *
 * A built-in that is missing here is an error: "Unresolved extern function '_Z5rsqrtf'", "_Z5rsqrtf not defined".
 */
#define BUILTIN static inline __attribute__((overloadable, always_inline))

/* ---- work-items: one dimension, no offset ---------------------------------------------------------------------- */

#if defined(__NVPTX__)
#define LOCAL_ID (uint) __nvvm_read_ptx_sreg_tid_x()
#define LOCAL_SIZE (uint) __nvvm_read_ptx_sreg_ntid_x()
#define GROUP_ID (uint) __nvvm_read_ptx_sreg_ctaid_x()
#define NUM_GROUPS (uint) __nvvm_read_ptx_sreg_nctaid_x()
#elif defined(__AMDGCN__)
#define LOCAL_ID __builtin_amdgcn_workitem_id_x()
#define LOCAL_SIZE __builtin_amdgcn_workgroup_size_x()
#define GROUP_ID __builtin_amdgcn_workgroup_id_x()
#define NUM_GROUPS (__builtin_amdgcn_grid_size_x() / __builtin_amdgcn_workgroup_size_x())
#else
#error "no built-in functions for this target"
#endif

BUILTIN size_t get_local_id(uint dimension)
{
    return dimension == 0 ? LOCAL_ID : 0;
}

BUILTIN size_t get_local_size(uint dimension)
{
    return dimension == 0 ? LOCAL_SIZE : 1;
}

BUILTIN size_t get_group_id(uint dimension)
{
    return dimension == 0 ? GROUP_ID : 0;
}

BUILTIN size_t get_num_groups(uint dimension)
{
    return dimension == 0 ? NUM_GROUPS : 1;
}

BUILTIN size_t get_global_id(uint dimension)
{
    return dimension == 0 ? (size_t)GROUP_ID * LOCAL_SIZE + LOCAL_ID : 0;
}

BUILTIN size_t get_global_size(uint dimension)
{
    return dimension == 0 ? (size_t)NUM_GROUPS * LOCAL_SIZE : 1;
}

BUILTIN __attribute__((convergent)) void barrier(cl_mem_fence_flags flags)
{
#if defined(__NVPTX__)
    __nvvm_bar_sync(0);
#else
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
#endif
}

/* ---- arithmetic ------------------------------------------------------------------------------------------------ */

#define DEFINE_FMA(type)                                                                                               \
    BUILTIN type fma(type a, type b, type c)                                                                           \
    {                                                                                                                  \
        return __builtin_elementwise_fma(a, b, c);                                                                     \
    }
DEFINE_FMA(float)
DEFINE_FMA(float2)
DEFINE_FMA(float4)
DEFINE_FMA(double)
DEFINE_FMA(double2)
DEFINE_FMA(double4)

#define DEFINE_LEAST(type)                                                                                             \
    BUILTIN type min(type a, type b)                                                                                   \
    {                                                                                                                  \
        return b < a ? b : a;                                                                                          \
    }                                                                                                                  \
    BUILTIN type max(type a, type b)                                                                                   \
    {                                                                                                                  \
        return a < b ? b : a;                                                                                          \
    }
DEFINE_LEAST(int)
DEFINE_LEAST(uint)
DEFINE_LEAST(long)
DEFINE_LEAST(ulong)

#define DEFINE_CONVERSION(to, from)                                                                                    \
    BUILTIN to convert_##to(from x)                                                                                    \
    {                                                                                                                  \
        return (to)x;                                                                                                  \
    }
DEFINE_CONVERSION(float, int)
DEFINE_CONVERSION(float, uint)
DEFINE_CONVERSION(double, int)
DEFINE_CONVERSION(double, uint)
DEFINE_CONVERSION(double, long)
DEFINE_CONVERSION(double, ulong)

/* Correctly rounded where the options ask for it. */
BUILTIN float sqrt(float x)
{
#if defined(__NVPTX__)
    return __nvvm_sqrt_rn_f(x);
#else
    return __builtin_sqrtf(x);
#endif
}

BUILTIN double sqrt(double x)
{
#if defined(__NVPTX__)
    return __nvvm_sqrt_rn_d(x);
#else
    return __builtin_sqrt(x);
#endif
}

/* The device's own approximation. */
BUILTIN float native_recip(float x)
{
#if defined(__NVPTX__)
    return __nvvm_rcp_approx_ftz_f(x);
#else
    return __builtin_amdgcn_rcpf(x);
#endif
}

BUILTIN uint mul_hi(uint a, uint b)
{
    return (uint)((ulong)a * b >> 32);
}

/* ---- vectors in memory: aligned as their elements --------------------------------------------------------------- */

#define DEFINE_MOVES(type, width, space)                                                                               \
    BUILTIN type##width vload##width(size_t i, const space type *p)                                                    \
    {                                                                                                                  \
        typedef type##width unaligned __attribute__((aligned(sizeof(type))));                                          \
        return *(const space unaligned *)(p + width * i);                                                              \
    }                                                                                                                  \
    BUILTIN void vstore##width(type##width x, size_t i, space type *p)                                                 \
    {                                                                                                                  \
        typedef type##width unaligned __attribute__((aligned(sizeof(type))));                                          \
        *(space unaligned *)(p + width * i) = x;                                                                       \
    }
#define DEFINE_WIDTHS(type, space)                                                                                     \
    DEFINE_MOVES(type, 2, space)                                                                                       \
    DEFINE_MOVES(type, 4, space)
#define DEFINE_SPACES(type)                                                                                            \
    DEFINE_WIDTHS(type, global)                                                                                        \
    DEFINE_WIDTHS(type, local)                                                                                         \
    DEFINE_WIDTHS(type, private)
DEFINE_SPACES(uint)
DEFINE_SPACES(float)
DEFINE_SPACES(double)

#undef BUILTIN
#undef LOCAL_ID
#undef LOCAL_SIZE
#undef GROUP_ID
#undef NUM_GROUPS
