# SPDX-License-Identifier: GPL-2.0-or-later
# The libraries that whyhung stands on, all from the distribution.
if(WHYHUNG_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()

find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)

# whyhung_find(NAME HEADER LIBRARY PACKAGE): an imported target for a library without a CMake file of its own.
function(whyhung_find name header library package)
  find_path(${name}_INCLUDE ${header})
  find_library(${name}_LIBRARY ${library})
  if(NOT ${name}_INCLUDE OR NOT ${name}_LIBRARY)
    message(FATAL_ERROR "${library} was not found: install ${package}")
  endif()
  add_library(whyhung::${name} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(whyhung::${name} PROPERTIES
    IMPORTED_LOCATION ${${name}_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${${name}_INCLUDE})
endfunction()

whyhung_find(zlib zlib.h z zlib1g-dev)
whyhung_find(deflate libdeflate.h deflate libdeflate-dev)
whyhung_find(lzo lzo/lzo1x.h lzo2 liblzo2-dev)
whyhung_find(snappy snappy-c.h snappy libsnappy-dev)
whyhung_find(zstd zstd.h zstd libzstd-dev)
whyhung_find(bz2 bzlib.h bz2 libbz2-dev)
whyhung_find(lzma lzma.h lzma liblzma-dev)
whyhung_find(capstone capstone/capstone.h capstone libcapstone-dev)
whyhung_find(readline readline/readline.h readline libreadline-dev)
whyhung_find(elf libelf.h elf libelf-dev)
whyhung_find(dw elfutils/libdw.h dw libdw-dev)

# Everything that speaks to fmt and expected gets them through the shared options.
if(WHYHUNG_STATIC)
  # fmt's functions are in static_parts.cc. Archives do not say what they need besides.
  target_compile_definitions(whyhung_options INTERFACE $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)
  target_link_libraries(whyhung_options INTERFACE tl::expected)
  set_target_properties(whyhung::elf PROPERTIES INTERFACE_LINK_LIBRARIES whyhung::zlib)
  set_target_properties(whyhung::dw PROPERTIES INTERFACE_LINK_LIBRARIES
    "whyhung::elf;whyhung::lzma;whyhung::bz2;whyhung::zlib")
else()
  target_link_libraries(whyhung_options INTERFACE fmt::fmt tl::expected)
endif()
