# SPDX-License-Identifier: GPL-2.0-or-later
# What is installed, and the packages of it: `cmake --install build/release`, `cpack --config build/release/CPackConfig.cmake`
# (a .deb, and an .rpm where rpmbuild is), and of the preset static a tarball with the one binary.
include(GNUInstallDirs)

# Debug information is for who builds it himself. DESTDIR is set while packages are made.
install(TARGETS whyhung RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
find_program(WHYHUNG_STRIP NAMES ${CMAKE_STRIP} strip)
if(WHYHUNG_STRIP)
  install(CODE "execute_process(COMMAND ${WHYHUNG_STRIP} \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/whyhung\" COMMAND_ERROR_IS_FATAL ANY)")
endif()

# By this name it takes the arguments that crash takes.
install(CODE "execute_process(COMMAND ${CMAKE_COMMAND} -E create_symlink whyhung \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/whyhung-crash\" COMMAND_ERROR_IS_FATAL ANY)")

# The library for programs in C, and the Python module on top of it. The one static binary goes without.
if(TARGET libwhyhung)
  install(TARGETS libwhyhung LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  if(WHYHUNG_STRIP)
    install(CODE "execute_process(COMMAND ${WHYHUNG_STRIP} --strip-unneeded \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/$<TARGET_FILE_NAME:libwhyhung>\" COMMAND_ERROR_IS_FATAL ANY)")
  endif()
  install(FILES ${PROJECT_SOURCE_DIR}/include/whyhung.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  # Its prefix is where it lies, so that a tree can be installed anywhere.
  string(REGEX REPLACE "[^/]+" ".." whyhung_up ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  configure_file(${PROJECT_SOURCE_DIR}/src/embed/whyhung.pc.in ${PROJECT_BINARY_DIR}/whyhung.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/whyhung.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  # Where Python looks: a package's modules lie in a place of their own. The prefix is known when it is installed.
  set(WHYHUNG_PYTHON_FOLDER "" CACHE STRING "Where the Python module goes, below the prefix; empty: as Debian has it")
  install(CODE "
    set(whyhung_python \"${WHYHUNG_PYTHON_FOLDER}\")
    if(NOT whyhung_python)
      set(whyhung_python lib/python3/dist-packages)
      if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr/local\")
        execute_process(COMMAND /usr/bin/python3 -c \"import sys; print('lib/python%d.%d/dist-packages' % sys.version_info[:2])\"
          OUTPUT_VARIABLE whyhung_python OUTPUT_STRIP_TRAILING_WHITESPACE)
      endif()
    endif()
    file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/\${whyhung_python}\" TYPE DIRECTORY
      FILES \"${PROJECT_SOURCE_DIR}/python/whyhung\" PATTERN __pycache__ EXCLUDE)")
endif()

# The manual, compressed as distributions have theirs.
find_program(WHYHUNG_GZIP gzip REQUIRED)
set(installed)
foreach(page whyhung.1 whyhung-shell.1)
  set(manual ${PROJECT_BINARY_DIR}/${page}.gz)
  add_custom_command(OUTPUT ${manual}
    COMMAND ${WHYHUNG_GZIP} -9nc ${PROJECT_SOURCE_DIR}/docs/man/${page} > ${manual}
    DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/${page} VERBATIM)
  list(APPEND installed ${manual})
  install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endforeach()

# The completions are printed by the program, from its own tables.
foreach(completion "bash|whyhung|${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
                   "zsh|_whyhung|${CMAKE_INSTALL_DATADIR}/zsh/site-functions"
                   "fish|whyhung.fish|${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
  string(REPLACE "|" ";" completion "${completion}")
  list(GET completion 0 shell)
  list(GET completion 1 name)
  list(GET completion 2 folder)
  set(file ${PROJECT_BINARY_DIR}/completions/${shell}/${name})
  add_custom_command(OUTPUT ${file}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/completions/${shell}
    COMMAND whyhung completion ${shell} > ${file}
    DEPENDS whyhung VERBATIM)
  list(APPEND installed ${file})
  install(FILES ${file} DESTINATION ${folder})
endforeach()
add_custom_target(whyhung_installed_files ALL DEPENDS ${installed})

install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}
  FILES_MATCHING PATTERN "*.md" PATTERN "*.schema.json" PATTERN "man" EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
# Schemas beside the other data too, where programs look for them.
file(GLOB schemas CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/*.schema.json)
install(FILES ${schemas} DESTINATION ${CMAKE_INSTALL_DATADIR}/whyhung/schemas)
# The types of kernels that carry none are searched for in this folder.
set(types ${PROJECT_SOURCE_DIR}/data/types)
if(NOT EXISTS ${types})
  set(types ${PROJECT_SOURCE_DIR}/tests/kernel_matrix/types)
endif()
install(DIRECTORY ${types} DESTINATION ${CMAKE_INSTALL_DATADIR}/whyhung
  FILES_MATCHING PATTERN "*.types")

set(CPACK_PACKAGE_NAME whyhung)
set(CPACK_PACKAGE_VENDOR whyhung)
set(CPACK_PACKAGE_CONTACT "The authors of whyhung <maintainers@whyhung.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "says why a Linux machine hung, from its crash dump")
set(CPACK_PACKAGE_DESCRIPTION "whyhung reads the crash dump of a Linux machine that hung, names the task, the CPU and the function that
caused it, and shows the chain from there to the symptom with evidence for each link. It needs no debuginfo.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES OFF)
set(CPACK_VERBATIM_VARIABLES ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# libcurl is loaded when it is there.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libcurl4, crash, python3")
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${PROJECT_SOURCE_DIR}/cmake/debian/prerm")
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE GPL-2.0-or-later)
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /usr/share/man /usr/share/man/man1 /usr/share/zsh /usr/share/zsh/site-functions
  /usr/share/fish /usr/share/fish/vendor_completions.d /usr/share/bash-completion /usr/share/bash-completion/completions)

find_program(WHYHUNG_RPMBUILD rpmbuild)
if(WHYHUNG_STATIC)
  set(CPACK_GENERATOR TGZ)
  set(CPACK_PACKAGE_FILE_NAME whyhung-${PROJECT_VERSION}-static-${CMAKE_SYSTEM_PROCESSOR})
  set(CPACK_PACKAGING_INSTALL_PREFIX /)
elseif(WHYHUNG_RPMBUILD)
  set(CPACK_GENERATOR DEB RPM)
else()
  set(CPACK_GENERATOR DEB)
endif()
include(CPack)
