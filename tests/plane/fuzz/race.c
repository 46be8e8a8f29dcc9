/* loop.c over real sockets on loopback, for ThreadSanitizer: datagrams keep coming while control changes the
 * tables, reads, and in the end stops and frees everything under the traffic. Argument: seconds. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loops.h"

#define SOCKETS 2
#define CLIENTS 4 /* each with a socket of its own, and so an address */
#define LIFE_US 200000

enum { CAMERA = 100, ROUTE = 200 };

struct client {
    int socket;
    struct address address; /* as the plane sees it */
    struct srtp *srtp;      /* lives longer than any plane */
    struct srtp *inbound, *outbound;
};

static struct client clients[CLIENTS];
static struct sockaddr_in servers[SOCKETS];
static atomic_bool sending = true;
static long long lives, steps, events_read;
static atomic_llong datagrams_sent;

/* A publisher's and everybody's noise, as fast as it goes. */
static void *send_datagrams(void *unused) {
    (void)unused;
    uint8_t data[MAX_DATAGRAM] __attribute__((aligned(16))), sink[MAX_DATAGRAM];
    struct encoder encoders[CLIENTS] = {{1000, 0, 0}, {1001, 0, 0}, {7, 0, 0}, {8, 0, 0}};
    for (unsigned n = 0; atomic_load(&sending); n++) {
        struct client *client = &clients[n % 7 == 0 ? n / 7 % CLIENTS : 0];
        uint8_t script_bytes[] = {0x81, n % 50 == 0, 0, 200};
        struct script script = {script_bytes, script_bytes + sizeof script_bytes};
        size_t size = make_rtp(&script, &encoders[client - clients], data, sizeof data - TAG);
        size = seal(client->srtp, data, size, false);
        if (n % 31 == 0) data[0] = n % 2 ? 0 : 20; /* STUN, DTLS */
        sendto(client->socket, data, size, 0, (struct sockaddr *)&servers[n / 64 % SOCKETS], sizeof *servers);
        atomic_fetch_add(&datagrams_sent, 1);
        for (int i = 0; i < CLIENTS; i++)
            while (recv(clients[i].socket, sink, sizeof sink, MSG_DONTWAIT) > 0) continue;
        if (n % 64 == 0) usleep(500);
    }
    return NULL;
}

static void forget(struct client *client) {
    if (client->inbound) srtp_free(client->inbound);
    if (client->outbound) srtp_free(client->outbound);
    client->inbound = client->outbound = NULL;
}

static void change(struct loop *loop, uint32_t random, uint32_t serial) {
    struct plane *plane = loop->plane;
    int64_t which = random % CLIENTS, id = which + 1, now_us = monotonic_us();
    struct script plain = {NULL, NULL};
    struct client *client = &clients[which];
    loop_lock(loop);
    flush(plane);
    switch (random >> 8 & 7) {
        case 0: case 1: {
            struct srtp *inbound = srtp_new((uint64_t)id), *outbound = srtp_new((uint64_t)id + 50);
            REQUIRE(add_transport(plane, id, &client->address, inbound, outbound));
            forget(client);
            client->inbound = inbound;
            client->outbound = outbound;
            struct stream stream = make_stream(&plain, CAMERA + which);
            stream.ssrc += (uint32_t)which;
            REQUIRE(add_stream(plane, &stream, true, id));
            break;
        }
        case 2:
            remove_transport(plane, id);
            forget(client);
            break;
        case 3: case 4: case 5: {
            struct route route = make_route(&plain, ROUTE + which, serial);
            REQUIRE(set_route(plane, &route, id, CAMERA + (random >> 16 & 1), now_us));
            break;
        }
        case 6: remove_route(plane, ROUTE + which); break;
        default: {
            struct route *route = plane_route(plane, ROUTE + which);
            for (int back = 0; route && back < 20; back++) {
                uint16_t sequence = (uint16_t)(route->last_index - back);
                retransmit(plane, route, &sequence, 1, now_us);
            }
            send_raw(plane, &client->address, (const uint8_t *)"\x01 to nobody", 11);
        }
    }
    flush(plane);
    check_plane(plane);
    loop_unlock(loop);
    steps++;
}

/* One plane from its start to its end, with datagrams coming before, during and after. */
static void live(const int *sockets) {
    struct plane *plane = make_plane();
    struct loop *loop = loop_new(plane);
    REQUIRE(loop && loop_start(loop, sockets, SOCKETS));
    uint32_t random = (uint32_t)lives * 2654435761u + 1;
    for (int64_t end = monotonic_us() + LIFE_US; monotonic_us() < end;) {
        random = random * 1664525u + 1013904223u;
        change(loop, random >> 4, (uint32_t)steps);
        struct pollfd notified = {loop->notify_fd, POLLIN, 0};
        if (poll(&notified, 1, (random >> 28) & 1)) events_read += read_events(loop);
    }
    loop_stop(loop);
    loop_stop(loop);
    loop_free(loop);
    plane_free(plane);
    for (int i = 0; i < CLIENTS; i++) forget(&clients[i]);
    lives++;
}

int main(int argc, char **argv) {
    int64_t end = monotonic_us() + (int64_t)(1e6 * (argc > 1 ? atof(argv[1]) : 3));
    int sockets[SOCKETS];
    pthread_t sender;
    for (int i = 0; i < SOCKETS; i++) sockets[i] = open_socket(&servers[i]);
    for (int i = 0; i < CLIENTS; i++) {
        struct sockaddr_in name;
        clients[i].socket = open_socket(&name);
        clients[i].address = address_of(&name);
        clients[i].srtp = srtp_new((uint64_t)i + 1);
    }
    REQUIRE(!pthread_create(&sender, NULL, send_datagrams, NULL));
    while (monotonic_us() < end) live(sockets);
    atomic_store(&sending, false);
    pthread_join(sender, NULL);
    for (int i = 0; i < SOCKETS; i++) close(sockets[i]);
    for (int i = 0; i < CLIENTS; i++) {
        close(clients[i].socket);
        srtp_free(clients[i].srtp);
    }
    REQUIRE(datagrams_sent && steps && events_read);
    printf("lives %lld steps %lld datagrams %lld events %lld\n", lives, steps, (long long)datagrams_sent, events_read);
    return 0;
}
