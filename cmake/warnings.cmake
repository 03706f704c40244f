# The warnings of the project, all of them errors, for gcc and clang.
add_library(project_warnings INTERFACE)
target_compile_options(project_warnings INTERFACE
    -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wundef -Wcast-qual -Wwrite-strings -Wpointer-arith -Wformat=2 -Wvla
    -Wdouble-promotion -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference
    $<$<C_COMPILER_ID:GNU>:-Wduplicated-cond;-Wduplicated-branches;-Wlogical-op>
    $<$<C_COMPILER_ID:GNU>:-Warith-conversion;-Wcast-align=strict>
    $<$<C_COMPILER_ID:Clang>:-Wmissing-variable-declarations>
    # A line of the log without fields; C23 allows it, gcc takes it for gnu17 too.
    $<$<C_COMPILER_ID:Clang>:-Wno-gnu-zero-variadic-macro-arguments>)
target_compile_definitions(project_warnings INTERFACE _GNU_SOURCE)

# Both compilers fuse multiply-add where the processor has it; that would make the last digit of a
# figure depend on the machine.
target_compile_options(project_warnings INTERFACE -ffp-contract=off)

add_library(project_hardening INTERFACE)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    set(CMAKE_POSITION_INDEPENDENT_CODE ON)
    target_compile_options(project_hardening INTERFACE
        -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE)
    target_link_options(project_hardening INTERFACE -pie -Wl,-z,relro,-z,now)
endif()
