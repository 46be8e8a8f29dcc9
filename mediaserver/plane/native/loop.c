/* Sockets and the thread: recvmmsg, the plane, sendmmsg, without Python.
 *
 * Packets to one receiver that follow each other and have one size leave in one UDP_SEGMENT send where the
 * kernel has it: the kernel then walks its stack once for all of them. A full socket buffer is a counted
 * drop for that receiver, never a wait for the others. */
#include "loop.h"

#include "relay.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#define MAX_BATCH 64
#define NICE (-10)
#define SLICE_NS 100000      /* the least the kernel takes */
#define PATIENCE_US 20000    /* reports that nobody waits for reach control after so long */
#define BURST 3              /* datagrams of one wake that are a picture and no coincidence */
#define BURST_MEMORY 16      /* wakes */
#define GATHER_US 100        /* a publisher's picture is given so long to arrive whole */
#define MAX_SEGMENTS 64      /* UDP_MAX_SEGMENTS of the older kernels */
#define MAX_SEGMENTED 65000  /* bytes of one segmented send */

struct receiver {
    struct mmsghdr messages[MAX_BATCH];
    struct iovec vectors[MAX_BATCH];
    struct sockaddr_storage peers[MAX_BATCH];
    uint8_t data[MAX_BATCH][MAX_DATAGRAM] __attribute__((aligned(16)));
};

struct sender {
    struct mmsghdr messages[MAX_OUTBOX];
    struct iovec vectors[MAX_OUTBOX];
    struct sockaddr_storage peers[MAX_OUTBOX];
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr align;
    } control[MAX_OUTBOX];
};

int64_t monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void loop_lock(struct loop *loop) {
    pthread_mutex_lock(&loop->turnstile);
    pthread_mutex_lock(&loop->lock);
    pthread_mutex_unlock(&loop->turnstile);
}

void loop_unlock(struct loop *loop) {
    struct plane *plane = loop->plane;
    bool tell = plane->n_events > 0 && atomic_load(&loop->running);
    if (tell && !plane->urgent) {
        int64_t waited_us = monotonic_us() - plane->events[0].now_us;
        tell = waited_us >= PATIENCE_US;
    }
    atomic_store(&loop->untold, plane->n_events > 0 && !tell);
    plane->urgent = false;
    pthread_mutex_unlock(&loop->lock);
    if (tell) {
        uint64_t one = 1;
        ssize_t written = write(loop->notify_fd, &one, sizeof one);
        (void)written; /* a full eventfd is one that has been heard already */
    }
}

/* ---------------------------------------------------------------- addresses */

static void from_sockaddr(struct address *address, int socket, const struct sockaddr_storage *peer) {
    memset(address, 0, sizeof *address);
    address->socket = (uint16_t)socket;
    address->family = peer->ss_family;
    if (peer->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
        address->port = ntohs(v4->sin_port);
        memcpy(address->ip, &v4->sin_addr, 4);
    } else {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
        address->port = ntohs(v6->sin6_port);
        address->scope = v6->sin6_scope_id;
        address->flow = ntohl(v6->sin6_flowinfo);
        memcpy(address->ip, &v6->sin6_addr, 16);
    }
}

static socklen_t to_sockaddr(struct sockaddr_storage *peer, const struct address *address) {
    memset(peer, 0, sizeof *peer);
    if (address->family == AF_INET) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)peer;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address->port);
        memcpy(&v4->sin_addr, address->ip, 4);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)peer;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address->port);
    v6->sin6_scope_id = address->scope;
    v6->sin6_flowinfo = htonl(address->flow);
    memcpy(&v6->sin6_addr, address->ip, 16);
    return sizeof *v6;
}

/* ---------------------------------------------------------------- sending */

/* How many of the outbox's packets from `first` on can leave in one segmented send. */
static int run_of_segments(const struct plane *plane, int first, size_t *total) {
    const struct out *head = &plane->outbox[first];
    int n = 1;
    *total = head->size;
    while (first + n < plane->n_outbox && n < MAX_SEGMENTS) {
        const struct out *next = &plane->outbox[first + n];
        bool same = !memcmp(&next->address, &head->address, sizeof next->address);
        if (!same || next->size > head->size || *total + next->size > MAX_SEGMENTED) break;
        *total += next->size;
        n++;
        if (next->size < head->size) break; /* a shorter one can only be the last */
    }
    return n;
}

static void sent(struct plane *plane, const struct msghdr *message) {
    plane->count[C_tx_datagrams] += (int64_t)message->msg_iovlen;
    for (size_t i = 0; i < message->msg_iovlen; i++) plane->count[C_tx_bytes] += (int64_t)message->msg_iov[i].iov_len;
}

static bool is_full(int error) { return error == EAGAIN || error == ENOBUFS; }

/* What the kernel says of segments longer than the path takes unfragmented, and of a device that cannot cut
 * them. Any other error would meet single packets as well. */
static bool is_about_segments(int error) { return error == EINVAL || error == EMSGSIZE || error == EIO; }

static void send_singly(struct plane *plane, int socket, const struct msghdr *message) {
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        const struct iovec *vector = &message->msg_iov[i];
        ssize_t n = sendto(socket, vector->iov_base, vector->iov_len, MSG_DONTWAIT, message->msg_name,
                           message->msg_namelen);
        if (n >= 0) {
            plane->count[C_tx_datagrams]++;
            plane->count[C_tx_bytes] += n;
        } else {
            plane->count[is_full(errno) ? C_drop_send_full : C_drop_send_error]++;
        }
    }
}

static void submit(struct loop *loop, int socket, struct mmsghdr *messages, int n) {
    struct plane *plane = loop->plane;
    for (int i = 0; i < n;) {
        int done = sendmmsg(socket, messages + i, (unsigned)(n - i), MSG_DONTWAIT);
        if (done > 0) {
            for (int k = i; k < i + done; k++) sent(plane, &messages[k].msg_hdr);
            i += done;
        } else if (errno != EINTR) {
            int error = errno;
            const struct msghdr *refused = &messages[i++].msg_hdr;
            if (is_full(error)) {
                plane->count[C_drop_send_full] += (int64_t)refused->msg_iovlen;
            } else if (refused->msg_controllen && is_about_segments(error)) {
                if (error == EIO) loop->segments = false; /* the device: it will be so the next time */
                send_singly(plane, socket, refused);
            } else {
                plane->count[C_drop_send_error] += (int64_t)refused->msg_iovlen;
            }
        }
    }
}

static struct loop *loop_of(struct plane *plane) { return plane->owner; }

static void send_outbox(struct plane *plane) {
    struct loop *loop = loop_of(plane);
    struct sender *sender = loop->sender;
    int n = 0, socket = 0;
    for (int first = 0; first < plane->n_outbox;) {
        const struct out *out = &plane->outbox[first];
        if (out->address.socket >= loop->n_sockets) {
            plane->count[C_drop_send_error]++;
            first++;
            continue;
        }
        if (n && out->address.socket != socket) {
            submit(loop, loop->sockets[socket], sender->messages, n);
            n = 0;
        }
        socket = out->address.socket;
        size_t total = out->size;
        int segments = loop->segments ? run_of_segments(plane, first, &total) : 1;
        struct msghdr *message = &sender->messages[n].msg_hdr;
        memset(message, 0, sizeof *message);
        message->msg_name = &sender->peers[n];
        message->msg_namelen = to_sockaddr(&sender->peers[n], &out->address);
        message->msg_iov = &sender->vectors[first];
        message->msg_iovlen = (size_t)segments;
        for (int i = first; i < first + segments; i++)
            sender->vectors[i] = (struct iovec){plane->outbox[i].data, plane->outbox[i].size};
        if (segments > 1) {
            message->msg_control = sender->control[n].bytes;
            message->msg_controllen = sizeof sender->control[n].bytes;
            struct cmsghdr *control = CMSG_FIRSTHDR(message);
            control->cmsg_level = SOL_UDP;
            control->cmsg_type = UDP_SEGMENT;
            control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
            memcpy(CMSG_DATA(control), &out->size, sizeof(uint16_t));
        }
        first += segments;
        n++;
    }
    if (n) submit(loop, loop->sockets[socket], sender->messages, n);
    plane->n_outbox = 0;
}

/* ---------------------------------------------------------------- receiving */

/* One batch of one socket. Returns whether there may be more. */
static bool receive_batch(struct loop *loop, int number, int *burst) {
    struct receiver *receiver = loop->receiver;
    int batch = loop->plane->settings.batch < MAX_BATCH ? loop->plane->settings.batch : MAX_BATCH;
    size_t room = (size_t)loop->plane->settings.max_datagram + 1; /* one more, so that a longer one is seen as such */
    for (int i = 0; i < batch; i++) {
        receiver->vectors[i] = (struct iovec){receiver->data[i], room};
        receiver->messages[i].msg_hdr =
            (struct msghdr){.msg_name = &receiver->peers[i], .msg_namelen = sizeof receiver->peers[i],
                            .msg_iov = &receiver->vectors[i], .msg_iovlen = 1};
    }
    int n = recvmmsg(loop->sockets[number], receiver->messages, (unsigned)batch, MSG_DONTWAIT, NULL);
    if (n <= 0) return n < 0 && errno == EINTR; /* ICMP errors of earlier sends surface here, and mean nothing */
    loop_lock(loop);
    int64_t now_us = monotonic_us(), before = loop->plane->count[C_tx_rtp];
    for (int i = 0; i < n; i++) {
        struct address from;
        from_sockaddr(&from, number, &receiver->peers[i]);
        receive(loop->plane, receiver->data[i], receiver->messages[i].msg_len, &from, now_us);
    }
    flush(loop->plane);
    if (loop->plane->count[C_tx_rtp] > before) *burst += n;
    loop_unlock(loop);
    return n == batch;
}

/* Media first: a packet should not wait for the end of Python's time slice when both have one core. A short slice of
 * its own (Linux 6.12) lets a thread preempt at once and needs no right; a better nice value needs one, and is asked for
 * all the same. Without either the thread works as well, if a few ms later under load. */
static void prefer_this_thread(void) {
    struct { /* sched_setattr(2) */
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t slice_ns, deadline_ns, period_ns;
    } attributes = {.size = 48, .policy = SCHED_OTHER, .nice = NICE, .slice_ns = SLICE_NS};
    if (syscall(SYS_sched_setattr, 0, &attributes, 0)) {
        attributes.nice = 0;
        syscall(SYS_sched_setattr, 0, &attributes, 0);
    }
}

bool loop_take_relayed(struct loop *loop) {
    loop_lock(loop);
    bool more = inbox_drain(loop->inbox, loop->plane, MAX_BATCH);
    flush(loop->plane);
    loop_unlock(loop);
    return more;
}

static void *run(void *argument) {
    struct loop *loop = argument;
    struct pollfd polls[MAX_SOCKETS + 2];
    int burst = 0;  /* datagrams of the previous wake that were forwarded */
    int bursty = 0; /* wakes for which pictures are still expected to come in bursts; sound comes in between */
    prefer_this_thread();
    for (int i = 0; i < loop->n_sockets; i++) polls[i] = (struct pollfd){loop->sockets[i], POLLIN, 0};
    polls[loop->n_sockets] = (struct pollfd){loop->stop_fd, POLLIN, 0};
    struct pollfd *relayed = &polls[loop->n_sockets + 1];
    *relayed = (struct pollfd){inbox_fd(loop->inbox), POLLIN, 0};
    while (atomic_load(&loop->running)) {
        int timeout = atomic_load(&loop->untold) ? PATIENCE_US / 1000 : -1;
        int ready = poll(polls, (nfds_t)loop->n_sockets + 2, timeout);
        if (ready < 0 && errno != EINTR) break;
        if (ready == 0) { /* nobody came by to tell control of the reports */
            loop_lock(loop);
            loop->plane->urgent = true;
            loop_unlock(loop);
            continue;
        }
        bursty = burst >= BURST ? BURST_MEMORY : bursty - (bursty > 0);
        if (bursty) usleep(GATHER_US);
        burst = 0;
        bool more = true, relaying = relayed->revents;
        if (relaying) inbox_hear(loop->inbox);
        while (more && atomic_load(&loop->running)) {
            more = relaying = relaying && loop_take_relayed(loop);
            for (int i = 0; i < loop->n_sockets; i++)
                if (receive_batch(loop, i, &burst)) more = true;
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- life */

static void drop_outbox(struct plane *plane) { plane->n_outbox = 0; }

static void capture_outbox(struct plane *plane) {
    struct loop *loop = loop_of(plane);
    int n = loop->n_captured + plane->n_outbox;
    if (n > loop->room_captured) {
        struct out *captured = aligned_alloc(16, (size_t)n * 2 * sizeof *captured);
        if (!captured) return drop_outbox(plane);
        if (loop->n_captured) memcpy(captured, loop->captured, (size_t)loop->n_captured * sizeof *captured);
        free(loop->captured);
        loop->captured = captured;
        loop->room_captured = n * 2;
    }
    if (plane->n_outbox)
        memcpy(loop->captured + loop->n_captured, plane->outbox, (size_t)plane->n_outbox * sizeof *plane->outbox);
    loop->n_captured = n;
    plane->n_outbox = 0;
}

struct loop *loop_new(struct plane *plane) {
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop) return NULL;
    loop->plane = plane;
    plane->owner = loop;
    plane->send = capture_outbox;
    loop->stop_fd = loop->notify_fd = -1;
    loop->inbox = inbox_new();
    if (!loop->inbox) {
        free(loop);
        return NULL;
    }
    pthread_mutex_init(&loop->lock, NULL);
    pthread_mutex_init(&loop->turnstile, NULL);
    return loop;
}

/* An older kernel would ignore the control message and send all segments as one datagram. */
static bool has_segments(int socket) {
    int size;
    socklen_t length = sizeof size;
    return !getsockopt(socket, SOL_UDP, UDP_SEGMENT, &size, &length);
}

/* Returns 0 or an error number. Signals stay with the threads that wait for them. */
static int create_thread(struct loop *loop) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&loop->thread, NULL, run, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* After a failure the loop is as useless as a stopped one, and is freed like it. */
bool loop_start(struct loop *loop, const int *sockets, int n) {
    loop->started = true;
    loop->process = getpid();
    loop->receiver = aligned_alloc(16, (sizeof *loop->receiver + 15) & ~(size_t)15);
    loop->sender = calloc(1, sizeof *loop->sender);
    loop->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->plane->send = drop_outbox;
    if (!loop->receiver || !loop->sender || loop->stop_fd < 0 || loop->notify_fd < 0) return false;
    memcpy(loop->sockets, sockets, (size_t)n * sizeof *sockets);
    loop->n_sockets = n;
    loop->segments = true;
    for (int i = 0; i < n; i++) loop->segments = loop->segments && has_segments(sockets[i]);
    loop->plane->send = send_outbox;
    atomic_store(&loop->running, true);
    int error = create_thread(loop);
    if (!error) return true;
    atomic_store(&loop->running, false);
    loop->plane->send = drop_outbox;
    errno = error;
    return false;
}

bool loop_is_ours(const struct loop *loop) { return !loop->started || loop->process == getpid(); }

void loop_stop(struct loop *loop) {
    inbox_close(loop->inbox);
    if (!atomic_exchange(&loop->running, false)) return;
    uint64_t one = 1;
    ssize_t written = write(loop->stop_fd, &one, sizeof one);
    (void)written;
    pthread_join(loop->thread, NULL);
    loop_lock(loop);
    loop->plane->send = drop_outbox; /* the sockets are closed next, and their numbers used again */
    loop_unlock(loop);
}

void loop_free(struct loop *loop) {
    loop_stop(loop);
    if (loop->stop_fd >= 0) close(loop->stop_fd);
    if (loop->notify_fd >= 0) close(loop->notify_fd);
    inbox_release(loop->inbox);
    free(loop->captured);
    free(loop->receiver);
    free(loop->sender);
    pthread_mutex_destroy(&loop->lock);
    pthread_mutex_destroy(&loop->turnstile);
    free(loop);
}
