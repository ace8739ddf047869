/*
 * What devmgr and ipc-net have in common, seen from init.
 */
#include <l4/base/status.h>
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/log.h>

#include "init.h"

l4_status_t service_give(const struct service *service, const struct process *client, l4_cap_t slot,
                         uint32_t badge)
{
    return l4_cap_copy(service->process.endpoint, slot, client->aspace,
                       L4_RIGHT_SEND | L4_RIGHT_SIGNAL | L4_RIGHT_GRANT | L4_RIGHT_INFO, badge);
}

l4_status_t service_call(const struct service *service, struct l4_msg *msg)
{
    const l4_status_t status = l4_call_within(service->process.endpoint, msg, REQUEST_US);
    return status != L4_OK ? status : (l4_status_t)msg->w[0];
}

l4_status_t service_request(const struct service *service, uint32_t label, uint32_t word)
{
    struct l4_msg msg = l4_msg(label, word, 0, 0, 0);
    return service->runs ? service_call(service, &msg) : L4_ERR_STATE;
}

void service_end(struct service *service)
{
    service->runs = false;
    const l4_status_t status = l4_cap_revoke(service->arena[service->which]);
    if (status != L4_OK) {
        l4_log("a server's memory cannot be reclaimed: %s", l4_status_text(status));
    }
    process_forget(&service->process);
}
