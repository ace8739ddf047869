/* The guest's entropy device, over an entropy session with devmgr. */
#include "guest.h"

static uint32_t entropy_read(void *context, uint8_t *bytes, uint32_t count)
{
    struct guest_rng *rng = context;
    return rng->session.open ? l4_console_read(&rng->source, bytes, count) : 0;
}

static l4_status_t rng_create(struct guest *guest)
{
    struct guest_rng *rng = &guest->rng;
    const struct l4_session_offer offer = {.server = L4_START_DEVMGR,
                                           .bits = ENTROPY_BIT,
                                           .kind = L4_SESSION_ENTROPY,
                                           .window = L4_CONSOLE_WINDOW};
    const struct virtio_rng_port port = {rng, entropy_read};
    if ((guest->config->flags & L4_VMM_ENTROPY) == 0) {
        return L4_OK;
    }
    l4_status_t status = guest_session_open(&rng->session, &guest->slots, &guest->window, "entropy",
                                            &offer, &rng->source);
    if (status != L4_OK) {
        return status;
    }
    virtio_rng_init(&rng->rng, &port);
    return guest_virtio_add(guest, &rng->rng.virtio, "rng", GUEST_ONLY_ONE);
}

static void rng_signal(struct guest *guest, uint32_t bits)
{
    (void)bits;
    if (guest->rng.session.open) {
        virtio_rng_more(&guest->rng.rng);
    }
}

static l4_status_t rng_reopen(struct guest *guest)
{
    if ((guest->config->flags & L4_VMM_ENTROPY) == 0) {
        return L4_OK;
    }
    l4_status_t status = guest_session_reopen(&guest->rng.session);
    rng_signal(guest, ENTROPY_BIT);
    return status;
}

const struct guest_kind guest_entropy = {"entropy",  rng_create,   ENTROPY_BIT,
                                         rng_signal, L4_VM_DEVMGR, rng_reopen};
