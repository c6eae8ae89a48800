# SPDX-License-Identifier: GPL-2.0-or-later
# Compiler and linker options that every target shares, as one interface library.
add_library(whyhung_options INTERFACE)
target_include_directories(whyhung_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(whyhung_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wundef)
if(WHYHUNG_WERROR)
  target_compile_options(whyhung_options INTERFACE -Werror)
endif()
if(WHYHUNG_SANITIZE)
  target_compile_options(whyhung_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(whyhung_options INTERFACE -fsanitize=address,undefined)
endif()
if(WHYHUNG_FUZZ)
  target_compile_options(whyhung_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(WHYHUNG_STATIC)
  target_link_options(whyhung_options INTERFACE -static -s)
endif()

# whyhung_goes_into_library(TARGET): its objects serve programs and the shared library alike, so that nothing is compiled
# twice. What is hidden costs nothing for being position independent: only what other libraries define goes through a
# table.
function(whyhung_goes_into_library target)
  if(NOT WHYHUNG_LIBRARY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES
    POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# whyhung_layer(NAME SOURCES … DEPENDS … LIBRARIES …): one static library per folder of src/. DEPENDS are the layers
# below; naming no others is what makes the linker refuse an arrow that points up.
function(whyhung_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(whyhung_${name} STATIC ${LAYER_SOURCES})
  list(TRANSFORM LAYER_DEPENDS PREPEND whyhung_)
  target_link_libraries(whyhung_${name} PUBLIC whyhung_options ${LAYER_DEPENDS} PRIVATE ${LAYER_LIBRARIES})
  whyhung_goes_into_library(whyhung_${name})
  whyhung_use_precompiled(whyhung_${name} whyhung_headers)
endfunction()
