/*
 * The key and the line protocol around it: an ECDSA key on NIST P-256 (FIPS 186-4) that is made
 * from a seed and never leaves the structure below.
 *
 * Requests and replies are lines; a reply is "OK <hexadecimal>" or "ERR <reason>".
 *   PUBKEY          the public key, an uncompressed point (SEC 1, 2.3.3): 65 bytes
 *   SIGN <digest>   a signature of a SHA-256 digest (64 hexadecimal digits), DER (RFC 3279, 2.2.3)
 * Who may ask is not in the request: the caller of vault_answer() says so.
 */
#ifndef KEYVAULT_VAULT_H
#define KEYVAULT_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/line.h"

#define VAULT_SEED_SIZE 48u /* bytes: over the 256 bits of strength that HMAC-DRBG can have */
#define VAULT_DIGEST_SIZE 32u
#define VAULT_PUBLIC_SIZE 65u
#define VAULT_PRIVATE_SIZE 32u

struct vault {
    bool has_key;
    uint8_t secret[VAULT_PRIVATE_SIZE];
    uint8_t public_point[VAULT_PUBLIC_SIZE];
};

/* Overwrites what nobody shall find in memory later; not optimised away. */
void vault_wipe(void *bytes, uint32_t size);

/* Makes the key from a random seed of VAULT_SEED_SIZE bytes (HMAC-DRBG, SHA-256), which the caller
 * wipes. False: there is none, every request is refused with "ERR no key". */
bool vault_start(struct vault *vault, const uint8_t *seed);

/* Answers one request line; refused when `allowed` is false. */
void vault_answer(const struct vault *vault, bool allowed, const char *line, struct reply *reply);

/* True when the word allow=NAME[,NAME...] of a kernel command line lists the guest `name`. */
bool vault_allows(const char *bootargs, const char *name);

#endif
