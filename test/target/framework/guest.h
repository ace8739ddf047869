/*
 * Guests of a case: a vCPU in a guest address space with a little RAM at 0x40000000, where a blob
 * of code is put, and the interrupt controller's virtual CPU interface. The root thread is the VMM:
 * it takes exits and answers them, each by its own saved reply, so that several guests take turns.
 */
#ifndef TEST_GUEST_H
#define TEST_GUEST_H

#include <l4/abi/msg.h>
#include <l4/abi/vcpu.h>
#include <l4/ipc.h>

#include "space.h"

#define GUEST_RAM 0x40000000u
#define GUEST_RAM_SIZE 0x10000u
#define GUEST_PARAMETERS 0x8000u /* offset of words that a case gives to its blob */
#define GUEST_GICV 0x08010000u
#define GUEST_PRIORITY 90u

struct guest {
    struct space *space;
    l4_cap_t vcpu;
    l4_cap_t endpoint;
    l4_cap_t reply;
    l4_cap_t ram_region;
    uint32_t *ram; /* in the root program's space */
    volatile uint32_t *parameter;
    struct l4_msg exit; /* the last one */
};

/* Blobs are functions in assembly: from `begin` to `end`, position independent. */
#define GUEST_BLOB(name) extern const uint32_t guest_##name[], guest_##name##_end[]
#define GUEST_CREATE(guest, name) guest_create((guest), guest_##name, guest_##name##_end)

/* Ready to start at the blob's first instruction. False and a recorded failure if it failed. */
bool guest_create(struct guest *guest, const uint32_t *begin, const uint32_t *end);
/* The same; flags: L4_THREAD_PMU. */
bool guest_create_flags(struct guest *guest, const uint32_t *begin, const uint32_t *end,
                        uint32_t flags);
bool guest_start(struct guest *guest);
/* Takes the next exit into guest->exit; it must have this label. */
bool guest_expect(struct guest *guest, uint32_t label);
/* The same within `us`, of any label; the status of the receive. */
l4_status_t guest_wait(struct guest *guest, uint32_t us);
/* Answers it: actions are L4_RESUME_*. */
bool guest_answer(struct guest *guest, uint32_t actions, uint32_t w0, uint32_t w1, uint32_t w2,
                  uint32_t w3);
/* guest_answer() with nothing to say. */
bool guest_resume(struct guest *guest);
enum l4_thread_state guest_state(const struct guest *guest);
bool guest_wait_state(const struct guest *guest, enum l4_thread_state state, uint32_t us);

#endif
