# SPDX-License-Identifier: GPL-2.0-or-later
# Writes every word that stands alone between quotation marks in some sources, one a line as a C string:
#   cmake -DOUTPUT=FILE -DFOLDERS=a|b -P collect_words.cmake
# Among them is each type, symbol and enumerator of the kernel that these sources ask for. What must be distilled is so
# taken from the questions themselves and not from a list that somebody has to keep.
string(REPLACE "|" ";" folders "${FOLDERS}")
set(words)
foreach(folder ${folders})
  file(GLOB_RECURSE sources ${folder}/*.cc ${folder}/*.h)
  foreach(source ${sources})
    file(READ ${source} text)
    # An include names a file, and brackets would join the elements of a list.
    string(REGEX REPLACE "#include [^\n]*" "" text "${text}")
    string(REPLACE "[" " " text "${text}")
    string(REPLACE "]" " " text "${text}")
    string(REGEX MATCHALL "\"[A-Za-z_][A-Za-z0-9_]+\"" found "${text}")
    list(APPEND words ${found})
  endforeach()
endforeach()
list(SORT words)
list(REMOVE_DUPLICATES words)
list(JOIN words ",\n" lines)
file(WRITE ${OUTPUT}.new "${lines}\n")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different ${OUTPUT}.new ${OUTPUT})
