/* Two buffers and a lock: relaying threads append to one while the plane's own takes packets out of the other, and
 * they change places when that is empty. So the lock is held for copies only, never while packets are worked on. */
#include "relay.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define INBOX_BYTES (4 << 20) /* some 3000 packets of video; touched only as far as it is ever filled */

struct entry_head { /* the packet follows, then what is missing to the next head's alignment */
    int64_t stream, index, now_us;
    size_t size;
};

struct buffer {
    size_t used, taken;
    uint8_t *bytes;
};

struct inbox {
    pthread_mutex_t lock; /* over what follows but `taking`, which belongs to whoever holds the plane's lock */
    int references, fd;
    bool closed;
    struct buffer filling, taking;
};

static size_t entry_size(size_t size) {
    const size_t unit = _Alignof(struct entry_head);
    return sizeof(struct entry_head) + (size + unit - 1) / unit * unit;
}

struct inbox *inbox_new(void) {
    struct inbox *inbox = calloc(1, sizeof *inbox);
    if (!inbox) return NULL;
    inbox->references = 1;
    inbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (inbox->fd < 0) {
        free(inbox);
        return NULL;
    }
    pthread_mutex_init(&inbox->lock, NULL);
    return inbox;
}

void inbox_hold(struct inbox *inbox) {
    pthread_mutex_lock(&inbox->lock);
    inbox->references++;
    pthread_mutex_unlock(&inbox->lock);
}

void inbox_release(struct inbox *inbox) {
    pthread_mutex_lock(&inbox->lock);
    bool last = --inbox->references == 0;
    pthread_mutex_unlock(&inbox->lock);
    if (!last) return;
    pthread_mutex_destroy(&inbox->lock);
    close(inbox->fd);
    free(inbox->filling.bytes);
    free(inbox->taking.bytes);
    free(inbox);
}

void inbox_close(struct inbox *inbox) {
    pthread_mutex_lock(&inbox->lock);
    inbox->closed = true;
    inbox->filling.used = 0;
    pthread_mutex_unlock(&inbox->lock);
}

int inbox_fd(const struct inbox *inbox) { return inbox->fd; }

void inbox_hear(struct inbox *inbox) {
    uint64_t heard;
    ssize_t size = read(inbox->fd, &heard, sizeof heard);
    (void)size;
}

/* ---------------------------------------------------------------- in */

static bool append(struct buffer *buffer, int64_t stream, const struct parsed *packet) {
    size_t size = entry_size(packet->size);
    if (!buffer->bytes) buffer->bytes = malloc(INBOX_BYTES);
    if (!buffer->bytes || buffer->used + size > INBOX_BYTES) return false;
    const struct entry_head head = {stream, packet->index, packet->now_us, packet->size};
    memcpy(buffer->bytes + buffer->used, &head, sizeof head);
    memcpy(buffer->bytes + buffer->used + sizeof head, packet->data, packet->size);
    buffer->used += size;
    return true;
}

static void push(struct plane *plane, struct inbox *inbox, int64_t stream, const struct parsed *packets, int n) {
    int taken = 0;
    pthread_mutex_lock(&inbox->lock);
    bool closed = inbox->closed, was_empty = inbox->filling.used == 0;
    while (!closed && taken < n && append(&inbox->filling, stream, &packets[taken])) taken++;
    pthread_mutex_unlock(&inbox->lock);
    plane->count[C_tx_relayed] += taken;
    plane->count[closed ? C_drop_relay_stale : C_drop_relay_full] += n - taken;
    if (taken && was_empty) {
        uint64_t one = 1;
        ssize_t written = write(inbox->fd, &one, sizeof one);
        (void)written; /* a full eventfd is one that will be heard */
    }
}

void relay(struct plane *plane, const struct stream *stream, const struct parsed *packets, int n) {
    for (int i = 0; i < stream->relays.n; i++) push(plane, stream->relays.items[i], stream->id, packets, n);
}

/* ---------------------------------------------------------------- out */

bool inbox_drain(struct inbox *inbox, struct plane *plane, int limit) {
    struct buffer *taking = &inbox->taking;
    if (taking->taken == taking->used) {
        pthread_mutex_lock(&inbox->lock);
        struct buffer emptied = {0, 0, taking->bytes};
        *taking = inbox->filling;
        inbox->filling = emptied;
        pthread_mutex_unlock(&inbox->lock);
    }
    for (; limit > 0 && taking->taken < taking->used; limit--) {
        struct entry_head head;
        const uint8_t *entry = taking->bytes + taking->taken;
        memcpy(&head, entry, sizeof head);
        receive_relayed(plane, head.stream, head.index, head.now_us, entry + sizeof head, head.size);
        taking->taken += entry_size(head.size);
    }
    return limit == 0;
}

/* ---------------------------------------------------------------- who relays to whom */

bool relay_start(struct plane *plane, struct stream *stream, struct inbox *inbox, int64_t since_us) {
    const struct history *history = &stream->history;
    relay_stop(stream, inbox);
    if (!list_add(&stream->relays, inbox)) return false;
    inbox_hold(inbox);
    if (history->highest < 0) return true;
    for (int64_t index = history_oldest(history); index <= history->highest; index++) {
        const struct kept *kept = history_get(history, index);
        if (!kept || kept->now_us < since_us) continue;
        const struct parsed packet = {.data = kept->packet, .size = kept->size, .index = index, .now_us = kept->now_us};
        push(plane, inbox, stream->id, &packet, 1);
    }
    return true;
}

void relay_stop(struct stream *stream, struct inbox *inbox) {
    for (int i = 0; i < stream->relays.n; i++) {
        if (stream->relays.items[i] != inbox) continue;
        list_remove(&stream->relays, inbox);
        inbox_release(inbox);
        return;
    }
}

void relay_stop_all(struct stream *stream) {
    for (int i = 0; i < stream->relays.n; i++) inbox_release(stream->relays.items[i]);
    free(stream->relays.items);
    stream->relays = (struct list){0};
}
