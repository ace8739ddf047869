/*
 * Between config.c and config_check.c: one place that composes problems.
 */
#ifndef INIT_CONFIG_PRIVATE_H
#define INIT_CONFIG_PRIVATE_H

#include <init/config.h>

/* Reports against /domains/NAME; `what` is formatted. */
__attribute__((format(printf, 5, 6))) void config_problem(struct config_report *report,
                                                          const char *domain, const char *property,
                                                          const char *remedy, const char *what,
                                                          ...);

#endif
