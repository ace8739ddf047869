#include <string.h>

#include <ipc_net/learn.h>

static uint32_t set_of(uint64_t address)
{
    uint32_t hash = (uint32_t)address ^ (uint32_t)(address >> 24);
    hash ^= hash >> 16;
    hash ^= hash >> 8;
    return (hash ^ hash >> 4) % LEARN_SETS;
}

static bool live(const struct learn_entry *entry, uint32_t tick)
{
    return entry->address != 0 && tick - entry->seen <= LEARN_AGE;
}

void learn_clear(struct learn *learn)
{
    memset(learn, 0, sizeof *learn);
}

bool learn_add(struct learn *learn, uint64_t address, uint32_t tick)
{
    struct learn_entry *const set = learn->entry[set_of(address)];
    struct learn_entry *place = &set[0];
    for (uint32_t way = 0; way < LEARN_WAYS; way++) {
        struct learn_entry *const entry = &set[way];
        if (entry->address == address) {
            const bool known = live(entry, tick);
            entry->seen = tick;
            return !known;
        }
        if (live(place, tick) && (!live(entry, tick) || tick - entry->seen > tick - place->seen)) {
            place = entry;
        }
    }
    *place = (struct learn_entry){.address = address, .seen = tick};
    return true;
}

bool learn_has(const struct learn *learn, uint64_t address, uint32_t tick)
{
    const struct learn_entry *const set = learn->entry[set_of(address)];
    for (uint32_t way = 0; way < LEARN_WAYS; way++) {
        if (set[way].address == address) {
            return live(&set[way], tick);
        }
    }
    return false;
}

void learn_forget(struct learn *learn, uint64_t address)
{
    struct learn_entry *const set = learn->entry[set_of(address)];
    for (uint32_t way = 0; way < LEARN_WAYS; way++) {
        if (set[way].address == address) {
            set[way].address = 0;
        }
    }
}
