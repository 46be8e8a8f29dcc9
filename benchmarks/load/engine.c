/* The thread, and what Python may call from others while it runs. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "engine.h"

struct engine *engine_new(const struct srtp_api *srtp) {
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) return NULL;
    engine->srtp = *srtp;
    engine->random = 1;
    engine->samples = calloc(MAX_SAMPLES, sizeof *engine->samples);
    engine->control = calloc(MAX_CONTROL, sizeof *engine->control);
    pthread_mutex_init(&engine->lock, NULL);
    return engine;
}

/* After engine_run has returned. Sockets and contexts stay their owner's. */
void engine_free(struct engine *engine) {
    for (int id = 0; id < engine->peer_end; id++) free(engine->peers[id]);
    pthread_mutex_destroy(&engine->lock);
    free(engine->samples);
    free(engine->control);
    free(engine);
}

/* The id of the new peer, -1 when there are too many. `stun`: a complete binding request, sent every 2.5 s. */
int engine_add_peer(struct engine *engine, int fd, void *inbound, void *outbound, const uint8_t *stun, int stun_size) {
    int id = 0;
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    if (stun_size > MAX_STUN) return -1;
    pthread_mutex_lock(&engine->lock);
    while (id < engine->peer_end && engine->peers[id]->used) id++;
    if (id < MAX_PEERS && id == engine->peer_end && (engine->peers[id] = calloc(1, sizeof **engine->peers)) != NULL)
        engine->peer_end++;
    if (id < MAX_PEERS && engine->peers[id] != NULL) {
        struct peer *peer = engine->peers[id];
        *peer = (struct peer){.used = true, .fd = fd, .inbound = inbound, .outbound = outbound, .stun_size = stun_size};
        memcpy(peer->stun, stun, (size_t)stun_size);
        /* Spread over time, as the clients of many classrooms are. */
        peer->check_ns = now + CHECK_NS * (id % 50) / 50;
        peer->report_ns = now + REPORT_NS * (id % 50) / 50;
    } else {
        id = -1;
    }
    pthread_mutex_unlock(&engine->lock);
    return id;
}

static void add_up(const struct peer *peer, uint64_t *received, uint64_t *expected) {
    for (int index = 0; index < peer->stream_count; index++) {
        *received += peer->streams[index].packets;
        *expected += (uint64_t)(peer->streams[index].highest - peer->streams[index].base);
    }
}

void engine_remove_peer(struct engine *engine, int id) {
    pthread_mutex_lock(&engine->lock);
    struct peer *peer = engine->peers[id];
    add_up(peer, &engine->past_received, &engine->past_expected);
    peer->used = false;
    peer->stream_count = 0;
    pthread_mutex_unlock(&engine->lock);
}

int engine_add_track(struct engine *engine, int id, const struct track_spec *spec) {
    pthread_mutex_lock(&engine->lock);
    struct peer *peer = engine->peers[id];
    int index = peer->track_count < MAX_TRACKS ? peer->track_count++ : -1;
    if (index >= 0) {
        struct track *track = &peer->tracks[index];
        *track = (struct track){.spec = *spec, .payload = spec->payloads, .frame_start_ns = spec->start_ns, .running = true};
        track->sequence = (uint16_t)(spec->ssrc & 0x7fff);
    }
    pthread_mutex_unlock(&engine->lock);
    return index;
}

void engine_set_burst(struct engine *engine, int burst) {
    pthread_mutex_lock(&engine->lock);
    engine->burst = burst != 0;
    pthread_mutex_unlock(&engine->lock);
}

/* Share of the packets lost on the way in; receivers ask again for as many on the way out. */
void engine_set_loss(struct engine *engine, double share) {
    pthread_mutex_lock(&engine->lock);
    engine->loss = (uint32_t)(share * 4294967295.0);
    pthread_mutex_unlock(&engine->lock);
}

/* Counters; `late_max_ns` begins anew with every call. */
void engine_totals(struct engine *engine, struct totals *out) {
    pthread_mutex_lock(&engine->lock);
    engine->totals.received = engine->past_received;
    engine->totals.expected = engine->past_expected;
    for (int id = 0; id < engine->peer_end; id++)
        add_up(engine->peers[id], &engine->totals.received, &engine->totals.expected);
    *out = engine->totals;
    engine->totals.late_max_ns = 0;
    pthread_mutex_unlock(&engine->lock);
}

/* Moves up to `limit` samples out; how many. */
int engine_take_samples(struct engine *engine, struct sample *out, int limit) {
    pthread_mutex_lock(&engine->lock);
    int count = engine->sample_count < limit ? engine->sample_count : limit;
    memcpy(out, engine->samples, (size_t)count * sizeof *out);
    engine->sample_count = 0;
    pthread_mutex_unlock(&engine->lock);
    return count;
}

/* Datagrams that are Python's to answer: STUN requests of full ICE agents, DTLS. */
int engine_take_control(struct engine *engine, struct control *out, int limit) {
    pthread_mutex_lock(&engine->lock);
    int count = engine->control_count < limit ? engine->control_count : limit;
    memcpy(out, engine->control, (size_t)count * sizeof *out);
    memmove(engine->control, engine->control + count, (size_t)(engine->control_count - count) * sizeof *out);
    engine->control_count -= count;
    pthread_mutex_unlock(&engine->lock);
    return count;
}

/* RTP packets of a peer so far; times of the first and the latest are wall clock, 0 before the first. */
uint64_t engine_peer_packets(struct engine *engine, int id, int64_t *first_ns, int64_t *last_ns) {
    uint64_t packets = 0;
    pthread_mutex_lock(&engine->lock);
    struct peer *peer = engine->peers[id];
    for (int index = 0; index < peer->stream_count; index++) packets += peer->streams[index].packets;
    *first_ns = peer->first_ns;
    *last_ns = peer->last_ns;
    pthread_mutex_unlock(&engine->lock);
    return packets;
}

void engine_stop(struct engine *engine) { atomic_store(&engine->stop, true); }

/* Read a share of the sockets, so that each has its turn every SWEEP_NS whatever the rate of ticks. */
static void sweep(struct engine *engine, int64_t now_ns) {
    if (engine->peer_end == 0) return;
    int64_t share = (now_ns - engine->swept_ns) * engine->peer_end / SWEEP_NS;
    if (share == 0) return;
    engine->swept_ns = now_ns;
    if (share > engine->peer_end) share = engine->peer_end;
    for (; share > 0; share--) {
        engine->cursor = (engine->cursor + 1) % engine->peer_end;
        struct peer *peer = engine->peers[engine->cursor];
        if (!peer->used) continue;
        peer_receive(engine, engine->cursor);
        peer_keep_alive(engine, peer, now_ns);
    }
}

/* Runs until engine_stop. */
void engine_run(struct engine *engine) {
    while (!atomic_load(&engine->stop)) {
        pthread_mutex_lock(&engine->lock);
        int64_t now = clock_ns(CLOCK_MONOTONIC), next = now + TICK_NS;
        for (int id = 0; id < engine->peer_end; id++) {
            struct peer *peer = engine->peers[id];
            if (!peer->used || peer->track_count == 0) continue;
            int64_t at = tracks_send(engine, peer, now);
            if (at < next) next = at;
        }
        sweep(engine, now);
        engine->totals.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        pthread_mutex_unlock(&engine->lock);
        struct timespec until = {next / SECOND_NS, next % SECOND_NS};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
    }
}
