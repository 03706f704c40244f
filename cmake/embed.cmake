# embed_files(TARGET NAME PREFIX FILE...): compiles files into TARGET as the table `NAME` of
# `struct asset` (include/base/asset.h): path under PREFIX, type, bytes, ETag.
#
#     embed_files(gangway example_assets /example/ ${folder}/index.html ${folder}/app.mjs)
#
# A file is served by its own name; `index.html` by PREFIX itself too. The table is made again when
# a file changes. Nothing but CMake is needed for it: this file is its own script (-P).
if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
    function(embed_files target name prefix)
        set(made ${CMAKE_CURRENT_BINARY_DIR}/${name}.c)
        add_custom_command(OUTPUT ${made}
            COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DPREFIX=${prefix} -DMADE=${made} "-DFILES=${ARGN}"
                -P ${EMBED_SCRIPT}
            DEPENDS ${ARGN} ${EMBED_SCRIPT} VERBATIM)
        target_sources(${target} PRIVATE ${made})
    endfunction()
    return()
endif()

set(types
    "html=text/html\\; charset=utf-8" "css=text/css\\; charset=utf-8"
    "mjs=text/javascript\\; charset=utf-8" "js=text/javascript\\; charset=utf-8"
    "json=application/json" "svg=image/svg+xml" "png=image/png" "woff2=font/woff2"
    "yaml=application/yaml" "sh=text/x-shellscript" "txt=text/plain\\; charset=utf-8")

function(type_of file result)
    get_filename_component(ending ${file} LAST_EXT)
    string(SUBSTRING "${ending}" 1 -1 ending)
    foreach(row IN LISTS types)
        if(row MATCHES "^${ending}=(.*)$")
            set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
    message(FATAL_ERROR "embed.cmake: of what type is ${file}?")
endfunction()

set(bytes "")
set(rows "")
set(count 0)
foreach(file IN LISTS FILES)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," hex "${hex}")
    string(REGEX REPLACE "(................................................................................)" "\\1\n" hex "${hex}")
    string(APPEND bytes "static const unsigned char file_${count}[] = {\n${hex}0};\n\n")
    file(SHA256 ${file} digest)
    string(SUBSTRING ${digest} 0 32 digest)
    get_filename_component(leaf ${file} NAME)
    type_of(${file} type)
    set(paths ${PREFIX}${leaf})
    if(leaf STREQUAL "index.html")
        list(APPEND paths ${PREFIX})
    endif()
    foreach(path IN LISTS paths)
        string(APPEND rows "    {\"${path}\", \"${leaf}\", \"${type}\", \"\\\"${digest}\\\"\",\n"
            "     {(const char *)file_${count}, sizeof file_${count} - 1}},\n")
    endforeach()
    math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${MADE}
    "/* Made by cmake/embed.cmake; see include/base/asset.h. */\n\n#include \"base/asset.h\"\n\n"
    "${bytes}extern const struct asset ${NAME}[];\nconst struct asset ${NAME}[] = {\n${rows}"
    "    {NULL, NULL, NULL, NULL, {NULL, 0}},\n};\n")
