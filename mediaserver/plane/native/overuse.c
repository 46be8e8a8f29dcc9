/* Whether a publisher sends more than its path carries. plane/overuse.py is the same and says why; the operations
 * and their order are the same too, so that both come to the same doubles. The build forbids the compiler to
 * contract a product and a sum into one operation (-ffp-contract=off). */
#include "plane.h"

#include <math.h>

#define BURST_US 5000
#define MAX_BURST_US 100000
#define PAUSE_US 2000000

#define MAX_DELTAS 60
#define STATE_NOISE 1e-3
#define STATE_VARIANCE 0.1
#define JITTER_VARIANCE 50.0
#define LEAST_VARIANCE 1.0
#define CHI (0.01 * 30 / 1000)
#define THRESHOLD 12.5
#define LEAST_THRESHOLD 10.0
#define MOST_THRESHOLD 600.0
#define GROWTH 0.0087
#define DECAY 0.039
#define OUTLIER 15.0
#define LONGEST_STEP 100.0
#define OVERUSE_MS 10.0

#define BUCKET_SHIFT 14

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static double greater(double a, double b) { return a > b ? a : b; }
static double lesser(double a, double b) { return a < b ? a : b; }

static int32_t distance(uint32_t later, uint32_t earlier) {
    return (int32_t)((later - earlier + 0x800000) & 0xFFFFFF) - 0x800000;
}

static double ticks_us(int32_t ticks) { return (double)ticks * 15625 / 4096; }

/* ---------------------------------------------------------------- the bytes of the last second */

static void window_add(struct window *window, int64_t now_us, uint32_t size) {
    int64_t bucket = now_us >> BUCKET_SHIFT;
    while (window->newest < bucket) {
        uint32_t *oldest = &window->bytes[++window->newest % WINDOW_BUCKETS];
        window->total -= *oldest;
        *oldest = 0;
    }
    window->bytes[bucket % WINDOW_BUCKETS] += size;
    window->total += size;
}

static int64_t window_rate(const struct window *window, int64_t now_us) {
    int64_t since = larger(window->since_us, (window->newest - WINDOW_BUCKETS + 1) * (1 << BUCKET_SHIFT));
    return window->total * 8000000 / larger(now_us - since, 1 << BUCKET_SHIFT);
}

/* ---------------------------------------------------------------- groups, §5.2 */

static bool takes(const struct packet_group *group, int64_t now_us, uint32_t sent) {
    int32_t ahead = distance(sent, group->last);
    if (ahead <= 0 || ticks_us(distance(sent, group->first)) <= BURST_US) return true;
    int64_t waited = now_us - group->last_us;
    return waited <= BURST_US && (double)waited < ticks_us(ahead) && now_us - group->began_us < MAX_BURST_US;
}

/* Whether nothing can be concluded from the times of the packets before and of this one. */
static bool is_broken(const struct packet_group *group, int64_t now_us, uint32_t sent) {
    int64_t since = now_us - group->last_us;
    if (since < 0 || since > PAUSE_US) return true;
    double stretch = (double)(now_us - group->began_us) - ticks_us(distance(sent, group->first));
    return stretch > PAUSE_US || stretch < -PAUSE_US;
}

/* ---------------------------------------------------------------- the trend of the delay, §5.3 and §5.4 */

static void measure(struct overuse *path, double delay, double sent_ms) {
    double residual = delay - path->trend;
    if (path->normal) {
        double most = 3 * sqrt(path->jitter);
        double capped = lesser(greater(residual, -most), most);
        double weight = 1 / (1 + CHI * sent_ms);
        path->jitter = greater(weight * path->jitter + (1 - weight) * (capped * capped), LEAST_VARIANCE);
    }
    double uncertain = path->variance + STATE_NOISE;
    double gain = uncertain / (path->jitter + uncertain);
    path->variance = (1 - gain) * uncertain;
    path->trend_before = path->trend;
    path->trend += gain * residual;
    if (path->deltas < MAX_DELTAS) path->deltas++;
}

static void detect(struct overuse *path, int64_t now_us, double sent_ms, double arrived_ms) {
    double trend = path->deltas * path->trend, size = fabs(trend);
    path->normal = size <= path->threshold;
    if (trend > path->threshold) {
        bool was_above = path->above;
        path->above = true;
        path->above_ms += was_above ? sent_ms : sent_ms / 2;
        if (was_above && path->above_ms > OVERUSE_MS && path->trend >= path->trend_before) {
            path->above_ms = 0;
            path->above = false;
            path->overused_us = now_us;
            path->overused_rate = window_rate(&path->window, now_us);
        }
    } else {
        path->above_ms = 0;
        path->above = false;
    }
    if (size > path->threshold + OUTLIER) return;
    double speed = size < path->threshold ? DECAY : GROWTH;
    double threshold = path->threshold + speed * (size - path->threshold) * lesser(arrived_ms, LONGEST_STEP);
    path->threshold = lesser(greater(threshold, LEAST_THRESHOLD), MOST_THRESHOLD);
}

static void restart(struct overuse *path, int64_t now_us, uint32_t sent) {
    *path = (struct overuse){
        .overused_us = path->overused_us,
        .overused_rate = path->overused_rate,
        .window = {.newest = now_us >> BUCKET_SHIFT, .since_us = now_us},
        .group = {.began_us = now_us, .last_us = now_us, .first = sent, .last = sent},
        .has_group = true,
        .variance = STATE_VARIANCE,
        .jitter = JITTER_VARIANCE,
        .threshold = THRESHOLD,
        .normal = true,
    };
}

void overuse_add(struct overuse *path, int64_t now_us, uint32_t sent, uint32_t size) {
    struct packet_group *group = &path->group, *before = &path->before;
    if (!path->has_group || is_broken(group, now_us, sent)) {
        restart(path, now_us, sent);
        window_add(&path->window, now_us, size);
        return;
    }
    window_add(&path->window, now_us, size);
    if (distance(sent, group->first) < 0) return; /* belongs to a group that is over */
    if (takes(group, now_us, sent)) {
        group->last_us = now_us;
        if (distance(sent, group->last) > 0) group->last = sent;
        return;
    }
    if (path->has_before) {
        double sent_ms = ticks_us(distance(group->last, before->last)) / 1000;
        double arrived_ms = (double)(group->last_us - before->last_us) / 1000;
        measure(path, arrived_ms - sent_ms, sent_ms);
        detect(path, now_us, sent_ms, arrived_ms);
    }
    *before = *group;
    path->has_before = true;
    *group = (struct packet_group){.began_us = now_us, .last_us = now_us, .first = sent, .last = sent};
}
