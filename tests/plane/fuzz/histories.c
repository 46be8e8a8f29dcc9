/* Histories against a plain array: packets of every size, in order and late, with the losses that hold memory
 * longest: some places of the ring are missed round after round, so that few packets lie in many chunks. */
#include "fuzz.h"

#define LARGEST 1024

struct expected {
    int64_t index, now_us;
    size_t size;
};

static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t below) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 11) % below;
}

static uint8_t byte_of(int64_t index, size_t at) { return (uint8_t)(index * 31 + (int64_t)at); }

static void fill(uint8_t *packet, int64_t index, size_t size) {
    for (size_t i = 0; i < size; i++) packet[i] = byte_of(index, i);
    packet[0] = 0x80;
    packet[1] = VP8;
    write16(packet + 2, (uint16_t)index);
}

static void check_contents(const struct history *history, const struct expected *expected) {
    uint8_t packet[MAX_PACKET];
    check_history(history);
    for (int64_t i = 0; i <= history->mask; i++) {
        REQUIRE(history->slots[i].index == expected[i].index);
        if (expected[i].index < 0) continue;
        const struct kept *kept = history_get(history, expected[i].index);
        fill(packet, expected[i].index, expected[i].size);
        REQUIRE(kept->now_us == expected[i].now_us && kept->size == expected[i].size);
        REQUIRE(!memcmp(kept->packet, packet, expected[i].size));
    }
}

/* Returns how often a packet was moved. */
static long long live(int ring, long long packets) {
    static struct expected expected[LARGEST];
    struct history history;
    uint8_t packet[MAX_PACKET];
    uint32_t places[LARGEST];
    long long moved = 0;
    size_t most = 0;
    int64_t next = FIRST_INDEX + draw(0x10000);
    uint32_t missed = 0;
    REQUIRE(history_init(&history, ring, 8));
    for (int i = 0; i < ring; i++) expected[i].index = -1;
    for (long long n = 0; n < packets; n++, next++) {
        if (draw(4 * (uint32_t)ring) == 0) missed = draw(4) * (uint32_t)ring / 8; /* of the ring's places */
        if (draw(100 * (uint32_t)ring) == 0) next += 2 * ring; /* another numbering */
        uint32_t place = (uint32_t)(next & history.mask);
        if ((place * 2654435761u >> 7) % (uint32_t)ring < missed && place % ((uint32_t)ring / 2)) continue;
        int64_t index = next - (draw(8) == 0 ? draw((uint32_t)ring) : 0), i = index & history.mask;
        size_t size = draw(3) ? 1100 + draw(MAX_PACKET - 1099) : 12 + draw(200);
        bool known = history_holds(&history, index), reset = history_would_reset(&history, index);
        fill(packet, index, size);
        enum put put = history_put(&history, index, packet, size, n);
        REQUIRE(put == (reset ? PUT_RESET : known ? PUT_DUPLICATE : PUT_NEW));
        if (reset)
            for (int k = 0; k < ring; k++) expected[k].index = -1;
        if (put != PUT_DUPLICATE) expected[i] = (struct expected){index, n, size};
        for (int k = 0; k < ring; k++) {
            moved += expected[k].index >= 0 && k != i && history.slots[k].place != places[k];
            places[k] = history.slots[k].place;
        }
        if (history.arena.live > most) most = history.arena.live;
        REQUIRE((size_t)history.arena.n_touched * CHUNK <= most * 3 / 2 + 3 * CHUNK);
        if (n % ring == 0) check_contents(&history, expected);
    }
    check_contents(&history, expected);
    history_free(&history);
    return moved;
}

int main(int argc, char **argv) {
    static const int rings[] = {4, 16, 64, LARGEST};
    long long packets = argc > 1 ? atoll(argv[1]) : 100000, moved = 0;
    for (int i = 0; i < 4; i++) moved += live(rings[i], packets);
    printf("packets %lld moved %lld\n", 4 * packets, moved);
    return 0;
}
