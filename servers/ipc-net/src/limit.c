#include <ipc_net/limit.h>

#define NS_PER_S UINT64_C(1000000000)
#define UNITS 256u /* cost is for so many, for precision */

void limit_init(struct limit *limit, uint64_t per_second, uint64_t burst_ns, uint32_t least)
{
    *limit = (struct limit){0};
    if (per_second == 0) {
        return;
    }
    limit->cost = NS_PER_S * UNITS / per_second;
    const uint64_t least_ns = limit->cost * least / UNITS;
    limit->burst = least_ns > burst_ns ? least_ns : burst_ns;
}

void limit_charge(struct limit *limit, uint32_t units, uint64_t now)
{
    if (limit->cost != 0) {
        const uint64_t from = limit->next > now ? limit->next : now;
        limit->next = from + limit->cost * units / UNITS;
    }
}
