/*
 * vsock-nc [-n LINES] [-w SECONDS] PORT: connects standard input and output to a vsock port of the
 * host (CID 2), as nc does to a TCP port, so that a shell script can use a message channel. Ends
 * when the peer closes; or, after the end of its input, when LINES lines have come or nothing for
 * SECONDS (5 unless told). Status: 0; 1 bad usage or no connection; 2 fewer than LINES lines.
 */
#include <stdbool.h>
#include <stddef.h>

#include "linux.h"

#define STDIN 0
#define STDOUT 1
#define STDERR 2
#define WAIT_S 5u
#define WAIT_MAX_S 100000u
#define NUMBER_MAX 1000000u

struct session {
    int socket;
    uint32_t lines; /* wanted; 0 = no limit */
    uint32_t seen;
    uint32_t wait_ms;
    bool input_ended;
};

int tool_main(int argc, const char *const *argv);

static char buffer[4096];

static void say(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0') {
        length++;
    }
    (void)system_call(SYS_WRITE, STDERR, (uintptr_t)text, length);
}

static bool parse(const char *text, uint32_t max, uint32_t *number)
{
    uint32_t value = 0;

    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || value > NUMBER_MAX) {
            return false;
        }
        value = value * 10 + (uint32_t)(*text - '0');
    }
    *number = value;
    return value <= max;
}

/* "-n 3" and the like: reads the number behind an option. */
static bool options(int argc, const char *const *argv, struct session *session, uint32_t *port)
{
    int at = 1;
    uint32_t seconds = WAIT_S;

    for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
        char name = argv[at][1];
        uint32_t *number = name == 'n' ? &session->lines : &seconds;

        if ((name != 'n' && name != 'w') || argv[at][2] != '\0' ||
            !parse(argv[at + 1], WAIT_MAX_S, number)) {
            return false;
        }
    }
    session->wait_ms = seconds * 1000u;
    return at + 1 == argc && parse(argv[at], NUMBER_MAX, port);
}

static bool write_all(int fd, const char *data, int length)
{
    while (length > 0) {
        int done = system_call(SYS_WRITE, (uintptr_t)fd, (uintptr_t)data, (uintptr_t)length);

        if (done <= 0) {
            return false;
        }
        data += done;
        length -= done;
    }
    return true;
}

/* Moves what one side has to the other; false at its end. */
static bool move(int from, int to, uint32_t *lines)
{
    int length = system_call(SYS_READ, (uintptr_t)from, (uintptr_t)buffer, sizeof(buffer));

    for (int i = 0; i < length; i++) {
        *lines += buffer[i] == '\n';
    }
    return length > 0 && write_all(to, buffer, length);
}

static int run(struct session *session)
{
    uint32_t typed = 0;

    while (!session->input_ended || session->lines == 0 || session->seen < session->lines) {
        struct pollfd fds[2] = {
            {.fd = session->socket, .events = POLLIN},
            {.fd = session->input_ended ? -1 : STDIN, .events = POLLIN},
        };
        uintptr_t timeout = session->input_ended ? session->wait_ms : UINTPTR_MAX;
        int ready = system_call(SYS_POLL, (uintptr_t)fds, 2, timeout);

        if (ready <= 0) {
            break;
        }
        if (fds[0].revents != 0 && !move(session->socket, STDOUT, &session->seen)) {
            break;
        }
        if (fds[1].revents != 0 && !move(STDIN, session->socket, &typed)) {
            session->input_ended = true;
        }
    }
    return session->seen < session->lines ? 2 : 0;
}

int tool_main(int argc, const char *const *argv)
{
    struct session session = {0};
    struct sockaddr_vm host = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST};

    if (!options(argc, argv, &session, &host.svm_port)) {
        say("usage: vsock-nc [-n LINES] [-w SECONDS] PORT\n");
        return 1;
    }
    session.socket = system_call(SYS_SOCKET, AF_VSOCK, SOCK_STREAM, 0);
    if (session.socket < 0) {
        say("vsock-nc: no vsock sockets (is the module loaded?)\n");
        return 1;
    }
    if (system_call(SYS_CONNECT, (uintptr_t)session.socket, (uintptr_t)&host, sizeof(host)) < 0) {
        say("vsock-nc: no connection: no such port, or nobody listens\n");
        return 1;
    }
    return run(&session);
}
