/*
 * vsock-nc [-n LINES] [-r RESULTS] [-w SECONDS] PORT: connects standard input and output to a vsock
 * port of the host (CID 2), as nc does to a TCP port, so that a shell script can use a message
 * channel. Ends when the peer closes; or, after the end of its input, when LINES lines have come,
 * or RESULTS that are a modem's last word on a command (ITU-T V.250, 5.7.1), or nothing for SECONDS
 * (5 unless told). Status: 0; 1 bad usage or no connection; 2 too few lines.
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
#define LINE_BYTES 16u /* more than the longest result */

struct session {
    int socket;
    uint32_t lines; /* wanted; 0 = no limit */
    uint32_t seen;
    bool results;          /* only these count */
    char line[LINE_BYTES]; /* of the peer's last one, how it begins */
    uint32_t length;
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
        uint32_t *number = name == 'w' ? &seconds : &session->lines;

        session->results = session->results || name == 'r';
        if ((name != 'n' && name != 'r' && name != 'w') || argv[at][2] != '\0' ||
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

static bool is_result(const char *line)
{
    static const char *const result[] = {"OK", "ERROR", "BUSY", "NO CARRIER"};

    for (size_t i = 0; i < sizeof(result) / sizeof(result[0]); i++) {
        size_t at = 0;

        while (line[at] != '\0' && line[at] == result[i][at]) {
            at++;
        }
        if (line[at] == result[i][at]) {
            return true;
        }
    }
    return false;
}

static void count_lines(struct session *session, int length)
{
    for (int i = 0; i < length; i++) {
        char c = buffer[i];

        if (c == '\n') {
            session->line[session->length] = '\0';
            session->seen += !session->results || is_result(session->line);
            session->length = 0;
        } else if (c != '\r' && session->length + 1 < LINE_BYTES) {
            session->line[session->length++] = c;
        }
    }
}

/* Moves what one side has to the other; what it returns is 0 or less at its end. */
static int move(int from, int to)
{
    int length = system_call(SYS_READ, (uintptr_t)from, (uintptr_t)buffer, sizeof(buffer));

    return write_all(to, buffer, length) ? length : 0;
}

static bool take_answer(struct session *session)
{
    int length = move(session->socket, STDOUT);

    count_lines(session, length);
    return length > 0;
}

static int run(struct session *session)
{
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
        if (fds[0].revents != 0 && !take_answer(session)) {
            break;
        }
        if (fds[1].revents != 0 && move(STDIN, session->socket) <= 0) {
            session->input_ended = true;
        }
    }
    return session->seen < session->lines ? 2 : 0;
}

int tool_main(int argc, const char *const *argv)
{
    static struct session session; /* there is no memset() */
    struct sockaddr_vm host = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST};

    if (!options(argc, argv, &session, &host.svm_port)) {
        say("usage: vsock-nc [-n LINES] [-r RESULTS] [-w SECONDS] PORT\n");
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
