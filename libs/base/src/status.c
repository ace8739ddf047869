#include <l4/base/status.h>

const char *l4_status_text(l4_status_t status)
{
    switch (status) {
#define L4_STATUS_CASE(name, value, text)                                                          \
    case (value):                                                                                  \
        return (text);
        L4_STATUS_TABLE(L4_STATUS_CASE)
#undef L4_STATUS_CASE
    default:
        return "unknown status code";
    }
}
