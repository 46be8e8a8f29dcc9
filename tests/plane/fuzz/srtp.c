/* A stand-in for libsrtp: nothing is encrypted, but the tag is appended and checked, and what would be a
 * catastrophe with real keys ends the run. */
#include "fuzz.h"

#define ALIVE 0x50b7a11e
#define SOURCES 64 /* SSRCs of one context that are watched */
#define WATCHED 512 /* latest packets of each */

struct source {
    uint32_t ssrc;
    bool used;
    int64_t highest;
    struct {
        int64_t index;
        uint64_t text;
    } packets[WATCHED];
};

struct srtp {
    uint32_t alive;
    uint64_t key;
    struct source *sources[SOURCES];
};

static uint64_t digest(const uint8_t *data, size_t size, uint64_t key) {
    uint64_t value = key ^ 14695981039346656037u;
    for (size_t i = 0; i < size; i++) value = (value ^ data[i]) * 1099511628211u;
    return value ^ value >> 32;
}

struct srtp *srtp_new(uint64_t key) {
    struct srtp *srtp = calloc(1, sizeof *srtp);
    REQUIRE(srtp);
    srtp->alive = ALIVE;
    srtp->key = key;
    return srtp;
}

void srtp_free(struct srtp *srtp) {
    for (int i = 0; i < SOURCES; i++) free(srtp->sources[i]);
    free(srtp);
}

static void write_tag(const struct srtp *srtp, const uint8_t *data, size_t size, uint8_t *tag) {
    uint64_t value = digest(data, size, srtp->key);
    memcpy(tag, &value, 8);
    memset(tag + 8, 0x7A, TAG - 8);
}

size_t seal(const struct srtp *srtp, uint8_t *packet, size_t size, bool rtcp) {
    if (rtcp) {
        memset(packet + size, 0x80, INDEX);
        size += INDEX;
    }
    write_tag(srtp, packet, size, packet + size);
    return size + TAG;
}

/* One nonce for two texts gives AES-GCM's key away (RFC 5116 §5.1.1): the same SSRC and index must be the same packet. */
static void check_nonce(struct srtp *srtp, const uint8_t *packet, size_t size) {
    uint32_t ssrc = read32(packet + 8);
    struct source **at = &srtp->sources[ssrc % SOURCES];
    if (!*at) *at = calloc(1, sizeof **at);
    REQUIRE(*at);
    struct source *source = *at;
    if (!source->used || source->ssrc != ssrc) {
        memset(source, 0, sizeof *source);
        source->used = true;
        source->ssrc = ssrc;
        source->highest = FIRST_INDEX + read16(packet + 2);
    }
    int64_t index = extend(read16(packet + 2), source->highest);
    if (index > source->highest) source->highest = index;
    uint64_t text = digest(packet, size, 0);
    if (source->packets[index % WATCHED].index == index) REQUIRE(source->packets[index % WATCHED].text == text);
    source->packets[index % WATCHED].index = index;
    source->packets[index % WATCHED].text = text;
}

static struct srtp *context_of(void *context, const void *packet, const int *length) {
    struct srtp *srtp = context;
    REQUIRE(srtp && srtp->alive == ALIVE);
    REQUIRE(*length >= 0 && *length <= MAX_DATAGRAM);
    REQUIRE(((uintptr_t)packet & 3) == 0); /* libsrtp works in 32-bit words */
    return srtp;
}

int fake_protect(void *context, void *packet, int *length) {
    struct srtp *srtp = context_of(context, packet, length);
    if (*length < 12) return 2;
    check_nonce(srtp, packet, (size_t)*length);
    *length = (int)seal(srtp, packet, (size_t)*length, false);
    return 0;
}

int fake_protect_rtcp(void *context, void *packet, int *length) {
    struct srtp *srtp = context_of(context, packet, length);
    if (*length < 8) return 2;
    *length = (int)seal(srtp, packet, (size_t)*length, true);
    return 0;
}

static int unprotect(void *context, uint8_t *packet, int *length, int least, int extra) {
    const struct srtp *srtp = context_of(context, packet, length);
    uint8_t tag[TAG];
    if (*length < least + extra + TAG) return 2;
    write_tag(srtp, packet, (size_t)*length - TAG, tag);
    if (memcmp(tag, packet + *length - TAG, TAG)) return 7;
    *length -= extra + TAG;
    ASAN_POISON_MEMORY_REGION(packet + *length, (size_t)(extra + TAG)); /* not the packet's any more */
    return 0;
}

int fake_unprotect(void *context, void *packet, int *length) { return unprotect(context, packet, length, 12, 0); }
int fake_unprotect_rtcp(void *context, void *packet, int *length) { return unprotect(context, packet, length, 8, INDEX); }
