/* Peers that come, send, receive and leave: 100,000 of them, or as many as the argument says. Nothing may be left
 * of them: not in the tables, not in memory (LeakSanitizer sees what is lost, the allocator what is kept). */
#include "fuzz.h"

size_t __sanitizer_get_current_allocated_bytes(void); /* gcc does not install the header */

#define AT_ONCE 50

enum { TEACHER = 1, CAMERA = 1, FIRST_PUPIL = 10 };

struct pupil {
    int64_t id;
    struct srtp *inbound, *outbound;
};

static int64_t now_us = 10000000;

static void send_packets(struct plane *plane, const struct srtp *srtp, const struct address *from,
                         struct encoder *encoder, const uint8_t *bytes, size_t size, int n) {
    uint8_t data[MAX_DATAGRAM] __attribute__((aligned(16)));
    for (; n > 0; n--) {
        struct script script = {bytes, bytes + size};
        size_t length = make_rtp(&script, encoder, data, sizeof data - TAG);
        receive(plane, data, seal(srtp, data, length, false), from, now_us += 1000);
        ASAN_UNPOISON_MEMORY_REGION(data, sizeof data);
    }
    flush(plane);
}

static void join(struct plane *plane, struct pupil *pupil, int64_t id, struct encoder *camera, const struct srtp *teacher) {
    static const uint8_t microphone[] = {0x05}, keyframe[] = {0x01, 1}, picture[] = {0x01, 0}, sound[] = {0x01, 3};
    struct address address = make_address((unsigned)id % 20000), lectern = make_address(20001);
    struct script shape = {microphone, microphone + 1}, plain = {NULL, NULL};
    pupil->id = id;
    pupil->inbound = srtp_new((uint64_t)id);
    pupil->outbound = srtp_new((uint64_t)id + 1);
    REQUIRE(add_transport(plane, id, &address, pupil->inbound, pupil->outbound));
    struct stream stream = make_stream(&shape, id);
    REQUIRE(add_stream(plane, &stream, false, id));
    struct route route = make_route(&plain, id, (uint32_t)id), back = make_route(&plain, -id, (uint32_t)id);
    REQUIRE(set_route(plane, &route, id, CAMERA, now_us));
    REQUIRE(set_route(plane, &back, TEACHER, id, now_us));
    send_packets(plane, teacher, &lectern, camera, id % 16 ? picture : keyframe, 2, 2);
    struct encoder voice = {5000u + (uint32_t)id, 0, (uint16_t)id};
    send_packets(plane, pupil->inbound, &address, &voice, sound, 2, 3);
    struct route *playing = plane_route(plane, id);
    uint16_t sequence = (uint16_t)playing->last_index;
    retransmit(plane, playing, &sequence, 1, now_us);
    flush(plane);
}

static void leave(struct plane *plane, struct pupil *pupil) {
    if (pupil->id % 3 == 0) remove_route(plane, pupil->id);
    if (pupil->id % 3 == 1) remove_stream(plane, pupil->id);
    remove_transport(plane, pupil->id);
    remove_route(plane, -pupil->id); /* the teacher's, silent by now */
    REQUIRE(!plane_transport(plane, pupil->id) && !plane_stream(plane, pupil->id) && !plane_route(plane, pupil->id));
    srtp_free(pupil->inbound);
    srtp_free(pupil->outbound);
    for (int i = 0; i < plane->n_events; i++) free(plane->events[i].data);
    plane->n_events = 0;
}

int main(int argc, char **argv) {
    static const uint8_t camera_shape[] = {0x00};
    int64_t joins = argc > 1 ? atoll(argv[1]) : 100000;
    static struct pupil pupils[AT_ONCE];
    struct plane *plane = make_plane();
    struct srtp *inbound = srtp_new(1), *outbound = srtp_new(2);
    struct address lectern = make_address(20001);
    struct script shape = {camera_shape, camera_shape + 1};
    struct encoder camera = {1000, 0, 0};
    REQUIRE(add_transport(plane, TEACHER, &lectern, inbound, outbound));
    struct stream stream = make_stream(&shape, CAMERA);
    REQUIRE(add_stream(plane, &stream, true, TEACHER));
    size_t settled = 0;
    for (int64_t n = 0; n < joins; n++) {
        struct pupil *place = &pupils[n % AT_ONCE];
        if (place->id) leave(plane, place);
        join(plane, place, FIRST_PUPIL + n, &camera, inbound);
        if (n % 1000 == 999) check_plane(plane);
        if (n == joins / 2) settled = __sanitizer_get_current_allocated_bytes();
    }
    REQUIRE(__sanitizer_get_current_allocated_bytes() <= settled + 100000);
    for (int i = 0; i < AT_ONCE; i++)
        if (pupils[i].id) leave(plane, &pupils[i]);
    REQUIRE(plane->transports.used == 1 && plane->streams.used == 1 && !plane->routes.used && plane->by_address.used == 1);
    end_plane(plane);
    srtp_free(inbound);
    srtp_free(outbound);
    printf("joins %lld\n", (long long)joins);
    return 0;
}
