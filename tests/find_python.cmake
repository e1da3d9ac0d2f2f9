# Sets Python3_EXECUTABLE, before find_package(Python3), to a Python that has NumPy, for the tests: CARRYNET_PYTHON (a cache entry, else a
# variable of the environment), then every python3 on PATH, then /usr/bin/python3, for which Debian's python3-numpy installs. Where none has
# NumPy it sets nothing: the tests that need it are skipped. `cmake -P find_python.cmake` prints what is found.
set(CARRYNET_PYTHON "" CACHE FILEPATH "Python for the tests; empty: the first one that has NumPy")

set(candidates ${CARRYNET_PYTHON} $ENV{CARRYNET_PYTHON})
string(REPLACE ":" ";" folders "$ENV{PATH}")
foreach(folder IN LISTS folders)
  list(APPEND candidates ${folder}/python3)
endforeach()
list(APPEND candidates /usr/bin/python3)
list(REMOVE_DUPLICATES candidates)
foreach(candidate IN LISTS candidates)
  if(EXISTS ${candidate} AND NOT Python3_EXECUTABLE)
    # A shim of a version manager may choose another Python in another folder: the program itself is kept.
    execute_process(COMMAND ${candidate} -c "import sys, numpy; print(sys.executable)" OUTPUT_VARIABLE found RESULT_VARIABLE result
                    ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(result EQUAL 0 AND EXISTS "${found}")
      set(Python3_EXECUTABLE ${found})
    endif()
  endif()
endforeach()
if(Python3_EXECUTABLE)
  message(STATUS "Python for the tests: ${Python3_EXECUTABLE}, which has NumPy")
else()
  message(STATUS "Python for the tests: none has NumPy, so some are skipped. Debian, Ubuntu: apt-get install python3-numpy")
endif()
