# `cpack` in the build folder: Debian packages carrynet (programs), libcarrynetX.Y and libcarrynet-dev; without dpkg an
# archive. Configure with -DCMAKE_INSTALL_PREFIX=/usr, as `cmake --workflow --preset deb` does.
set(library_package libcarrynet${carrynet_soversion})

set(CPACK_PACKAGE_NAME carrynet)
set(CPACK_PACKAGE_VENDOR "The Carrynet authors")
set(CPACK_PACKAGE_CONTACT "The Carrynet authors" CACHE STRING "Maintainer of the packages: Name <address>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program library development)
set(CPACK_GENERATOR TGZ)
find_program(DPKG dpkg DOC "dpkg, where cpack makes Debian packages")
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps DOC "dpkg-shlibdeps, which finds what a Debian package depends on")
find_program(FILE_UTILITY file DOC "file, with which cpack finds what dpkg-shlibdeps is to look at")
mark_as_advanced(DPKG DPKG_SHLIBDEPS FILE_UTILITY)
if(DPKG)
  set(CPACK_GENERATOR DEB)
endif()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
# Licence, Debian's way, in each package.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/.packaging/copyright.cmake)
set(CPACK_CARRYNET_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)

# A device is found at run time, by the ICD loader; any implementation will do, and without one the reference trains.
set(icd "pocl-opencl-icd | opencl-icd")
if(DPKG_SHLIBDEPS AND FILE_UTILITY)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
elseif(DPKG)
  # What dpkg-shlibdeps would find, without versions: the packages of the libraries that are linked, whose names differ from release to
  # release. A library that is of no package, as one from /usr/local, is no dependency.
  set(linked libc6)
  set(patterns)
  foreach(path IN LISTS OpenCL_LIBRARIES jansson_LINK_LIBRARIES libmd_LINK_LIBRARIES libzip_LINK_LIBRARIES libxxhash_LINK_LIBRARIES
                        libprotobuf-c_LINK_LIBRARIES carrynet_mpi_libraries)
    file(REAL_PATH ${path} path)
    cmake_path(GET path FILENAME name)
    list(APPEND patterns "*/${name}") # dpkg may know the folder by another name, such as /lib for /usr/lib
  endforeach()
  execute_process(COMMAND ${DPKG} --search ${patterns} OUTPUT_VARIABLE owners ERROR_QUIET)
  string(REGEX MATCHALL "(^|\n)[a-z0-9.+-]+(:[a-z0-9]+)?: " owners "${owners}") # PACKAGE:ARCHITECTURE: PATH
  foreach(owner IN LISTS owners)
    string(REGEX REPLACE "^\n?([^:]+):.*" "\\1" owner "${owner}")
    string(REGEX REPLACE "^ocl-icd-libopencl1$" "ocl-icd-libopencl1 | libopencl1" owner "${owner}")
    list(APPEND linked "${owner}")
  endforeach()
  list(REMOVE_DUPLICATES linked)
  list(JOIN linked ", " linked)
  set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "${linked}")
  set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS "${linked}")
  # As dpkg's tools would have it, to call ldconfig.
  set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/.packaging/triggers)
endif()

set(about "Carrynet trains small recurrent networks, in batches and with OpenCL, until
they add binary numbers without a mistake, and proves that they do, for numbers
of every length. A run gives the same bits on every device.")

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME carrynet)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "${icd}")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS gnuplot-nox)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "${about}\n\nThis package has the program and its documents.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_RECOMMENDS "${icd}")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "${about}\n\nThis package has the shared library.")

list(JOIN development_packages ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libcarrynet-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
string(PREPEND CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${library_package} (= ${PROJECT_VERSION}), ")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
    "${about}\n\nThis package has the headers, the static library, and what CMake and
pkg-config read.")

include(CPack)
