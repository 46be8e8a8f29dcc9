/* Target: paths. Packets as an odd path or an odd sender times them, straight into the over-use detection: a few
 * bytes make a trend of up to 32 packets, jumps of either clock between them. */
#include "fuzz.h"

int fuzz(const uint8_t *data, size_t size) {
    struct script script = {data, data + size};
    struct overuse path = {0};
    int64_t now_us = 10000000, latest_us = 0;
    uint32_t sent = 0xFFF000;
    while (script.at < script.end) {
        uint8_t how = take(&script);
        int64_t gap_us = take(&script) * 256;
        uint32_t gap_ticks = take(&script) * 64u, bytes = how & 4 ? take16(&script) : 1000;
        if (how & 1) now_us += (int16_t)take16(&script) * 10000;
        if (how & 2) sent += (uint32_t)take16(&script) << 8;
        if (now_us < 0) now_us = 0;
        for (int n = how >> 3; n >= 0; n--) {
            now_us += gap_us;
            if (now_us > latest_us) latest_us = now_us;
            sent += gap_ticks;
            overuse_add(&path, now_us, sent & 0xFFFFFF, bytes);
            check_overuse(&path);
            REQUIRE(path.overused_us <= latest_us);
        }
    }
    return 0;
}
