/* Target: tables. Control adds, moves, switches, asks and removes in any order, with datagrams in between and
 * flushes at odd times; transport 0 is what another plane relays to mirrors. Few ids, so that steps meet. Mostly control ends the batch before it writes, as module.c does. */
#include "fuzz.h"

#define TRANSPORTS 6
#define STREAMS 6
#define ROUTES 10

struct world {
    struct plane *plane;
    struct srtp *inbound[TRANSPORTS], *outbound[TRANSPORTS]; /* NULL: no such transport */
    unsigned addresses[TRANSPORTS];
    struct encoder encoders[4];
    struct route specs[ROUTES]; /* as control wrote them last */
    uint32_t serial;
    int64_t now_us;
};

static void forget_transport(struct world *world, unsigned id) {
    srtp_free(world->inbound[id]);
    srtp_free(world->outbound[id]);
    world->inbound[id] = world->outbound[id] = NULL;
}

static void do_transport(struct world *world, struct script *script, uint8_t how) {
    unsigned id = take(script) % TRANSPORTS;
    struct address address = make_address(take(script) % (TRANSPORTS + 1));
    if (how == 0) {
        struct srtp *inbound = srtp_new(id), *outbound = srtp_new(id + 100);
        REQUIRE(add_transport(world->plane, id, &address, inbound, outbound));
        if (world->inbound[id]) forget_transport(world, id);
        world->inbound[id] = inbound;
        world->outbound[id] = outbound;
        world->addresses[id] = address.port - 40000u;
    } else if (how == 1) {
        move_transport(world->plane, id, &address);
        world->addresses[id] = address.port - 40000u;
    } else {
        remove_transport(world->plane, id);
        if (world->inbound[id]) forget_transport(world, id);
    }
}

static void do_stream(struct world *world, struct script *script, bool removing) {
    int64_t id = take(script) % STREAMS;
    if (removing) {
        remove_stream(world->plane, id);
    } else {
        int64_t transport = take(script) % TRANSPORTS;
        struct stream spec = make_stream(script, id);
        bool added = add_stream(world->plane, &spec, !(id & 1), transport);
        REQUIRE(added == (!transport || plane_transport(world->plane, transport)));
    }
}

/* A new route, or the old one on another stream. What a route writes stays as it was while the stream does. */
static void do_route(struct world *world, struct script *script, uint8_t how) {
    int64_t id = take(script) % ROUTES;
    struct route *route = plane_route(world->plane, id);
    if (how == 0) {
        remove_route(world->plane, id);
        return;
    }
    int64_t transport = take(script) % TRANSPORTS, stream = (int64_t)(take(script) % (STREAMS + 1)) - 1;
    struct stream *wanted = stream < 0 ? NULL : plane_stream(world->plane, stream);
    if (!route) {
        world->specs[id] = make_route(script, id, world->serial++);
    } else if (route->stream != wanted) {
        struct route spec = make_route(script, id, 0);
        spec.ssrc = route->ssrc;
        spec.rtx_ssrc = route->rtx_ssrc;
        spec.has_rtx_ssrc = route->has_rtx_ssrc;
        world->specs[id] = spec;
    }
    REQUIRE(set_route(world->plane, &world->specs[id], transport, stream, world->now_us));
    route = plane_route(world->plane, id);
    REQUIRE(!route || route->stream == wanted);
}

static void do_answer(struct world *world, struct script *script, uint8_t how) {
    uint8_t which = take(script);
    if (how == 0) {
        struct route *route = plane_route(world->plane, which % ROUTES);
        for (int n = take(script) % 40; route && n >= 0; n--) {
            uint16_t sequence = (uint16_t)(route->last_index - n);
            if (which & 0x80) sequence = take16(script);
            retransmit(world->plane, route, &sequence, 1, world->now_us);
        }
    } else if (how == 1) {
        struct stream *stream = plane_stream(world->plane, which % STREAMS);
        for (int i = 0; stream && i < stream->routes.n; i++) {
            struct route *route = stream->routes.items[i];
            if (route->started) sender_report(world->plane, route, 0xE000000080000000u, take16(script));
        }
    } else {
        struct transport *transport = plane_transport(world->plane, which % TRANSPORTS);
        uint8_t data[MAX_OUT + 1] = {0x80, 201};
        size_t size = take16(script) % sizeof data;
        if (transport) send_rtcp(world->plane, transport, data, size);
        struct address to = make_address(which);
        send_raw(world->plane, &to, data, size);
    }
}

/* Some packets of one encoder as another plane would hand them over. */
static void do_relayed(struct world *world, struct script *script, struct encoder *encoder, int n) {
    uint8_t data[MAX_DATAGRAM] __attribute__((aligned(16)));
    int64_t stream = take(script) % STREAMS, numbering = (int64_t)(1 + take(script) % 3) << 16;
    for (; n >= 0; n--) {
        size_t size = make_rtp(script, encoder, data, sizeof data);
        receive_relayed(world->plane, stream, numbering | (size < 4 ? 0 : read16(data + 2)), world->now_us, data, size);
    }
}

/* Some packets of one encoder in one go, from one transport's address. */
static void do_packets(struct world *world, struct script *script) {
    uint8_t what = take(script), data[MAX_DATAGRAM] __attribute__((aligned(16)));
    unsigned id = (what & 7) % TRANSPORTS;
    if (!id) do_relayed(world, script, &world->encoders[what >> 3 & 3], what >> 5);
    if (!id || !world->inbound[id]) return;
    struct address from = make_address(world->addresses[id]);
    for (int n = what >> 5; n >= 0; n--) {
        size_t size = make_rtp(script, &world->encoders[what >> 3 & 3], data, sizeof data - TAG);
        receive(world->plane, data, seal(world->inbound[id], data, size, false), &from, world->now_us);
        ASAN_UNPOISON_MEMORY_REGION(data, sizeof data);
    }
}

/* What module.c does to hand events over. */
static void do_read(struct world *world) {
    struct plane *plane = world->plane;
    for (int i = 0; i < plane->n_events; i++) free(plane->events[i].data);
    plane->n_events = 0;
}

static void step(struct world *world, struct script *script) {
    uint8_t chosen = take(script), what = chosen % 24;
    if (what < 10) { /* not followed by a flush: the batch goes on */
        do_packets(world, script);
        return;
    }
    if (chosen < 216) flush(world->plane);
    switch (what) {
        case 10: case 11: case 12: do_transport(world, script, what - 10); break;
        case 13: case 14: do_stream(world, script, what == 14); break;
        case 15: case 16: case 17: do_route(world, script, what - 15); break;
        case 18: case 19: case 20: do_answer(world, script, what - 18); break;
        case 21: world->now_us += (int64_t)take(script) * 20000; break;
        case 22: do_read(world); break;
        default:
            if (take(script) != 0xEE) break; /* seldom: everything goes at once */
            plane_clear(world->plane);
            for (unsigned id = 0; id < TRANSPORTS; id++)
                if (world->inbound[id]) forget_transport(world, id);
    }
    flush(world->plane);
    check_plane(world->plane);
}

int fuzz(const uint8_t *data, size_t size) {
    bool asked_to_fail = size == 8 && !memcmp(data, "SELFTEST", 8); /* the test of the driver does */
    REQUIRE(!asked_to_fail);
    struct script script = {data, data + size};
    struct world world = {.plane = make_plane(), .now_us = 10000000};
    for (unsigned i = 0; i < 4; i++) world.encoders[i] = (struct encoder){1000 + i, 0xFFFFF000, (uint16_t)(0xFFE0 + 7 * i)};
    while (script.at < script.end) step(&world, &script);
    end_plane(world.plane); /* with whatever is pending */
    for (unsigned id = 0; id < TRANSPORTS; id++)
        if (world.inbound[id]) forget_transport(&world, id);
    return 0;
}
