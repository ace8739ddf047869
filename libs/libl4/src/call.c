/*
 * Calls with a limit of time that tells a server which had no time from one that hangs.
 */
#include <stdbool.h>

#include <l4/ipc.h>
#include <l4/system.h>

#define TRIES 5u
#define LATE_NS 1000000u
#define NS_PER_US 1000u

l4_status_t l4_call_within(l4_cap_t endpoint, struct l4_msg *msg, uint32_t timeout_us)
{
    const struct l4_msg question = *msg;
    l4_status_t status = L4_ERR_TIMEOUT;
    bool late = true;
    for (uint32_t i = 0; i < TRIES && status == L4_ERR_TIMEOUT && late; i++) {
        const uint64_t due = l4_system_clock().ns + (uint64_t)timeout_us * NS_PER_US;
        *msg = question;
        status = l4_call(endpoint, msg, timeout_us);
        late = l4_system_clock().ns > due + LATE_NS;
    }
    return status;
}
