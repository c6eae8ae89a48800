# SPDX-License-Identifier: GPL-2.0-or-later
# With WHYHUNG_PRECOMPILE, what most files include is compiled once and shared by all targets of a kind.
set(precompiled_headers
  <algorithm> <array> <cstdint> <functional> <map> <memory> <optional> <set> <span> <string> <string_view> <unordered_map>
  <utility> <vector> <fmt/format.h> <tl/expected.hpp>)

# whyhung_precompiled(NAME LIBRARIES … HEADERS …): what a kind of targets shares; its options must be theirs.
function(whyhung_precompiled name)
  if(NOT WHYHUNG_PRECOMPILE)
    return()
  endif()
  cmake_parse_arguments(P "" "" "LIBRARIES;HEADERS" ${ARGN})
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc CONTENT "// Holds nothing: the headers are what counts.\n")
  add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE whyhung_options ${P_LIBRARIES})
  target_precompile_headers(${name} PRIVATE ${precompiled_headers} ${P_HEADERS})
endfunction()

# whyhung_use_precompiled(TARGET NAME)
function(whyhung_use_precompiled target name)
  if(WHYHUNG_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()

whyhung_precompiled(whyhung_headers)
if(TARGET whyhung_headers)
  whyhung_goes_into_library(whyhung_headers)
endif()
