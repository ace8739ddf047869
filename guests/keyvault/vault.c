/*
 * The key vault's protocol over BearSSL's P-256 (see vault.h). Signing is deterministic (RFC 6979):
 * no randomness is needed after the key was made.
 */
#include "vault.h"

#include <stddef.h>

#include <bearssl.h>

#define SIGNATURE_MAX 80u /* DER: at most 72 bytes on P-256 */

void vault_wipe(void *bytes, uint32_t size)
{
    volatile uint8_t *at = bytes;

    for (uint32_t i = 0; i < size; i++) {
        at[i] = 0;
    }
}

bool vault_start(struct vault *vault, const uint8_t *seed)
{
    br_hmac_drbg_context drbg;
    br_ec_private_key key;
    br_ec_public_key public_key;
    unsigned char secret[BR_EC_KBUF_PRIV_MAX_SIZE];
    unsigned char point[BR_EC_KBUF_PUB_MAX_SIZE];

    *vault = (struct vault){0};
    br_hmac_drbg_init(&drbg, &br_sha256_vtable, seed, VAULT_SEED_SIZE);
    if (br_ec_keygen(&drbg.vtable, &br_ec_p256_m31, &key, secret, BR_EC_secp256r1) ==
            VAULT_PRIVATE_SIZE &&
        br_ec_compute_pub(&br_ec_p256_m31, &public_key, point, &key) == VAULT_PUBLIC_SIZE) {
        for (uint32_t i = 0; i < VAULT_PRIVATE_SIZE; i++) {
            vault->secret[i] = key.x[i];
        }
        for (uint32_t i = 0; i < VAULT_PUBLIC_SIZE; i++) {
            vault->public_point[i] = public_key.q[i];
        }
        vault->has_key = true;
    }
    vault_wipe(secret, sizeof(secret));
    vault_wipe(&drbg, sizeof(drbg));
    return vault->has_key;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Exactly a digest's worth of digits, up to the text's end. */
static bool parse_digest(const char *text, uint8_t *digest)
{
    for (uint32_t i = 0; i < VAULT_DIGEST_SIZE; i++) {
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);

        if (low < 0) {
            return false;
        }
        digest[i] = (uint8_t)(high * 16 + low);
        text += 2;
    }
    return *text == '\0';
}

static void sign(const struct vault *vault, const char *text, struct reply *reply)
{
    uint8_t digest[VAULT_DIGEST_SIZE];
    uint8_t secret[VAULT_PRIVATE_SIZE];
    unsigned char signature[SIGNATURE_MAX];
    br_ec_private_key key = {BR_EC_secp256r1, secret, VAULT_PRIVATE_SIZE};
    size_t length;

    if (!parse_digest(text, digest)) {
        reply_text(reply, "ERR a digest has 64 hexadecimal digits\n");
        return;
    }
    for (uint32_t i = 0; i < VAULT_PRIVATE_SIZE; i++) {
        secret[i] = vault->secret[i];
    }
    length = br_ecdsa_i31_sign_asn1(&br_ec_p256_m31, &br_sha256_vtable, digest, &key, signature);
    vault_wipe(secret, sizeof(secret));
    if (length == 0) {
        reply_text(reply, "ERR not signed\n");
        return;
    }
    reply_text(reply, "OK ");
    reply_hex(reply, signature, (uint32_t)length);
    reply_text(reply, "\n");
}

void vault_answer(const struct vault *vault, bool allowed, const char *line, struct reply *reply)
{
    const char *digest = text_after(line, "SIGN ");

    if (!allowed) {
        reply_text(reply, "ERR refused\n");
    } else if (!vault->has_key) {
        reply_text(reply, "ERR no key\n");
    } else if (text_same(line, "PUBKEY")) {
        reply_text(reply, "OK ");
        reply_hex(reply, vault->public_point, VAULT_PUBLIC_SIZE);
        reply_text(reply, "\n");
    } else if (digest != NULL) {
        sign(vault, digest, reply);
    } else {
        reply_text(reply, "ERR unknown request\n");
    }
}

bool vault_allows(const char *bootargs, const char *name)
{
    const char *list = text_option(bootargs, "allow=");

    return list != NULL && text_lists(list, name);
}
