/* RTP headers by offsets (RFC 3550 §5.1), extension elements (RFC 8285), and where keyframes start. */
#include "plane.h"

bool parse_header(const uint8_t *data, size_t size, struct header *header) {
    if (size < 12 || data[0] >> 6 != 2) return false;
    size_t offset = 12 + 4 * (size_t)(data[0] & 0x0F), end = size;
    header->marker = data[1] & 0x80;
    header->payload_type = data[1] & 0x7F;
    header->sequence = read16(data + 2);
    header->timestamp = read32(data + 4);
    header->ssrc = read32(data + 8);
    header->extension = header->extension_length = header->profile = 0;
    if (data[0] & 0x10) {
        if (size < offset + 4) return false;
        size_t length = 4 * (size_t)read16(data + offset + 2);
        if (offset + 4 + length > size) return false;
        header->profile = read16(data + offset);
        header->extension = (uint16_t)(offset + 4);
        header->extension_length = (uint16_t)length;
        offset += 4 + length;
    }
    if (data[0] & 0x20) {
        if (data[size - 1] == 0 || data[size - 1] > size) return false;
        end -= data[size - 1];
    }
    if (end < offset) return false;
    header->payload = (uint16_t)offset;
    header->end = (uint16_t)end;
    return true;
}

int parse_elements(const uint8_t *data, const struct header *header, struct element *elements) {
    size_t offset = header->extension, end = offset + header->extension_length;
    bool one_byte = header->profile == 0xBEDE;
    int n = 0;
    if (!header->extension_length || (!one_byte && (header->profile & 0xFFF0) != 0x1000)) return 0;
    while (offset < end) {
        uint8_t id = data[offset], length;
        if (id == 0) {
            offset++;
            continue;
        }
        if (one_byte) {
            length = (uint8_t)((id & 0x0F) + 1);
            id >>= 4;
            if (id == 0 || id == 15) break; /* RFC 8285 §4.2 */
            offset++;
        } else {
            if (offset + 2 > end) return -1;
            length = data[offset + 1];
            offset += 2;
        }
        if (offset + length > end || n == MAX_ELEMENTS) return -1;
        elements[n++] = (struct element){id, length, (uint16_t)offset};
        offset += length;
    }
    return n;
}

int64_t extend(uint16_t sequence, int64_t near) {
    int64_t delta = (sequence - near) & 0xFFFF;
    return near + (delta >= 0x8000 ? delta - 0x10000 : delta);
}

int32_t timestamp_delta(uint32_t later, uint32_t earlier) { return (int32_t)(later - earlier); }

/* RFC 7741 §4.2–4.3: first packet of partition 0, inverse key frame flag clear. */
static bool vp8_keyframe(const uint8_t *payload, size_t size) {
    if (size < 2 || !(payload[0] & 0x10) || payload[0] & 0x07) return false;
    size_t offset = 1;
    if (payload[0] & 0x80) {
        uint8_t extended = payload[1];
        offset = 2;
        if (extended & 0x80) {
            if (size <= offset) return false;
            offset += payload[offset] & 0x80 ? 2 : 1;
        }
        offset += !!(extended & 0x40) + !!(extended & 0x30);
    }
    return size > offset && !(payload[offset] & 0x01);
}

static bool h264_starts(uint8_t kind) { return kind == 7 || kind == 5; } /* SPS, IDR slice */

/* RFC 6184: alone, in a STAP-A, or the first fragment of an FU-A. */
static bool h264_keyframe(const uint8_t *payload, size_t size) {
    if (size < 2) return false;
    uint8_t kind = payload[0] & 0x1F;
    if (h264_starts(kind)) return true;
    if (kind == 24) {
        for (size_t offset = 1; offset + 3 <= size; offset += 2u + read16(payload + offset))
            if (h264_starts(payload[offset + 2] & 0x1F)) return true;
        return false;
    }
    return kind == 28 && payload[1] & 0x80 && h264_starts(payload[1] & 0x1F);
}

/* RFC 9628 §4.2: begin of a frame that is not inter-picture predicted, lowest spatial layer. */
static bool vp9_keyframe(const uint8_t *payload, size_t size) {
    if (!size || payload[0] & 0x40 || !(payload[0] & 0x08)) return false;
    if (!(payload[0] & 0x20)) return true;
    size_t offset = 1;
    if (payload[0] & 0x80) {
        if (size <= offset) return false;
        offset += payload[offset] & 0x80 ? 2 : 1;
    }
    return size > offset && !(payload[offset] >> 1 & 0x07);
}

bool is_keyframe(enum codec codec, const uint8_t *payload, size_t size) {
    switch (codec) {
        case CODEC_VP8: return vp8_keyframe(payload, size);
        case CODEC_H264: return h264_keyframe(payload, size);
        case CODEC_VP9: return vp9_keyframe(payload, size);
        case CODEC_AV1: return size > 1 && payload[0] & 0x08 && !(payload[0] & 0x80); /* AV1 RTP §4.4: N, not Z */
        default: return false;
    }
}
