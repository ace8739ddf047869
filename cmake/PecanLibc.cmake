# pecan_libc: the C library of the servers (never of the kernel).
#
# Target: Debian's picolibc-arm-none-eabi, multilib thumb/v7/nofp, with gcc's libgcc of thumb/v7-a/nofp.
# Tried: neither archive holds a VFP or NEON instruction (memcpy is plain C or ARMv7 integer code). The code
# is Thumb-2 and interworks with our -marm objects. The package's -specs=picolibc.specs is not used, because
# it also forces picolibc's linker script and start file; naming the include folder and two archives is enough.
#  - errno is thread-local. The v7 multilib reaches it through __aeabi_read_tp, which libl4 defines; the
#    v7-a one reads TPIDRURO inline, a register that PL0 cannot write and that a guest may own.
#  - printf without floating point: pecan_libc selects the integer-only formatter.
#  - malloc wants sbrk(); stdio wants stdout, stdin, stderr as FILE pointers: the program supplies them.
#
# Host: the native C library; the target is then empty.
add_library(pecan_libc INTERFACE)

if(PECAN_TARGET STREQUAL "target")
    execute_process(
        COMMAND ${CMAKE_C_COMPILER} -march=armv7ve -marm -mfloat-abi=soft -print-libgcc-file-name
        OUTPUT_VARIABLE PECAN_LIBGCC OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

    set(PECAN_PICOLIBC /usr/lib/picolibc/arm-none-eabi CACHE PATH "picolibc for arm-none-eabi")
    # The release flavour is built for speed (-O2), the default one for size.
    set(pecan_libc_archive ${PECAN_PICOLIBC}/lib/release/thumb/v7/nofp/libc.a)
    if(NOT EXISTS ${pecan_libc_archive})
        message(FATAL_ERROR "No soft-float picolibc at ${pecan_libc_archive}.\n"
            "Install picolibc-arm-none-eabi (`./pecan setup` does), or give -DPECAN_PICOLIBC=DIR.")
    endif()

    # For every target, so that nothing falls back on the headers of another C library that may be installed;
    # freestanding code takes assert.h from here.
    include_directories(SYSTEM ${PECAN_PICOLIBC}/include)
    target_compile_definitions(pecan_libc INTERFACE PICOLIBC_INTEGER_PRINTF_SCANF)
    target_compile_options(pecan_libc INTERFACE -ftls-model=local-exec)
    target_link_options(pecan_libc INTERFACE -nostdlib
        -Wl,--defsym=vfprintf=__i_vfprintf -Wl,--defsym=vfscanf=__i_vfscanf)
    target_link_libraries(pecan_libc INTERFACE
        -Wl,--start-group ${pecan_libc_archive} ${PECAN_LIBGCC} -Wl,--end-group)

    # pecan_libgcc: division and other compiler helpers alone, for freestanding code.
    add_library(pecan_libgcc INTERFACE)
    target_link_libraries(pecan_libgcc INTERFACE ${PECAN_LIBGCC})
else()
    add_library(pecan_libgcc INTERFACE)
endif()
