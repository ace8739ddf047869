/*
 * From a system call to its completion through a virtio device: a 4 KiB read of the disk past the
 * page cache, and an ICMP echo to the gateway of QEMU's user-mode network.
 */
#include "measure.h"
#include "sys.h"

#define O_DIRECT 0x10000
#define BLOCK 4096u
#define BLOCKS 512u
#define AF_INET 2
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define IPPROTO_ICMP 1
#define SIOCSIFFLAGS 0x8914
#define SIOCSIFADDR 0x8916
#define SIOCSIFNETMASK 0x891c
#define IFF_UP_RUNNING 0x41
#define ICMP_ECHO 8u
#define IP_HEADER 20
#define ADDRESS(a, b, c, d)                                                                        \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

static uint8_t block[BLOCK] __attribute__((aligned(BLOCK)));

void bench_disk(void)
{
    long disk = check("open /dev/vda", sys3(SYS_open, PTR("/dev/vda"), O_DIRECT, 0));

    for (uint32_t i = 0; i < SAMPLES; i++) {
        long at = (long)(i * 7u % BLOCKS * BLOCK);
        uint32_t from = instructions();

        /* EABI: the 64-bit offset takes the next even register pair. */
        check("pread", sys6(SYS_pread64, disk, PTR(block), BLOCK, 0, at, 0));
        sample[i] = instructions() - from;
    }
    report("blk.read4k");
}

struct address {
    uint16_t family, port;
    uint32_t host;
    uint32_t zero[2];
};

struct interface {
    char name[16];
    union {
        struct address address;
        int16_t flags;
        uint8_t room[16];
    } value;
};

static void interface_up(void)
{
    struct interface request = {.name = "eth0"};
    long any = check("socket", sys3(SYS_socket, AF_INET, SOCK_DGRAM, 0));

    request.value.address = (struct address){AF_INET, 0, ADDRESS(10, 0, 2, 15), {0}};
    check("address of eth0", sys3(SYS_ioctl, any, SIOCSIFADDR, PTR(&request)));
    request.value.address.host = ADDRESS(255, 255, 255, 0);
    check("netmask of eth0", sys3(SYS_ioctl, any, SIOCSIFNETMASK, PTR(&request)));
    request.value.flags = IFF_UP_RUNNING;
    check("eth0 up", sys3(SYS_ioctl, any, SIOCSIFFLAGS, PTR(&request)));
    (void)sys3(SYS_close, any, 0, 0);
}

/* type, code, checksum, id, sequence: the checksum over these four half-words. */
static void echo_make(uint16_t packet[4], uint16_t sequence)
{
    uint32_t sum = ICMP_ECHO + 1u + sequence;

    packet[0] = ICMP_ECHO;
    packet[2] = 1;
    packet[3] = sequence;
    packet[1] = (uint16_t) ~((sum & 0xffffu) + (sum >> 16));
}

static uint32_t echo_once(long wire, uint16_t sequence)
{
    static uint16_t packet[4];
    static uint16_t answer[64];
    uint32_t from = instructions();

    echo_make(packet, sequence);
    check("send", sys6(SYS_send, wire, PTR(packet), sizeof packet, 0, 0, 0));
    do {
        check("recv", sys6(SYS_recv, wire, PTR(answer), sizeof answer, 0, 0, 0));
    } while (answer[IP_HEADER / 2 + 3] != sequence || (answer[IP_HEADER / 2] & 0xffu) != 0);
    return instructions() - from;
}

void bench_network(void)
{
    static const struct address gateway = {AF_INET, 0, ADDRESS(10, 0, 2, 2), {0}};

    interface_up();
    long wire = check("raw socket", sys3(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP));
    check("connect", sys3(SYS_connect, wire, PTR(&gateway), sizeof gateway));
    for (uint32_t i = 0; i < SAMPLES + 8u; i++) {
        uint32_t value = echo_once(wire, (uint16_t)(i + 1u));

        sample[i < 8u ? 0 : i - 8u] = value;
    }
    report("net.rtt");
}
