/*
 * The key vault: its line protocol, and that what it signs verifies.
 */
#define _GNU_SOURCE /* memmem() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>

#include <bearssl.h>
#include <cmocka.h>

#include "vault.h"

#define DIGEST "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static uint8_t seed[VAULT_SEED_SIZE];
static struct vault vault;

static int setup(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < VAULT_SEED_SIZE; i++) {
        seed[i] = (uint8_t)(7 * i + 1);
    }
    vault_start(&vault, seed);
    return 0;
}

static void expect(bool allowed, const char *line, const char *answer)
{
    struct reply reply = {0};

    vault_answer(&vault, allowed, line, &reply);
    assert_int_equal(reply.length, strlen(answer));
    assert_memory_equal(reply.text, answer, reply.length);
}

/* Asks, expects "OK <hex>\n", returns the number of bytes. */
static size_t ask(const char *line, uint8_t *bytes, size_t size)
{
    struct reply reply = {0};
    size_t count;

    vault_answer(&vault, true, line, &reply);
    assert_true(reply.length < GUEST_REPLY_MAX);
    assert_memory_equal(reply.text, "OK ", 3);
    assert_int_equal(reply.text[reply.length - 1], '\n');
    count = (reply.length - 4) / 2;
    assert_true(count <= size);
    for (size_t i = 0; i < count; i++) {
        char digits[3] = {reply.text[3 + 2 * i], reply.text[4 + 2 * i], '\0'};

        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return count;
}

static bool verifies(const char *digest, const uint8_t *signature, size_t size)
{
    uint8_t point[VAULT_PUBLIC_SIZE];
    uint8_t hash[32];
    br_ec_public_key key = {BR_EC_secp256r1, point, VAULT_PUBLIC_SIZE};

    assert_int_equal(ask("PUBKEY", point, sizeof(point)), VAULT_PUBLIC_SIZE);
    for (size_t i = 0; i < sizeof(hash); i++) {
        char digits[3] = {digest[2 * i], digest[2 * i + 1], '\0'};

        hash[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return br_ecdsa_i31_vrfy_asn1(&br_ec_p256_m31, hash, sizeof(hash), &key, signature, size) == 1;
}

static void test_signature(void **state)
{
    uint8_t signature[80];
    char other[] = "0" DIGEST;
    size_t size = ask("SIGN " DIGEST, signature, sizeof(signature));

    (void)state;
    other[1] = '3';
    assert_true(verifies(DIGEST, signature, size));
    assert_false(verifies(other + 1, signature, size));
    signature[size - 1] ^= 1;
    assert_false(verifies(DIGEST, signature, size));
}

static void test_keys_differ(void **state)
{
    uint8_t signature[80];
    size_t size = ask("SIGN " DIGEST, signature, sizeof(signature));

    (void)state;
    seed[0] ^= 1;
    vault_start(&vault, seed);
    assert_false(verifies(DIGEST, signature, size));
}

/* Nothing that it says holds the secret. */
static void test_secret_stays(void **state)
{
    const char *const lines[] = {"PUBKEY", "SIGN " DIGEST};
    char hex[9];

    (void)state;
    snprintf(hex, sizeof(hex), "%02x%02x%02x%02x", vault.secret[0], vault.secret[1],
             vault.secret[2], vault.secret[3]);
    for (size_t i = 0; i < 2; i++) {
        struct reply reply = {0};

        vault_answer(&vault, true, lines[i], &reply);
        reply.text[reply.length] = '\0';
        assert_null(strstr(reply.text, hex));
    }
}

static void test_refused(void **state)
{
    (void)state;
    expect(false, "PUBKEY", "ERR refused\n");
    expect(false, "SIGN " DIGEST, "ERR refused\n");
    expect(false, "nonsense", "ERR refused\n");
}

#define STACK (256u << 10)

static void *make_and_sign(void *done)
{
    struct reply reply = {0};

    *(bool *)done = vault_start(&vault, seed);
    vault_answer(&vault, true, "SIGN " DIGEST, &reply);
    return NULL;
}

/* What ran has left neither the key nor the seed on its stack. */
static void test_stack_is_clean(void **state)
{
    uint8_t *stack = aligned_alloc(4096, STACK);
    pthread_attr_t attributes;
    pthread_t thread;
    bool made = false;

    (void)state;
    memset(stack, 0, STACK);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, make_and_sign, &made), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(made);
    assert_null(memmem(stack, STACK, vault.secret, VAULT_PRIVATE_SIZE));
    assert_null(memmem(stack, STACK, seed, VAULT_SEED_SIZE));
    free(stack);
}

static void test_no_key(void **state)
{
    (void)state;
    vault = (struct vault){0};
    expect(true, "PUBKEY", "ERR no key\n");
    expect(true, "SIGN " DIGEST, "ERR no key\n");
    expect(false, "PUBKEY", "ERR refused\n");
}

static void test_bad_requests(void **state)
{
    const char *const digest = "ERR a digest has 64 hexadecimal digits\n";

    (void)state;
    expect(true, "SIGN ", digest);
    expect(true, "SIGN 12", digest);
    expect(true, "SIGN " DIGEST "0", digest);
    expect(true, "SIGN " DIGEST " ", digest);
    expect(true, "SIGN g" DIGEST, digest);
    expect(true, "SIGN", "ERR unknown request\n");
    expect(true, "PUBKEY ", "ERR unknown request\n");
    expect(true, "pubkey", "ERR unknown request\n");
    expect(true, "", "ERR unknown request\n");
}

static void test_allow(void **state)
{
    (void)state;
    assert_true(vault_allows("allow=phone0", "phone0"));
    assert_true(vault_allows("quiet allow=a,phone0 report=1", "phone0"));
    assert_false(vault_allows("allow=a allow=phone0", "phone0")); /* the first counts */
    assert_false(vault_allows("allow=phone0", "phone1"));
    assert_false(vault_allows("allow=phone0", "phone"));
    assert_false(vault_allows("disallow=phone1", "phone1"));
    assert_false(vault_allows("allow=", "phone0"));
    assert_false(vault_allows("", "phone0"));
    assert_false(vault_allows("allow=a", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_signature, setup),
        cmocka_unit_test_setup(test_keys_differ, setup),
        cmocka_unit_test_setup(test_secret_stays, setup),
        cmocka_unit_test_setup(test_refused, setup),
        cmocka_unit_test_setup(test_stack_is_clean, setup),
        cmocka_unit_test_setup(test_no_key, setup),
        cmocka_unit_test_setup(test_bad_requests, setup),
        cmocka_unit_test_setup(test_allow, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
