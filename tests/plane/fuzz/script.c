/* Bytes decoded into packets and table entries. Zero bytes are the ordinary case, so that an input that has
 * run out still does something sensible. */
#include "fuzz.h"

uint8_t take(struct script *script) { return script->at < script->end ? *script->at++ : 0; }
uint16_t take16(struct script *script) {
    uint8_t high = take(script);
    return (uint16_t)(high << 8 | take(script));
}

/* ---------------------------------------------------------------- packets */

static const struct {
    uint8_t payload_type, bytes[4], size;
} payloads[] = {
    {VP8, {0x10, 0x01, 0xAA, 0xBB}, 4},     /* a picture that needs another */
    {VP8, {0x10, 0x00, 0xAA, 0xBB}, 4},     /* a keyframe */
    {VP8, {0x90, 0xF0, 0x81, 0x22}, 4},     /* a descriptor longer than it looks */
    {OPUS, {0x78, 0x01, 0x02, 0x03}, 4},
    {H264, {0x65, 0x88, 0x80, 0x10}, 4},    /* IDR */
    {H264, {0x78, 0x00, 0x05, 0x67}, 4},    /* STAP-A whose first unit reaches over the end */
    {H264, {0x7C, 0x85, 0x88, 0x00}, 4},    /* FU-A, first fragment */
    {VP9, {0x88, 0x80, 0x01, 0x00}, 4},
    {VP9, {0x28, 0x00, 0x00, 0x00}, 2},
    {AV1, {0x18, 0x0A, 0x00, 0x00}, 4},
    {VP8_RTX, {0x03, 0xE8, 0x10, 0x00}, 4}, /* repairs what its first two bytes number */
    {H264_RTX, {0x03, 0xE8, 0x65, 0x00}, 4},
    {VP8_RTX, {0x00, 0x00, 0x00, 0x00}, 1}, /* a probe */
    {120, {0x00, 0x00, 0x00, 0x00}, 4},
};

/* Returns the size of the extension block, 0 for none. */
static size_t make_extension(struct script *script, uint8_t *out) {
    uint8_t form = take(script);
    size_t size = 4;
    if (!(form & 3)) return 0;
    bool two_bytes = (form & 3) == 2;
    int n = form >> 2 & 7;
    write16(out, (form & 3) == 3 ? 0x1234 : two_bytes ? 0x1000 : 0xBEDE);
    for (int i = 0; i < n; i++) {
        uint8_t id = take(script), length = take(script) & 0x0F, value = take(script);
        if (two_bytes) {
            out[size++] = id;
            out[size++] = length;
        } else {
            id &= 0x0F;
            if (id == SEND_TIME) length = 2;
            out[size++] = (uint8_t)(id << 4 | length);
            length++;
        }
        memset(out + size, value, length);
        if (id == SEND_TIME && length == 3) { /* about `value` ms from where it wraps */
            out[size] = value & 1 ? 0xFF : 0;
            out[size + 2] = 0;
        }
        size += length;
    }
    while (size & 3) out[size++] = 0;
    write16(out + 2, (uint16_t)((size - 4) / 4));
    return size;
}

size_t make_rtp(struct script *script, struct encoder *encoder, uint8_t *out, size_t room) {
    uint8_t shape = take(script), kind = take(script);
    size_t n_kinds = sizeof payloads / sizeof *payloads, which = kind % n_kinds;
    uint16_t sequence = encoder->sequence;
    if (shape & 0x01) encoder->timestamp += 3000;
    if (shape & 0x02) sequence = (uint16_t)(sequence + (int8_t)take(script));
    if (shape & 0x04) sequence = encoder->sequence = take16(script);
    if (shape & 0x08) encoder->timestamp = (uint32_t)take16(script) << 16;
    uint8_t csrcs = shape & 0x10 ? take(script) & 0x0F : 0, padding = shape & 0x20 ? take(script) : 0;
    if (sequence == encoder->sequence) encoder->sequence++;
    out[0] = (uint8_t)(0x80 | csrcs | (padding ? 0x20 : 0));
    out[1] = (uint8_t)((shape & 0x01 ? 0x80 : 0) | payloads[which].payload_type);
    write16(out + 2, sequence);
    write32(out + 4, encoder->timestamp);
    write32(out + 8, encoder->ssrc);
    memset(out + 12, 0x33, 4u * csrcs);
    size_t size = 12 + 4u * csrcs;
    size_t extension = shape & 0x40 ? make_extension(script, out + size) : 0;
    if (extension) out[0] |= 0x10;
    size += extension;
    memcpy(out + size, payloads[which].bytes, payloads[which].size);
    size += payloads[which].size;
    size_t more = shape & 0x80 ? take16(script) % 1600 : 0;
    if (size + more + padding > room) more = room - size - padding;
    memset(out + size, 0x5C, more + padding);
    size += more + padding;
    if (padding) out[size - 1] = padding;
    return size;
}

size_t mutate_packet(struct script *script, uint8_t *packet, size_t size, size_t room) {
    for (int n = take(script) & 3; n > 0 && size; n--) {
        uint8_t how = take(script);
        size_t at = take16(script) % (how & 0x10 ? size : size < 20 ? size : 20);
        switch (how & 3) {
            case 0: packet[at] ^= (uint8_t)(1u << (how >> 5)); break;
            case 1: packet[at] = take(script); break;
            case 2: size = at; break;
            default:
                if (size == room) break;
                memmove(packet + at + 1, packet + at, size - at);
                size++;
        }
    }
    return size;
}

/* ---------------------------------------------------------------- table entries */

struct stream make_stream(struct script *script, int64_t id) {
    struct stream stream = {.id = id, .clock_rate = 90000, .mid_extension = MID, .send_time_extension = SEND_TIME};
    uint8_t shape = take(script);
    memset(stream.codecs, NO_PT, sizeof stream.codecs);
    memset(stream.repairs, NO_PT, sizeof stream.repairs);
    if (shape & 0x01) {
        stream.clock_rate = 48000;
        stream.codecs[OPUS] = CODEC_OTHER;
        stream.level_extension = LEVEL;
    } else {
        stream.codecs[VP8] = CODEC_VP8;
        stream.repairs[VP8_RTX] = VP8;
        stream.has_keyframes = true;
    }
    if (shape & 0x02) {
        stream.codecs[H264] = CODEC_H264;
        stream.repairs[H264_RTX] = H264;
        stream.codecs[VP9] = CODEC_VP9;
        stream.codecs[AV1] = CODEC_AV1;
        stream.has_keyframes = true;
    }
    if (!(shape & 0x04)) {
        stream.has_ssrc = true;
        stream.ssrc = 1000 + (shape >> 6);
    }
    if (shape & 0x08) {
        stream.has_rtx_ssrc = true;
        stream.rtx_ssrc = 1002 + (shape >> 6); /* two of them are SSRCs of other streams */
    }
    if (shape & 0x10) {
        stream.mid[0] = (uint8_t)('0' + (shape >> 6));
        stream.mid_length = 1;
    }
    if (shape & 0x20) stream.clock_rate = 1 + take16(script);
    return stream;
}

struct route make_route(struct script *script, int64_t id, uint32_t serial) {
    struct route route = {.id = id, .ssrc = 0x10000 + 2 * serial, .rtx_ssrc = 0x10001 + 2 * serial};
    uint8_t shape = take(script);
    memset(route.payload_types, NO_PT, sizeof route.payload_types);
    memset(route.rtx_payload_types, NO_PT, sizeof route.rtx_payload_types);
    route.payload_types[VP8] = route.payload_types[H264] = 100;
    route.payload_types[OPUS] = 63;
    if (!(shape & 0x01)) {
        route.rtx_payload_types[100] = 101;
        route.has_rtx_ssrc = true;
    }
    if (shape & 0x02) route.payload_types[VP9] = route.payload_types[AV1] = route.payload_types[VP8_RTX] = 99;
    if (shape & 0x04) route.send_time_extension = 10;
    if (shape & 0x08)
        for (int i = 1; i < 256; i++) route.extensions[i] = (uint8_t)i;
    size_t constants = shape & 0x10 ? take(script) : 0; /* bytes of one value, in chunks that fit their length */
    for (uint8_t constant = 9; constants && route.n_constants + 2 + constants <= MAX_CONSTANTS; constant++) {
        route.constants[route.n_constants] = constant;
        route.constants[route.n_constants + 1] = (uint8_t)constants;
        memset(route.constants + route.n_constants + 2, 'c', constants);
        route.n_constants = (uint16_t)(route.n_constants + 2 + constants);
        if (!(shape & 0x20)) break;
    }
    route.cname_length = shape & 0x40 ? take(script) % (MAX_CNAME + 1) : 6;
    memset(route.cname, 'n', route.cname_length);
    route.last_index = FIRST_INDEX + (shape & 0x80 ? 0x7FFF : 100) - 1;
    route.last_timestamp = 0xFFFFF000;
    route.rtx_sequence = 0xFFF0;
    return route;
}

struct address make_address(unsigned number) {
    struct address address = {.family = 2, .port = (uint16_t)(40000 + number), .ip = {127, 0, 0, 1}};
    return address;
}
