# gangway_library(NAME, LINKS...): the static library gangway_NAME of all sources of the calling
# folder, with the headers of include/NAME as its interface.
function(gangway_library name)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
    file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/${name}/*.h)
    if(NOT sources)
        add_library(gangway_${name} INTERFACE)
        return()
    endif()
    add_library(gangway_${name} STATIC ${sources})
    target_sources(gangway_${name} PUBLIC
        FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${headers})
    target_link_libraries(gangway_${name} PUBLIC ${ARGN}
        PRIVATE project_warnings project_hardening)
endfunction()
