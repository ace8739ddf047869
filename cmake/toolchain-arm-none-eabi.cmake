# Cross toolchain: Debian's gcc-arm-none-eabi, ARMv7-A with virtualization extensions, no floating point.
#
# -mfloat-abi=soft keeps the compiler away from VFP and NEON registers everywhere: what the kernel and
# the servers never touch need not be switched on a guest exit. With -march=armv7ve gcc selects the
# multilib thumb/v7-a/nofp of libgcc (and ours of picolibc, see cmake/PecanLibc.cmake), for -marm code
# too: ARM and Thumb state interwork through BX/BLX on this architecture.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)

set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_AR arm-none-eabi-gcc-ar)
set(CMAKE_RANLIB arm-none-eabi-gcc-ranlib)
set(CMAKE_OBJCOPY arm-none-eabi-objcopy)
set(CMAKE_OBJDUMP arm-none-eabi-objdump)
set(CMAKE_SIZE arm-none-eabi-size)
set(CMAKE_NM arm-none-eabi-nm)

if(NOT PECAN_BOARD)
    set(PECAN_BOARD qemu-virt-a15)
endif()
# Tuned for the A7 on every board: the A15's tuning spills registers by STRD and LDRD one after the other where
# the A7's uses one STM or LDM.
set(CMAKE_C_FLAGS_INIT "-march=armv7ve -mtune=cortex-a7 -marm -mfloat-abi=soft")
set(CMAKE_ASM_FLAGS_INIT "-march=armv7ve -mtune=cortex-a7 -marm -mfloat-abi=soft")
# Nothing links against a hosted start file or library by itself: every executable names what it needs.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostdlib -Wl,--build-id=none")

set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PECAN_BOARD)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
