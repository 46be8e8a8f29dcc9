/* What the programs with threads share. */
#ifndef TONGKE_FUZZ_LOOPS_H
#define TONGKE_FUZZ_LOOPS_H

#include <netinet/in.h>

#include "fuzz.h"
#include "loop.h"

/* A socket on loopback; where it is bound. */
int open_socket(struct sockaddr_in *name);
struct address address_of(const struct sockaddr_in *name); /* as a plane sees it */
/* Takes and frees the events, as control does. Returns how many there were. */
int read_events(struct loop *loop);

#endif
