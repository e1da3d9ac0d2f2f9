# How everything is compiled that computes (kernels/ARITHMETIC.md 1): the options that undo, behind the user's own, those which would
# change a result, and the C code of networks. Included from CMakeLists.txt before any target, and from tests/flags.
# What no option undoes, the reference finds when it starts (host/reference/known_answers.c).
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)

# ---- options behind the user's --------------------------------------------------------------------------------------

string(TOUPPER "CMAKE_C_FLAGS_${CMAKE_BUILD_TYPE}" flags)
set(given "${CMAKE_C_FLAGS} ${${flags}}")

# -ffast-math and -Ofast, and each part of them that can be given alone; contraction last, as -fno-fast-math of clang sets it.
set(undoing -fno-fast-math -fno-associative-math -fno-reciprocal-math -fno-finite-math-only -fsigned-zeros -fno-rounding-math)
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
  # First both names of the warning that an option takes back another. -fno-unsafe-math-optimizations would have exceptions kept, slowly.
  set(undoing -Wno-overriding-t-option -Wno-overriding-option ${undoing} -fno-approx-func -fdenormal-fp-math=ieee -fno-trapping-math)
else()
  list(APPEND undoing -fno-unsafe-math-optimizations -ftrapping-math)
  # Of gcc's own only what is called for: clang's tools read these commands too.
  if(given MATCHES "-fsingle-precision-constant")
    list(APPEND undoing -fno-single-precision-constant)
  endif()
  if(given MATCHES "-Ofast|-fallow-store-data-races")
    list(APPEND undoing -fno-allow-store-data-races)
  endif()
endif()

set(carrynet_undoing)
foreach(option IN LISTS undoing)
  string(MAKE_C_IDENTIFIER "CARRYNET_TAKES${option}" taken)
  string(JOIN " " CMAKE_REQUIRED_FLAGS ${carrynet_undoing})
  check_c_compiler_flag(${option} ${taken})
  if(${taken})
    list(APPEND carrynet_undoing ${option})
  endif()
endforeach()

# Every operation rounded to its own type: gcc's -std=c11 evaluates float as double on s390x, and on 32-bit x86 all as long double;
# so it does on x86-64 with -mfpmath=387. 16 says that of _Float16 alone.
set(rounds "#include <float.h>
            int rounds[FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16 ? 1 : -1];
            int main(void) { return 0; }")
set(carrynet_rounding)
foreach(option "" "-mfpmath=sse" "-msse2 -mfpmath=sse" "-fexcess-precision=fast")
  string(MAKE_C_IDENTIFIER "CARRYNET_ROUNDS${option}" found)
  string(JOIN " " CMAKE_REQUIRED_FLAGS ${carrynet_undoing} ${option})
  check_c_source_compiles("${rounds}" ${found})
  if(${found})
    separate_arguments(carrynet_rounding UNIX_COMMAND "${option}")
    break()
  endif()
endforeach()
unset(CMAKE_REQUIRED_FLAGS)
if(NOT ${found})
  message(FATAL_ERROR "This compiler rounds operations to more than their type (FLT_EVAL_METHOD is neither 0 nor 16), and no option that is known "
                      "here changes that: results would differ from those of other machines. Use another compiler, or a processor with "
                      "arithmetic of float and double (on 32-bit x86 SSE2).")
endif()
add_compile_options(${carrynet_undoing} -ffp-contract=off ${carrynet_rounding})

# With -ffast-math, -funsafe-math-optimizations or -Ofast the linker's driver adds code that has subnormal numbers flushed in the whole
# process. -Ofast there gives way to another -O alone.
check_c_compiler_flag(-mno-daz-ftz CARRYNET_TAKES_mno_daz_ftz)
add_link_options(-fno-fast-math -fno-unsafe-math-optimizations $<$<BOOL:${CARRYNET_TAKES_mno_daz_ftz}>:-mno-daz-ftz>)
if("${given} ${CMAKE_EXE_LINKER_FLAGS} ${CMAKE_SHARED_LINKER_FLAGS}" MATCHES "-Ofast")
  add_link_options(-O3)
endif()

# ---- the C code of networks -----------------------------------------------------------------------------------------

# Compiled for both precisions, and again with FMA instructions where the processor family has them as an option;
# reference.c and host.c choose at run time. clang takes these options for every processor, so the test asks what they say.
set(CMAKE_REQUIRED_FLAGS "-mfma -mavx2")
check_c_source_compiles("int main(void) { return __builtin_cpu_supports(\"fma\") && __builtin_cpu_supports(\"avx2\"); }" CARRYNET_X86_FMA)
unset(CMAKE_REQUIRED_FLAGS)

# carrynet_both_precisions(OBJECTS): the objects of all variants in the variable OBJECTS; ARGN are the sources.
function(carrynet_both_precisions objects)
  set(all)
  foreach(bits 32 64)
    foreach(variant portable fma)
      if(variant STREQUAL fma AND NOT CARRYNET_X86_FMA)
        continue()
      endif()
      set(target host_${bits}_${variant})
      add_library(${target} OBJECT ${ARGN})
      target_link_libraries(${target} PRIVATE carrynet_flags)
      target_compile_definitions(${target} PRIVATE CARRYNET_REAL_BITS=${bits} C_VARIANT=${variant})
      # Nobody reads errno after a square root, and a loop that may set it is not vectorized.
      target_compile_options(${target} PRIVATE -fno-math-errno)
      if(variant STREQUAL fma)
        target_compile_options(${target} PRIVATE -mfma -mavx2)
      endif()
      set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
      list(APPEND all $<TARGET_OBJECTS:${target}>)
    endforeach()
  endforeach()
  set(${objects} ${all} PARENT_SCOPE)
endfunction()
