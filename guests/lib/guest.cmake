# Included by the guests' own CMakeLists.txt (folders are added in no particular order).
include_guard()

# pecan_add_guest(TARGET IMAGE SOURCE...): an ELF image at 0x40200000, registered as IMAGE.
function(pecan_add_guest target image)
    set(script ${PROJECT_SOURCE_DIR}/guests/lib/guest.ld)
    add_executable(${target} ${ARGN})
    target_link_libraries(${target} PRIVATE guest_lib pecan_libgcc)
    target_link_options(${target} PRIVATE -T ${script} -Wl,--gc-sections -Wl,--build-id=none)
    set_target_properties(${target} PROPERTIES SUFFIX .elf LINK_DEPENDS ${script})
    pecan_register_image(${image} $<TARGET_FILE:${target}>)
endfunction()
