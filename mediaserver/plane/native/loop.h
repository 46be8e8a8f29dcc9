/* The thread that carries packets, and the lock between it and control. */
#ifndef TONGKE_LOOP_H
#define TONGKE_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "plane.h"

#define MAX_SOCKETS 16

struct loop {
    struct plane *plane;
    pthread_mutex_t lock;      /* over all of the plane */
    pthread_mutex_t turnstile; /* whoever waits for the lock holds this, so that the busy thread lets control in */
    pthread_t thread;
    atomic_bool running, untold; /* untold: events wait that are not urgent */
    bool started, segments; /* started: once, for good; segments: the kernel takes UDP_SEGMENT */
    pid_t process;          /* the one whose thread it is */
    int sockets[MAX_SOCKETS], n_sockets;
    int stop_fd, notify_fd; /* eventfds: to the thread, and from it to control's event loop */
    struct out *captured; /* before the thread starts, what would be sent is kept for `take_outbox` */
    int n_captured, room_captured;
    struct inbox *inbox; /* packets other planes relay to this one */
    struct receiver *receiver;
    struct sender *sender;
};

struct loop *loop_new(struct plane *plane);
bool loop_start(struct loop *loop, const int *sockets, int n); /* once; false with errno set */
void loop_stop(struct loop *loop);
void loop_free(struct loop *loop);
/* False in a child that was forked after the start: the thread is not there, and its locks may be held for ever. */
bool loop_is_ours(const struct loop *loop);
void loop_lock(struct loop *loop);
void loop_unlock(struct loop *loop); /* also wakes control when there are events */
/* Take in one batch of what other planes relayed. Returns whether there may be more. */
bool loop_take_relayed(struct loop *loop);
int64_t monotonic_us(void);

#endif
