/* Connectivity checks of a peer whose address is known: its consent (RFC 7675), a few seconds apart for as long
 * as it is here. Whatever is not exactly that goes to control (mediaserver/rtp/stun.py is the same in Python). */
#include "plane.h"

#include <string.h>

#define HEADER 20
#define MAX_REQUEST 548 /* RFC 8489 §6.1 */
#define DIGEST 20
#define BLOCK 64
#define COOKIE 0x2112A442u
#define FINGERPRINT_XOR 0x5354554Eu

enum { BINDING_REQUEST = 0x0001, BINDING_SUCCESS = 0x0101 };
enum { USERNAME = 0x0006, INTEGRITY = 0x0008, XOR_ADDRESS = 0x0020, FINGERPRINT = 0x8028, CONTROLLED = 0x8029 };

/* ---------------------------------------------------------------- SHA-1 (FIPS 180-4 §6.1), HMAC (RFC 2104), CRC-32 */

struct sha1 {
    uint32_t state[5];
    uint8_t block[BLOCK];
    size_t used, total;
};

static uint32_t rotate(uint32_t value, int by) { return value << by | value >> (32 - by); }

static void sha1_block(struct sha1 *sha) {
    uint32_t w[80], a = sha->state[0], b = sha->state[1], c = sha->state[2], d = sha->state[3], e = sha->state[4];
    for (int i = 0; i < 16; i++) w[i] = read32(sha->block + 4 * i);
    for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
        static const uint32_t k[] = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
        uint32_t next = rotate(a, 5) + f + e + k[i / 20] + w[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    sha->state[0] += a, sha->state[1] += b, sha->state[2] += c, sha->state[3] += d, sha->state[4] += e;
    sha->used = 0;
}

static void sha1_start(struct sha1 *sha) {
    *sha = (struct sha1){.state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0}};
}

static void sha1_add(struct sha1 *sha, const uint8_t *data, size_t size) {
    sha->total += size;
    while (size) {
        size_t n = size < BLOCK - sha->used ? size : BLOCK - sha->used;
        memcpy(sha->block + sha->used, data, n);
        sha->used += n, data += n, size -= n;
        if (sha->used == BLOCK) sha1_block(sha);
    }
}

static void sha1_end(struct sha1 *sha, uint8_t *digest) {
    uint64_t bits = (uint64_t)sha->total * 8;
    sha->block[sha->used++] = 0x80;
    if (sha->used > BLOCK - 8) {
        memset(sha->block + sha->used, 0, BLOCK - sha->used);
        sha1_block(sha);
    }
    memset(sha->block + sha->used, 0, BLOCK - 8 - sha->used);
    write32(sha->block + BLOCK - 8, (uint32_t)(bits >> 32));
    write32(sha->block + BLOCK - 4, (uint32_t)bits);
    sha1_block(sha);
    for (int i = 0; i < 5; i++) write32(digest + 4 * i, sha->state[i]);
}

/* Over the header, whose length field says `length`, and what follows it up to `size`. */
static void sign(const struct consent *consent, const uint8_t *message, size_t size, size_t length, uint8_t *digest) {
    struct sha1 sha;
    uint8_t pad[BLOCK] = {0}, head[4] = {message[0], message[1], (uint8_t)(length >> 8), (uint8_t)length};
    memcpy(pad, consent->password, consent->password_length);
    for (int i = 0; i < BLOCK; i++) pad[i] ^= 0x36;
    sha1_start(&sha);
    sha1_add(&sha, pad, BLOCK);
    sha1_add(&sha, head, sizeof head);
    sha1_add(&sha, message + sizeof head, size - sizeof head);
    sha1_end(&sha, digest);
    for (int i = 0; i < BLOCK; i++) pad[i] ^= 0x36 ^ 0x5C;
    sha1_start(&sha);
    sha1_add(&sha, pad, BLOCK);
    sha1_add(&sha, digest, DIGEST);
    sha1_end(&sha, digest);
}

/* RFC 8489 §14.7: CRC-32 of the message up to the attribute, whose header's length counts the attribute. */
static uint32_t fingerprint(const uint8_t *message, size_t size) {
    static const uint32_t nibbles[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    uint8_t length[2];
    uint32_t crc = 0xFFFFFFFF;
    write16(length, (uint16_t)(size - HEADER + 8));
    for (size_t i = 0; i < size; i++) {
        crc ^= i == 2 || i == 3 ? length[i - 2] : message[i];
        crc = crc >> 4 ^ nibbles[crc & 15];
        crc = crc >> 4 ^ nibbles[crc & 15];
    }
    return ~crc ^ FINGERPRINT_XOR;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t size) { /* in the same time, whatever differs */
    uint8_t differing = 0;
    for (size_t i = 0; i < size; i++) differing |= a[i] ^ b[i];
    return !differing;
}

/* ---------------------------------------------------------------- the check and its answer */

bool is_consent(const struct consent *consent, const uint8_t *data, size_t size) {
    const uint8_t *signature = NULL;
    size_t covered = 0;
    bool ours = false;
    if (!consent->username_length || size < HEADER || size > MAX_REQUEST || read16(data) != BINDING_REQUEST ||
        read32(data + 4) != COOKIE || read16(data + 2) != size - HEADER || size & 3)
        return false;
    for (size_t at = HEADER, length; at + 4 <= size; at += 4 + (length + 3) / 4 * 4) {
        uint16_t attribute = read16(data + at);
        const uint8_t *value = data + at + 4;
        length = read16(data + at + 2);
        if (at + 4 + length > size) return false;
        if (attribute == FINGERPRINT) {
            if (length != 4 || read32(value) != fingerprint(data, at)) return false;
        } else if (signature) {
            continue; /* what follows the signature is not covered by it (RFC 8489 §9) */
        } else if (attribute == USERNAME) {
            ours = length == consent->username_length && !memcmp(value, consent->username, length);
        } else if (attribute == CONTROLLED) {
            return false;
        } else if (attribute == INTEGRITY) {
            if (length != DIGEST) return false;
            signature = value;
            covered = at;
        }
    }
    uint8_t digest[DIGEST];
    if (!ours || !signature) return false;
    sign(consent, data, covered, covered - HEADER + 4 + DIGEST, digest);
    return same(digest, signature, DIGEST);
}

size_t consent_answer(const struct consent *consent, const uint8_t *request, const struct address *from, uint8_t *out) {
    size_t ip = from->family == AF_INET ? 4 : 16, at = HEADER;
    write16(out, BINDING_SUCCESS);
    memcpy(out + 4, request + 4, HEADER - 4); /* cookie and transaction */
    write16(out + at, XOR_ADDRESS);
    write16(out + at + 2, (uint16_t)(4 + ip));
    write16(out + at + 4, from->family == AF_INET ? 1 : 2);
    write16(out + at + 6, (uint16_t)(from->port ^ COOKIE >> 16));
    for (size_t i = 0; i < ip; i++) out[at + 8 + i] = from->ip[i] ^ request[4 + i];
    at += 8 + ip;
    sign(consent, out, at, at - HEADER + 4 + DIGEST, out + at + 4);
    write16(out + at, INTEGRITY);
    write16(out + at + 2, DIGEST);
    at += 4 + DIGEST;
    write32(out + at + 4, fingerprint(out, at));
    write16(out + at, FINGERPRINT);
    write16(out + at + 2, 4);
    at += 8;
    write16(out + 2, (uint16_t)(at - HEADER));
    return at;
}
