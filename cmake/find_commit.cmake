# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the commit that is being built into a header, when it is another one than last time:
#   cmake -DOUTPUT=FILE -DSOURCE=FOLDER -P find_commit.cmake
# A checkout knows it, and so does an archive that git made: it fills in the line below (see .gitattributes).
set(commit "$Format:%h$")
if(commit MATCHES "Format")
  set(commit "")
  execute_process(COMMAND git rev-parse --short=12 HEAD WORKING_DIRECTORY ${SOURCE}
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    set(commit "")
  endif()
endif()
file(WRITE ${OUTPUT}.new "#define WHYHUNG_COMMIT \"${commit}\"\n")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different ${OUTPUT}.new ${OUTPUT})
