/* One stream's ring of decrypted packets: the only buffer there is. */
#include "plane.h"

#include <string.h>

static size_t bytes_for(size_t size) { return offsetof(struct kept, packet) + size; }

static void clear(struct history *history) {
    for (int64_t i = 0; i <= history->mask; i++) history->slots[i].index = -1;
    arena_clear(&history->arena);
    history->base = history->highest = history->keyframe = history->keyframe_timestamp = -1;
    history->keyframe_us = 0;
    history->n_gaps = 0;
}

bool history_init(struct history *history, int size, int max_gaps) {
    memset(history, 0, sizeof *history);
    size_t n = (size_t)size, slots = n * sizeof *history->slots, gaps = (size_t)max_gaps * 2 + 1;
    uint8_t *memory = arena_map(&history->arena, n, bytes_for(MAX_PACKET), slots + gaps * sizeof *history->gaps);
    if (!memory) return false;
    history->slots = (struct slot *)memory;
    history->gaps = (struct gap *)(memory + slots);
    history->mask = size - 1;
    history->max_gaps = max_gaps;
    clear(history);
    return true;
}

void history_free(struct history *history) { arena_unmap(&history->arena); }

int64_t history_index(const struct history *history, uint16_t sequence) {
    if (history->highest < 0) return FIRST_INDEX + sequence;
    if (history->restarting) return (((history->highest >> 16) + 2) << 16) + sequence;
    int64_t index = extend(sequence, history->highest);
    return history->highest - index > 2 * history->mask ? index + 0x10000 : index;
}

void history_restart(struct history *history) { history->restarting = history->highest >= 0; }

int64_t history_expected(const struct history *history) {
    return history->expected_before + (history->highest >= 0 ? history->highest - history->base + 1 : 0);
}

int64_t history_oldest(const struct history *history) {
    int64_t oldest = history->highest - history->mask;
    return oldest > history->base ? oldest : history->base;
}

static bool too_old(const struct history *history, int64_t index) {
    int64_t late = history->highest - index;
    return history->highest >= 0 && late > history->mask && late <= 2 * history->mask;
}

bool history_would_reset(const struct history *history, int64_t index) {
    if (history->highest < 0 || too_old(history, index)) return false;
    int64_t late = history->highest - index;
    return history->restarting || late > history->mask || -late > history->mask;
}

static void open_gaps(struct history *history, int64_t first, int64_t end, int64_t now_us) {
    int64_t from = end - history->max_gaps > first ? end - history->max_gaps : first;
    for (int64_t index = from; index < end; index++)
        history->gaps[history->n_gaps++] = (struct gap){index, now_us};
    history->gap_overflow += from - first;
    int64_t oldest = end - history->mask;
    int gone = 0;
    while (gone < history->n_gaps &&
           (history->gaps[gone].index < oldest || history->n_gaps - gone > history->max_gaps)) {
        history->gap_overflow += history->gaps[gone].index >= oldest;
        gone++;
    }
    history->n_gaps -= gone;
    memmove(history->gaps, history->gaps + gone, (size_t)history->n_gaps * sizeof *history->gaps);
}

static void close_gap(struct history *history, int64_t index) {
    for (int i = 0; i < history->n_gaps; i++)
        if (history->gaps[i].index == index) {
            memmove(history->gaps + i, history->gaps + i + 1, (size_t)(--history->n_gaps - i) * sizeof *history->gaps);
            return;
        }
}

static void drop(struct history *history, struct slot *slot) {
    if (slot->index >= 0) arena_drop(&history->arena, slot->place, bytes_for(slot->size));
    slot->index = -1;
}

/* Move what still lies in `chunk`, so that a few packets which nothing displaces do not hold it. */
static void evacuate(struct history *history, int32_t chunk) {
    struct arena *arena = &history->arena;
    for (struct slot *slot = history->slots; slot <= history->slots + history->mask; slot++) {
        if (slot->index < 0 || arena_chunk(slot->place) != chunk) continue;
        uint32_t from = slot->place;
        slot->place = arena_add(arena, bytes_for(slot->size));
        memcpy(arena->memory + slot->place, arena->memory + from, bytes_for(slot->size));
        arena_drop(arena, from, bytes_for(slot->size));
    }
}

static void store(struct history *history, int64_t index, const uint8_t *packet, size_t size, int64_t now_us) {
    struct arena *arena = &history->arena;
    struct slot *slot = &history->slots[index & history->mask];
    drop(history, slot);
    if (!arena_fits(arena, bytes_for(size))) {
        int32_t sparse = arena_open(arena);
        if (sparse >= 0) evacuate(history, sparse);
    }
    *slot = (struct slot){index, arena_add(arena, bytes_for(size)), (uint16_t)size};
    struct kept *kept = (struct kept *)(arena->memory + slot->place);
    kept->index = index;
    kept->now_us = now_us;
    kept->size = (uint16_t)size;
    memcpy(kept->packet, packet, size);
}

enum put history_put(struct history *history, int64_t index, const uint8_t *packet, size_t size, int64_t now_us) {
    enum put result = PUT_NEW;
    if (too_old(history, index)) return PUT_TOO_OLD;
    if (history_would_reset(history, index)) {
        history->expected_before = history_expected(history);
        history->restarting = false;
        clear(history);
        result = PUT_RESET;
    } else if (history_holds(history, index)) {
        return PUT_DUPLICATE;
    }
    if (history->highest < 0) {
        history->base = history->highest = index;
    } else if (index > history->highest) {
        open_gaps(history, history->highest + 1, index, now_us);
        history->highest = index;
    } else {
        close_gap(history, index);
        if (index < history->base) history->base = index;
    }
    store(history, index, packet, size, now_us);
    return result;
}

bool history_mark_keyframe(struct history *history, int64_t index, uint32_t timestamp, int64_t now_us) {
    if (history->keyframe_timestamp == (int64_t)timestamp) {
        if (index < history->keyframe) history->keyframe = index;
        return false;
    }
    if (index < history->keyframe) return false;
    history->keyframe = index;
    history->keyframe_timestamp = timestamp;
    history->keyframe_us = now_us;
    return true;
}
