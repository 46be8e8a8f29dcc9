/* Two planes that relay to each other, for ThreadSanitizer: packets come in on both while mirrors begin and end,
 * routes appear on both sides, streams go, and each plane in turn ends under what the other hands it, and is
 * replaced by a new one. Argument: seconds. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loops.h"
#include "relay.h"

#define PLANES 2
#define LIFE_US 100000

enum { PUBLISHER = 1, SUBSCRIBER = 2, CAMERA = 100, ROUTE = 200 };

struct peer {
    int socket;
    struct sockaddr_in name;
    struct srtp *sending; /* lives longer than any plane */
    struct srtp *inbound, *outbound;
};

struct side {
    struct loop *loop;
    int socket;
    struct sockaddr_in server;
    struct peer peers[2]; /* the publisher of CAMERA + side, and one who watches either */
    struct stream spec;
};

static struct side sides[PLANES];
static atomic_bool sending = true;
static atomic_llong datagrams_sent;
static long long steps, lives, relayed, forwarded, events_read;
static uint32_t serial;

static struct peer open_peer(uint64_t key) {
    struct peer peer = {.sending = srtp_new(key)};
    peer.socket = open_socket(&peer.name);
    return peer;
}

static void *send_datagrams(void *unused) {
    (void)unused;
    uint8_t data[MAX_DATAGRAM] __attribute__((aligned(16))), sink[MAX_DATAGRAM];
    struct encoder encoders[PLANES] = {{1000, 0, 0}, {1001, 0, 60000}};
    for (unsigned n = 0; atomic_load(&sending); n++) {
        unsigned which = n / 8 % PLANES;
        struct side *side = &sides[which];
        uint8_t bytes[] = {0x81, n % 50 < 16, 0, 200};
        struct script script = {bytes, bytes + sizeof bytes};
        size_t size = make_rtp(&script, &encoders[which], data, sizeof data - TAG);
        if (n % 997 == 0) encoders[which].sequence = (uint16_t)(encoders[which].sequence + 5000); /* a new numbering */
        size = seal(side->peers[0].sending, data, size, false);
        sendto(side->peers[0].socket, data, size, 0, (struct sockaddr *)&side->server, sizeof side->server);
        atomic_fetch_add(&datagrams_sent, 1);
        for (int i = 0; i < PLANES; i++)
            while (recv(sides[i].peers[1].socket, sink, sizeof sink, MSG_DONTWAIT) > 0) continue;
        if (n % 64 == 0) usleep(500);
    }
    return NULL;
}

/* ---------------------------------------------------------------- control */

static struct plane *enter(struct side *side) {
    loop_lock(side->loop);
    flush(side->loop->plane);
    return side->loop->plane;
}

static void leave(struct side *side) {
    flush(side->loop->plane);
    check_plane(side->loop->plane);
    loop_unlock(side->loop);
}

static void begin(struct side *side) {
    struct plane *plane = make_plane();
    struct loop *loop = loop_new(plane);
    REQUIRE(loop && loop_start(loop, &side->socket, 1));
    side->loop = loop;
    for (int i = 0; i < 2; i++) {
        struct peer *peer = &side->peers[i];
        struct address address = address_of(&peer->name);
        peer->inbound = srtp_new(0);
        peer->outbound = srtp_new(0);
        enter(side);
        REQUIRE(add_transport(plane, i ? SUBSCRIBER : PUBLISHER, &address, peer->inbound, peer->outbound));
        leave(side);
    }
    enter(side);
    REQUIRE(add_stream(plane, &side->spec, true, PUBLISHER));
    leave(side);
    lives++;
}

static void end(struct side *side) {
    struct plane *plane = side->loop->plane;
    loop_stop(side->loop);
    relayed += plane->count[C_rx_relayed];
    forwarded += plane->count[C_tx_rtp];
    loop_free(side->loop);
    plane_free(plane);
    for (int i = 0; i < 2; i++) {
        srtp_free(side->peers[i].inbound);
        srtp_free(side->peers[i].outbound);
    }
}

static void begin_mirror(struct side *origin, struct side *mirror) {
    REQUIRE(add_stream(enter(mirror), &origin->spec, true, 0));
    leave(mirror);
    struct plane *plane = enter(origin);
    struct stream *stream = plane_stream(plane, origin->spec.id);
    REQUIRE(!stream || relay_start(plane, stream, mirror->loop->inbox, 0));
    leave(origin);
}

static void end_mirror(struct side *origin, struct side *mirror, bool told) {
    struct stream *stream = plane_stream(enter(origin), origin->spec.id);
    if (stream && told) relay_stop(stream, mirror->loop->inbox);
    leave(origin);
    remove_stream(enter(mirror), origin->spec.id);
    leave(mirror);
}

static void change(uint32_t random) {
    struct side *side = &sides[random & 1], *other = &sides[~random & 1];
    struct script plain = {NULL, NULL};
    int64_t id = ROUTE + (random >> 1 & 3);
    struct plane *plane;
    switch (random >> 4 & 7) {
        case 0: case 1: begin_mirror(side, other); break;
        case 2: end_mirror(side, other, random & 0x100); break;
        case 3: case 4: case 5: {
            struct route route = make_route(&plain, id, serial++);
            REQUIRE(set_route(enter(side), &route, SUBSCRIBER, CAMERA + (random >> 8 & 1), monotonic_us()));
            leave(side);
            break;
        }
        case 6:
            plane = enter(side);
            struct route *route = plane_route(plane, id);
            for (int back = 0; route && back < 20; back++) {
                uint16_t sequence = (uint16_t)(route->last_index - back);
                retransmit(plane, route, &sequence, 1, monotonic_us());
            }
            leave(side);
            break;
        default:
            plane = enter(side);
            if (random & 0x100) remove_route(plane, id);
            else REQUIRE(add_stream(plane, &side->spec, true, PUBLISHER)); /* its relays go with the old one */
            leave(side);
    }
    steps++;
}

int main(int argc, char **argv) {
    int64_t until = monotonic_us() + (int64_t)(1e6 * (argc > 1 ? atof(argv[1]) : 3));
    pthread_t sender;
    uint32_t random = 1;
    for (int i = 0; i < PLANES; i++) {
        struct script plain = {NULL, NULL};
        sides[i].socket = open_socket(&sides[i].server);
        for (int k = 0; k < 2; k++) sides[i].peers[k] = open_peer(0);
        sides[i].spec = make_stream(&plain, CAMERA + i);
        sides[i].spec.ssrc += (uint32_t)i;
        begin(&sides[i]);
    }
    REQUIRE(!pthread_create(&sender, NULL, send_datagrams, NULL));
    for (int turn = 0; monotonic_us() < until; turn = !turn) {
        for (int64_t stop = monotonic_us() + LIFE_US; monotonic_us() < stop;) {
            random = random * 1664525u + 1013904223u;
            change(random >> 8);
            for (int i = 0; i < PLANES; i++) {
                struct pollfd notified = {sides[i].loop->notify_fd, POLLIN, 0};
                if (poll(&notified, 1, 0)) events_read += read_events(sides[i].loop);
            }
            usleep(100);
        }
        end(&sides[turn]); /* while the other goes on relaying to it */
        begin(&sides[turn]);
    }
    atomic_store(&sending, false);
    pthread_join(sender, NULL);
    for (int i = 0; i < PLANES; i++) {
        end(&sides[i]);
        close(sides[i].socket);
        for (int k = 0; k < 2; k++) {
            close(sides[i].peers[k].socket);
            srtp_free(sides[i].peers[k].sending);
        }
    }
    printf("lives %lld steps %lld datagrams %lld relayed %lld forwarded %lld events %lld\n", lives, steps,
           (long long)datagrams_sent, relayed, forwarded, events_read);
    return 0;
}
