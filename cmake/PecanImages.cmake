# The image manifest: build/<preset>/images.json maps an image name of a partition configuration
# (pecan,kernel = "vmtest") to the file that the build made. tools/mkfit.py reads it.
set_property(GLOBAL PROPERTY PECAN_IMAGES "")

# pecan_register_image(NAME FILE): FILE may be a generator expression such as $<TARGET_FILE:vmtest>.
function(pecan_register_image name file)
    set_property(GLOBAL APPEND PROPERTY PECAN_IMAGES "${name}=${file}")
endfunction()

# Writes the manifest; called once, last. Executables named like the system's own parts need no registration.
function(pecan_write_image_manifest)
    get_property(images GLOBAL PROPERTY PECAN_IMAGES)
    foreach(part kernel init devmgr vmm ipc-net)
        if(TARGET ${part} AND NOT images MATCHES "(^|;)${part}=")
            get_target_property(type ${part} TYPE)
            if(type STREQUAL "EXECUTABLE")
                list(APPEND images "${part}=$<TARGET_FILE:${part}>")
            endif()
        endif()
    endforeach()
    set(lines "")
    foreach(image ${images})
        string(FIND "${image}" "=" at)
        string(SUBSTRING "${image}" 0 ${at} name)
        math(EXPR at "${at} + 1")
        string(SUBSTRING "${image}" ${at} -1 file)
        list(APPEND lines "  \"${name}\": \"${file}\"")
    endforeach()
    list(JOIN lines ",\n" body)
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/images.json CONTENT "{\n${body}\n}\n")
endfunction()

# pecan_copy_part(OUTPUT PART GIVEN): makes OUTPUT a byte-for-byte copy of a fetched part's file, or of GIVEN.
function(pecan_copy_part output part given)
    if(given)
        add_custom_command(OUTPUT ${output}
            COMMAND ${CMAKE_COMMAND} -E copy ${given} ${output} DEPENDS ${given} VERBATIM)
    else()
        add_custom_command(OUTPUT ${output}
            COMMAND ${PECAN_PYTHON} -B ${PROJECT_SOURCE_DIR}/tools/fetch.py ${PECAN_FETCH_ARGS}
                --image ${part} --copy ${output}
            VERBATIM USES_TERMINAL)
    endif()
endfunction()

set_property(GLOBAL PROPERTY PECAN_BENCHES "")

# pecan_add_bench(NAME METRICS prefix... [INIT target] [CONFIG file.dts] [IMAGES name=file...] [NATIVE]): a bench program for
# `./pecan bench`, which measures the metrics of these prefixes, booted like a target test; with NATIVE, the same Linux images run without Pecan too and the two are
# compared (tools/pecanlib/linuxbench.py). It prints `BENCH <metric> min=<n> med=<n> max=<n>` lines and ends
# QEMU with status 0.
function(pecan_add_bench name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NATIVE" "INIT;CONFIG" "IMAGES;METRICS")
    list(JOIN arg_METRICS "\", \"" metrics)
    set(fields "\"name\": \"${name}\", \"metrics\": [\"${metrics}\"]")
    if(arg_INIT)
        string(APPEND fields ", \"init\": \"$<TARGET_FILE:${arg_INIT}>\"")
    endif()
    if(arg_CONFIG)
        get_filename_component(config ${arg_CONFIG} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
        string(APPEND fields ", \"config\": \"${config}\"")
    endif()
    if(arg_IMAGES)
        list(JOIN arg_IMAGES "\", \"" images)
        string(APPEND fields ", \"images\": [\"${images}\"]")
    endif()
    if(arg_NATIVE)
        string(APPEND fields ", \"native\": true")
    endif()
    set_property(GLOBAL APPEND_STRING PROPERTY PECAN_BENCHES "  {${fields}},\n")
endfunction()

# Writes benches.json; called once, last.
function(pecan_write_bench_manifest)
    get_property(benches GLOBAL PROPERTY PECAN_BENCHES)
    string(REGEX REPLACE ",\n$" "\n" benches "${benches}")
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/benches.json CONTENT "[\n${benches}]\n")
endfunction()
