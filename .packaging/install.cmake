# What `cmake --install` puts where (GNUInstallDirs says where), and how others find it: find_package(Carrynet) and
# `pkg-config carrynet`. Nothing names the prefix, so the installed folder may be moved. The kernels are in the library.
# Components, of which cpack.cmake makes packages: program, library, development.
include(CMakePackageConfigHelpers)
set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Carrynet)

# ---- what who links the static library must link too: Libs.private, and the config's finds ---------------------------

# The dependencies are read from the target, so that each is named once, in CMakeLists.txt. No Requires.private: pkg-config would then ask
# for the .pc files of what these libraries link themselves, whose packages nobody installs (libzip's name bz2, lzma and zstd).
set(pc_libs)
set(config_finds)
set(config_modules)
set(config_files)
# The same as Debian packages.
set(development_packages ocl-icd-opencl-dev libjansson-dev libmd-dev libzip-dev libxxhash-dev libprotobuf-c-dev)
get_target_property(dependencies carrynet_static LINK_LIBRARIES)
foreach(dependency IN LISTS dependencies)
  if(dependency MATCHES "^PkgConfig::(.*)$")
    set(module ${CMAKE_MATCH_1})
    list(APPEND config_modules ${module})
    list(APPEND pc_libs ${${module}_LDFLAGS})
  elseif(dependency STREQUAL "OpenCL::OpenCL")
    list(APPEND config_finds OpenCL)
    pkg_check_modules(loader QUIET OpenCL)
    if(loader_FOUND)
      list(APPEND pc_libs ${loader_LDFLAGS})
    else() # a loader without a .pc file
      list(APPEND pc_libs ${OpenCL_LIBRARIES})
    endif()
  elseif(dependency STREQUAL "Threads::Threads")
    list(APPEND config_finds Threads)
    list(APPEND pc_libs -pthread)
  elseif(IS_ABSOLUTE "${dependency}") # MPI's: which of several, and for every language, its path says best
    list(APPEND config_files ${dependency})
    list(APPEND pc_libs ${dependency})
    if(dependency MATCHES "mpich")
      list(APPEND development_packages libmpich-dev)
    else()
      list(APPEND development_packages libopenmpi-dev)
    endif()
  elseif(dependency MATCHES "^[a-z]+$")
    list(APPEND pc_libs -l${dependency})
  else()
    message(FATAL_ERROR "The library links ${dependency}: .packaging/install.cmake must say how who uses it finds that")
  endif()
endforeach()
list(REMOVE_DUPLICATES pc_libs)
list(JOIN pc_libs " " pc_libs)
list(JOIN config_finds " " config_finds)
list(JOIN config_modules " " config_modules)
list(JOIN config_files " " config_files)
list(JOIN development_packages " " config_packages)

# ---- libraries, headers, programs -----------------------------------------------------------------------------------

set_target_properties(carrynet_shared PROPERTIES EXPORT_NAME carrynet)
install(TARGETS carrynet carrynet-verify RUNTIME COMPONENT program)
install(TARGETS carrynet_shared EXPORT CarrynetShared LIBRARY COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS carrynet_static EXPORT CarrynetStatic ARCHIVE COMPONENT development)
install(DIRECTORY include/carrynet TYPE INCLUDE COMPONENT development FILES_MATCHING PATTERN "*.h")
if(carrynet_documents)
  install(DIRECTORY ${documents}/man1 TYPE MAN COMPONENT program)
  install(DIRECTORY ${documents}/bash/ DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
  install(DIRECTORY ${documents}/zsh/ DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT program)
endif()
install(FILES README.md CHANGELOG.md LICENSE CITATION.cff kernels/ARITHMETIC.md host/verify/CERTIFICATE.md TYPE DOC
        COMPONENT program)

# ---- find_package ---------------------------------------------------------------------------------------------------

install(EXPORT CarrynetShared NAMESPACE Carrynet:: DESTINATION ${cmake_dir} COMPONENT development)
install(EXPORT CarrynetStatic NAMESPACE Carrynet:: DESTINATION ${cmake_dir} COMPONENT development)
configure_package_config_file(.packaging/CarrynetConfig.cmake.in ${CMAKE_BINARY_DIR}/CarrynetConfig.cmake
                              INSTALL_DESTINATION ${cmake_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/CarrynetConfigVersion.cmake COMPATIBILITY ${carrynet_compatibility})
install(FILES ${CMAKE_BINARY_DIR}/CarrynetConfig.cmake ${CMAKE_BINARY_DIR}/CarrynetConfigVersion.cmake
        DESTINATION ${cmake_dir} COMPONENT development)

# ---- pkg-config -----------------------------------------------------------------------------------------------------

# The prefix as seen from the .pc file; where a folder was given as an absolute path, that path.
set(pc_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(pc_prefix ${CMAKE_INSTALL_PREFIX})
  set(pc_libdir ${CMAKE_INSTALL_FULL_LIBDIR})
  set(pc_includedir ${CMAKE_INSTALL_FULL_INCLUDEDIR})
else()
  file(RELATIVE_PATH pc_prefix ${pc_dir} ${CMAKE_INSTALL_PREFIX})
  string(REGEX REPLACE "/$" "" pc_prefix "\${pcfiledir}/${pc_prefix}")
  set(pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
  set(pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file(.packaging/carrynet.pc.in ${CMAKE_BINARY_DIR}/carrynet.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/carrynet.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
