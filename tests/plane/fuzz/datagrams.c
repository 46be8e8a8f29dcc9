/* Target: datagrams. A classroom with fixed tables, into which peers and strangers send what the script says:
 * authentic packets with odd contents, altered ones, and noise, with batches ending at odd places. */
#include "fuzz.h"

enum { TEACHER = 1, GUEST, PUPIL, N_PEERS = 5 };

struct classroom {
    struct plane *plane;
    struct srtp *inbound[N_PEERS], *outbound[N_PEERS];
    struct encoder encoders[4];
    int64_t now_us;
};

static const uint8_t teacher_shapes[] = {0x4A, 0x95}; /* camera and microphone with their SSRCs and mids */
static const uint8_t guest_shapes[] = {0x06, 0x15};   /* SSRCs unknown until packets come */

static void add_streams(struct plane *plane, int64_t transport, int64_t id, const uint8_t *shapes) {
    for (int i = 0; i < 2; i++) {
        struct script script = {shapes + i, shapes + i + 1};
        struct stream stream = make_stream(&script, id + i);
        REQUIRE(add_stream(plane, &stream, i == 0, transport));
    }
}

static void open_classroom(struct classroom *room, struct script *script) {
    struct plane *plane = room->plane = make_plane();
    room->now_us = 10000000;
    for (int i = 1; i < N_PEERS; i++) {
        struct address address = make_address((unsigned)i);
        room->inbound[i] = srtp_new((uint64_t)i);
        room->outbound[i] = srtp_new(100 + (uint64_t)i);
        REQUIRE(add_transport(plane, i, &address, room->inbound[i], room->outbound[i]));
        struct consent consent = {"a:b", "secret", 3, 6};
        set_consent(plane, i, &consent);
    }
    add_streams(plane, TEACHER, 10, teacher_shapes);
    add_streams(plane, GUEST, 20, guest_shapes);
    uint32_t serial = 0;
    for (int peer = PUPIL; peer < N_PEERS; peer++)
        for (int64_t stream = 10; stream <= 21; stream += stream == 11 ? 9 : 1) {
            struct route route = make_route(script, 100 * peer + stream, serial++);
            REQUIRE(set_route(plane, &route, peer, stream, room->now_us));
        }
    room->encoders[0] = (struct encoder){1001, 0x1000, 1000};
    room->encoders[1] = (struct encoder){1002, 0x2000, 0xFFF0};
    room->encoders[2] = (struct encoder){2001, 0xFFFFF000, 7};
    room->encoders[3] = (struct encoder){1003, 0, 0};
}

static void close_classroom(struct classroom *room) {
    check_plane(room->plane);
    end_plane(room->plane);
    for (int i = 1; i < N_PEERS; i++) {
        srtp_free(room->inbound[i]);
        srtp_free(room->outbound[i]);
    }
}

/* A compound of up to four packets: reports with blocks about the routes, REMB, and whatever else. */
static size_t make_rtcp(struct script *script, uint8_t *out) {
    size_t size = 0;
    memset(out, 0, 8);
    for (int n = take(script) & 3; n >= 0; n--) {
        uint8_t kind = take(script), words = take(script) & 0x3F, *packet = out + size;
        memset(packet, take(script), 4 + 4u * words);
        write16(packet + 2, words);
        packet[0] = (uint8_t)(0x80 | (words - 1) / 6);
        packet[1] = (uint8_t)(kind & 0x80 ? 192 + kind % 32 : kind % 5 ? 201 : 206);
        if (packet[1] == 201)
            for (size_t block = 8; block + 24 <= 4 + 4u * words; block += 24)
                write32(packet + block, 0x10000 + 2u * (take(script) & 7));
        if (packet[1] == 206 && words >= 4) {
            packet[0] = 0x8F;
            memcpy(packet + 12, "REMB", 4);
            if (words > 4) packet[17] = take(script);
        }
        if (kind & 0x40) write16(packet + 2, words + 1u); /* over the end, where it is the last */
        size += 4 + 4u * words;
    }
    if (size < 8) size = 8;
    write32(out + 4, 1001);
    return size;
}

/* A connectivity check, well formed unless its last attribute says otherwise; its signature is never right. */
static size_t make_check(struct script *script, uint8_t *out) {
    static const uint16_t kinds[] = {0x0006, 0x0008, 0x8028, 0x0025, 0x8029, 0x802A, 0x0024, 0x0006};
    size_t size = 20;
    memset(out, take(script), size);
    for (int n = take(script) % 6; n > 0; n--) {
        uint8_t what = take(script);
        size_t length = what & 0x40 ? take(script) : (what & 7) == 1 ? 20 : 3;
        write16(out + size, kinds[what & 7]);
        write16(out + size + 2, (unsigned)(length + (what & 0x80 && n == 1)));
        memset(out + size + 4, what, (length + 3) / 4 * 4);
        memcpy(out + size + 4, "a:b", length < 3 ? length : 3);
        size += 4 + (length + 3) / 4 * 4;
    }
    write16(out, 1);
    write16(out + 2, (unsigned)(size - 20));
    write32(out + 4, 0x2112A442);
    return size;
}

/* One datagram, from any address, altered before it is sealed, after, or not at all. */
static void send_one(struct classroom *room, struct script *script, uint8_t what) {
    uint8_t data[MAX_DATAGRAM] __attribute__((aligned(16)));
    unsigned peer = 1 + (what >> 3 & 3), kind = what & 7;
    size_t room_left = sizeof data - TAG - INDEX, size;
    struct address from = make_address(peer);
    bool rtcp = kind == 6;
    if (kind < 4) {
        size = make_rtp(script, &room->encoders[kind], data, room_left);
    } else if (kind < 6) { /* another SSRC */
        uint8_t number = take(script);
        struct encoder encoder = {3000u + number, 90000, (uint16_t)(kind == 4 ? 5 : number << 8)};
        size = make_rtp(script, &encoder, data, room_left);
    } else if (rtcp) {
        size = make_rtcp(script, data);
    } else if (what & 0x10) {
        size = make_check(script, data);
    } else {
        size = take16(script) % room_left;
        memset(data, take(script), size);
        if (size > 1) data[1] = take(script);
    }
    if (what & 0x20) size = mutate_packet(script, data, size, room_left);
    if (kind != 7) size = seal(room->inbound[peer], data, size, rtcp);
    if (what & 0x40) size = mutate_packet(script, data, size, sizeof data);
    if (what & 0x80) from = make_address(take(script) % 8);
    /* A copy without room to spare, so that a read past the end is seen. */
    uint8_t *exact = NULL;
    REQUIRE(!posix_memalign((void **)&exact, 16, size ? size : 1));
    memcpy(exact, data, size);
    receive(room->plane, exact, size, &from, room->now_us);
    free(exact);
}

int fuzz(const uint8_t *data, size_t size) {
    struct script script = {data, data + size};
    struct classroom room = {0};
    open_classroom(&room, &script);
    for (int waiting = 0; script.at < script.end;) {
        uint8_t step = take(&script);
        room.now_us += step & 0x0F ? (int64_t)(step & 0x0F) * 300 : 700000;
        send_one(&room, &script, take(&script));
        if (step & 0x80 || ++waiting == room.plane->settings.batch) {
            flush(room.plane);
            waiting = 0;
            check_plane(room.plane);
        }
        if (step & 0x40) { /* a subscriber asks again */
            uint16_t sequences[] = {take16(&script), take16(&script)};
            struct route *route = plane_route(room.plane, 100 * (PUPIL + (step >> 4 & 1)) + 10 + (step >> 5 & 1));
            sequences[1] = (uint16_t)(route->last_index - (sequences[1] & 31));
            flush(room.plane);
            retransmit(room.plane, route, sequences, 2, room.now_us);
        }
    }
    flush(room.plane);
    close_classroom(&room);
    return 0;
}
