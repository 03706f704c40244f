# The libraries that the project stands on, each found once.  Which folder may use which is the
# rule of the doors; tests/tidy checks it.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(GSL REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(LIBFYAML REQUIRED IMPORTED_TARGET libfyaml)
pkg_check_modules(EVENT REQUIRED IMPORTED_TARGET libevent_core libevent_extra libevent_openssl
    libevent_pthreads)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

# Two without a pkg-config file in Debian 12.
foreach(name http_parser gmp)
    find_library(${name}_LIBRARY ${name} REQUIRED)
    add_library(library_${name} INTERFACE)
    target_link_libraries(library_${name} INTERFACE ${${name}_LIBRARY})
endforeach()
