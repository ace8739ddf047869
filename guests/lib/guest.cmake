# Included by the guests' own CMakeLists.txt (folders are added in no particular order).
include_guard()

# pecan_add_guest(NAME SOURCE...): an ELF image at 0x40200000, registered under NAME.
function(pecan_add_guest name)
    set(script ${PROJECT_SOURCE_DIR}/guests/lib/guest.ld)
    add_executable(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE guest_lib pecan_libgcc)
    target_link_options(${name} PRIVATE -T ${script} -Wl,--gc-sections -Wl,--build-id=none)
    set_target_properties(${name} PROPERTIES SUFFIX .elf LINK_DEPENDS ${script})
    pecan_register_image(${name} $<TARGET_FILE:${name}>)
endfunction()
