# SPDX-License-Identifier: GPL-2.0-or-later
# What makes builds quicker and changes nothing of what they make: ccache, where it is installed, and a linker that is
# faster than the compiler's own. Who set a launcher or a linker himself keeps it.
include(CheckLinkerFlag)

find_program(WHYHUNG_CCACHE ccache)
if(WHYHUNG_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # A precompiled header is not text that ccache could look into, so it is told what may be taken as equal.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    ${WHYHUNG_CCACHE})
endif()
if(CMAKE_CXX_COMPILER_LAUNCHER MATCHES ccache AND WHYHUNG_PRECOMPILE AND NOT CMAKE_CXX_FLAGS MATCHES -fpch-preprocess)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(whyhung_options INTERFACE -fpch-preprocess)
  elseif(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_compile_options(whyhung_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()

if(WHYHUNG_FAST_LINKER AND NOT WHYHUNG_STATIC AND NOT CMAKE_EXE_LINKER_FLAGS MATCHES -fuse-ld=)
  foreach(linker mold lld)
    check_linker_flag(CXX -fuse-ld=${linker} WHYHUNG_LINKS_WITH_${linker})
    if(WHYHUNG_LINKS_WITH_${linker})
      target_link_options(whyhung_options INTERFACE -fuse-ld=${linker})
      break()
    endif()
  endforeach()
endif()
