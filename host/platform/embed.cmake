# Writes OUTPUT, a C file that has the texts of FILES in the table TABLE (platform/embedded.h):
#     cmake -DFILES=a;b -DTABLE=embedded_kernels -DOUTPUT=c -P embed.cmake
set(table "")
set(text "/* Made by host/platform/embed.cmake. */\n#include \"platform/embedded.h\"\n")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER "text_${name}" symbol)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND text "static const char ${symbol}[] = {${bytes}'\\0'};\n")
  string(APPEND table "    {\"${name}\", ${symbol}},\n")
endforeach()
string(APPEND text "const struct embedded_file ${TABLE}[] = {\n${table}    {0, 0}};\n")
file(WRITE ${OUTPUT} "${text}")
