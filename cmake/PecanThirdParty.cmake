# pecan_libfdt, pecan_sha256, pecan_p256: third-party sources, fetched once and compiled for the target (or the host).
# Neither is ever committed. tools/fetch.py puts them below the cache folder; a local folder overrides it.
set(PECAN_LIBFDT_SOURCE "" CACHE PATH "folder that holds fdt.c and libfdt.h, instead of the fetched one")
set(PECAN_BEARSSL_SOURCE "" CACHE PATH "unpacked BearSSL source tree, instead of the fetched one")

# Sets out_var to the folder that holds PART, fetching it unless `given` names one.
function(pecan_third_party part given out_var)
    if(given)
        set(${out_var} ${given} PARENT_SCOPE)
        return()
    endif()
    execute_process(
        COMMAND ${PECAN_PYTHON} ${PROJECT_SOURCE_DIR}/tools/fetch.py ${PECAN_FETCH_ARGS} ${part}
        OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        string(TOUPPER ${part} upper)
        message(FATAL_ERROR "Could not fetch ${part}; give -DPECAN_${upper}_SOURCE=DIR to use a local copy.")
    endif()
    set(${out_var} ${folder} PARENT_SCOPE)
endfunction()

pecan_third_party(libfdt "${PECAN_LIBFDT_SOURCE}" pecan_libfdt_dir)
pecan_third_party(bearssl "${PECAN_BEARSSL_SOURCE}" pecan_bearssl_dir)

# libfdt: plain functions over a blob; needs only string.h (memcpy, memmove, memcmp, memchr, strlen, ...).
add_library(pecan_libfdt STATIC
    ${pecan_libfdt_dir}/fdt.c
    ${pecan_libfdt_dir}/fdt_ro.c
    ${pecan_libfdt_dir}/fdt_rw.c
    ${pecan_libfdt_dir}/fdt_sw.c
    ${pecan_libfdt_dir}/fdt_wip.c
    ${pecan_libfdt_dir}/fdt_strerror.c
    ${pecan_libfdt_dir}/fdt_addresses.c
    ${pecan_libfdt_dir}/fdt_empty_tree.c)
target_include_directories(pecan_libfdt SYSTEM PUBLIC ${pecan_libfdt_dir})
# The sanitizers judge our code: libfdt passes a null pointer with size 0 to memcpy, which does nothing.
target_compile_options(pecan_libfdt PRIVATE -w $<$<STREQUAL:${PECAN_TARGET},host>:-fno-sanitize=undefined>)
target_link_libraries(pecan_libfdt PUBLIC pecan_libc)

# SHA-256: #include <bearssl_hash.h>; br_sha256_init(), br_sha256_update(), br_sha256_out().
add_library(pecan_sha256 STATIC
    ${pecan_bearssl_dir}/src/hash/sha2small.c
    ${pecan_bearssl_dir}/src/codec/dec32be.c
    ${pecan_bearssl_dir}/src/codec/enc32be.c)
target_include_directories(pecan_sha256 SYSTEM
    PUBLIC ${pecan_bearssl_dir}/inc PRIVATE ${pecan_bearssl_dir}/src)
target_compile_options(pecan_sha256 PRIVATE -w)
target_compile_definitions(pecan_sha256 PRIVATE BR_USE_UNIX_TIME=0 BR_USE_URANDOM=0 BR_USE_GETENTROPY=0)
target_link_libraries(pecan_sha256 PUBLIC pecan_libc)

# ECDSA on P-256 with its key generation: #include <bearssl.h>; br_ec_p256_m31, br_ecdsa_i31_*, br_hmac_drbg_*.
file(GLOB pecan_bearssl_i31 ${pecan_bearssl_dir}/src/int/i31_*.c)
add_library(pecan_p256 STATIC
    ${pecan_bearssl_i31}
    ${pecan_bearssl_dir}/src/int/i32_div32.c
    ${pecan_bearssl_dir}/src/codec/ccopy.c
    ${pecan_bearssl_dir}/src/ec/ec_p256_m31.c
    ${pecan_bearssl_dir}/src/ec/ec_secp256r1.c
    ${pecan_bearssl_dir}/src/ec/ec_secp384r1.c
    ${pecan_bearssl_dir}/src/ec/ec_secp521r1.c
    ${pecan_bearssl_dir}/src/ec/ec_keygen.c
    ${pecan_bearssl_dir}/src/ec/ec_pubkey.c
    ${pecan_bearssl_dir}/src/ec/ecdsa_atr.c
    ${pecan_bearssl_dir}/src/ec/ecdsa_i31_bits.c
    ${pecan_bearssl_dir}/src/ec/ecdsa_i31_sign_asn1.c
    ${pecan_bearssl_dir}/src/ec/ecdsa_i31_sign_raw.c
    ${pecan_bearssl_dir}/src/ec/ecdsa_i31_vrfy_asn1.c
    ${pecan_bearssl_dir}/src/ec/ecdsa_i31_vrfy_raw.c
    ${pecan_bearssl_dir}/src/ec/ecdsa_rta.c
    ${pecan_bearssl_dir}/src/mac/hmac.c
    ${pecan_bearssl_dir}/src/mac/hmac_ct.c
    ${pecan_bearssl_dir}/src/rand/hmac_drbg.c)
target_include_directories(pecan_p256 SYSTEM
    PUBLIC ${pecan_bearssl_dir}/inc PRIVATE ${pecan_bearssl_dir}/src)
target_compile_options(pecan_p256 PRIVATE -w $<$<STREQUAL:${PECAN_TARGET},host>:-fno-sanitize=undefined>)
target_compile_definitions(pecan_p256 PRIVATE BR_USE_UNIX_TIME=0 BR_USE_URANDOM=0 BR_USE_GETENTROPY=0)
target_link_libraries(pecan_p256 PUBLIC pecan_sha256)
