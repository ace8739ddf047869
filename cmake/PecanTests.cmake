# Test registration. Every test carries one label: unit, target, system, lint or bench. Time limits are for hangs: they
# are ten times and more what a test takes on an idle machine.
set(pecan_harness ${PROJECT_SOURCE_DIR}/test/harness)

# pecan_add_unit_test(NAME SOURCES file... [LIBRARIES target...] [INCLUDES folder...])
# A cmocka executable of the host build, run with the sanitizers' findings fatal.
function(pecan_add_unit_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES;INCLUDES")
    add_executable(${name} ${arg_SOURCES})
    target_include_directories(${name} PRIVATE ${arg_INCLUDES})
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} cmocka)
    add_test(NAME unit.${name} COMMAND ${name})
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()

# pecan_add_target_test(NAME [INIT target] [CONFIG file.dts] [IMAGES name=file...] [ARGS ...])
# Packs kernel + INIT (default: the real init) + servers + CONFIG's images into a FIT, boots it in QEMU and
# reads TAP from the console: passes when the plan is met, no line says `not ok`, and QEMU's exit status
# (semihosting or power-off) is 0.
function(pecan_add_target_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "INIT;CONFIG" "IMAGES;ARGS")
    set(options --build ${CMAKE_BINARY_DIR} --board ${PECAN_BOARD})
    if(arg_INIT)
        list(APPEND options --image init=$<TARGET_FILE:${arg_INIT}>)
    endif()
    if(arg_CONFIG)
        get_filename_component(config ${arg_CONFIG} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
        list(APPEND options --config ${config})
    endif()
    foreach(image ${arg_IMAGES})
        list(APPEND options --image ${image})
    endforeach()
    add_test(NAME target.${name}
        COMMAND ${PECAN_PYTHON} -B ${pecan_harness}/tap_test.py --name ${name} ${options} ${arg_ARGS})
    set_tests_properties(target.${name} PROPERTIES LABELS target TIMEOUT 400)
endfunction()

# pecan_add_system_test(NAME SCRIPT file.py [ARGS ...])
# A Python script that uses test/harness/harness.py; it gets --build and --board.
function(pecan_add_system_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "SCRIPT;LABEL" "ARGS")
    if(NOT arg_LABEL)
        set(arg_LABEL system)
    endif()
    get_filename_component(script ${arg_SCRIPT} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    add_test(NAME ${arg_LABEL}.${name}
        COMMAND ${CMAKE_COMMAND} -E env PYTHONPATH=${pecan_harness}
            ${PECAN_PYTHON} -B ${script} --build ${CMAKE_BINARY_DIR} --board ${PECAN_BOARD} ${arg_ARGS})
    set_tests_properties(${arg_LABEL}.${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT 1200)
endfunction()
