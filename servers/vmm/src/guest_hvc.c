/* The guest's virtio console, over its second console session with devmgr. */
#include "guest.h"

#define HVC_SESSION 1u /* l4/proto/session.h: number 0 is the serial port */

static void hvc_bell(void *context)
{
    const struct guest_hvc *hvc = context;
    l4_session_kick(&hvc->session.session);
}

static void hvc_attach(struct guest_hvc *hvc)
{
    const struct doorbell bell = {hvc_bell, hvc};
    virtio_console_attach(&hvc->console, hvc->session.open ? hvc->session.session.address : NULL,
                          &bell);
}

static l4_status_t hvc_create(struct guest *guest)
{
    struct guest_hvc *hvc = &guest->hvc;
    const struct l4_session_offer offer = {.server = L4_START_DEVMGR,
                                           .bits = HVC_BIT,
                                           .kind = L4_SESSION_CONSOLE,
                                           .number = HVC_SESSION,
                                           .window = L4_PAGE_SIZE};
    if ((guest->config->flags & L4_VMM_CONSOLE) == 0) {
        return L4_OK;
    }
    virtio_console_init(&hvc->console);
    l4_status_t status =
        guest_session_open(&hvc->session, &guest->slots, &guest->window, "console", &offer, NULL);
    if (status == L4_OK) {
        status = guest_virtio_add(guest, &hvc->console.virtio, "console", GUEST_ONLY_ONE);
    }
    if (status == L4_OK) {
        hvc_attach(hvc);
    }
    return status;
}

static void hvc_signal(struct guest *guest, uint32_t bits)
{
    (void)bits;
    virtio_console_ready(&guest->hvc.console);
}

static l4_status_t hvc_reopen(struct guest *guest)
{
    if ((guest->config->flags & L4_VMM_CONSOLE) == 0) {
        return L4_OK;
    }
    l4_status_t status = guest_session_reopen(&guest->hvc.session);
    hvc_attach(&guest->hvc);
    return status;
}

const struct guest_kind guest_hvc = {"virtio console", hvc_create,   HVC_BIT,
                                     hvc_signal,       L4_VM_DEVMGR, hvc_reopen};
