/* A mutating driver for one target: no more than gcc is needed.
 *
 *   target [-seconds N] [-runs N] [-seed N] [-keep DIRECTORY] [-crash FILE] [input or directory …]
 *
 * Runs the inputs given, then mutations of them. Compiled with -fsanitize-coverage=trace-pc the target says
 * which edges it took; an input that takes a new one joins those that are mutated, and is written to
 * DIRECTORY. The input at work when something breaks is written to FILE. Built with -DLIBFUZZER this file is only
 * the entry point that libFuzzer and AFL++ look for. */
#include "fuzz.h"

#ifdef LIBFUZZER

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return fuzz(data, size); }

#else

#include <dirent.h>
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#define MAX_SCRIPT 2048
#define MAX_CORPUS 4096
#define EDGES 65536

struct input {
    uint8_t *data;
    size_t size;
};

static struct input corpus[MAX_CORPUS];
static int n_corpus;
static uint8_t edges[EDGES], seen[EDGES]; /* of this run, as a power of two of how often; and of all */
static uintptr_t last_edge;
static uint64_t state;
static uint8_t current[MAX_SCRIPT];
static size_t current_size;
static const char *crash_file = "crash", *keep;

/* ---------------------------------------------------------------- coverage */

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) {
    uintptr_t here = (uintptr_t)__builtin_return_address(0);
    uint8_t *edge = &edges[(here ^ last_edge) % EDGES];
    if (*edge < 255) ++*edge;
    last_edge = here >> 1;
}

static uint8_t bucket(uint8_t times) { return (uint8_t)(times < 4 ? 1 << (times - 1) : times < 16 ? 8 : times < 64 ? 16 : 32); }

static bool saw_new(void) {
    bool any = false;
    for (int i = 0; i < EDGES; i++)
        if (edges[i] && bucket(edges[i]) & ~seen[i]) {
            seen[i] |= bucket(edges[i]);
            any = true;
        }
    return any;
}

static int n_seen(void) {
    int n = 0;
    for (int i = 0; i < EDGES; i++) n += seen[i] != 0;
    return n;
}

/* ---------------------------------------------------------------- inputs */

static void write_file(const char *path, const uint8_t *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file) return;
    fwrite(data, 1, size, file);
    fclose(file);
}

static void save_crash(void) {
    write_file(crash_file, current, current_size);
    fprintf(stderr, "the input is in %s\n", crash_file);
}

static void on_abort(int number) {
    save_crash();
    signal(number, SIG_DFL);
    raise(number);
}

static void add_input(const uint8_t *data, size_t size) {
    if (n_corpus == MAX_CORPUS) return;
    struct input *input = &corpus[n_corpus++];
    input->data = malloc(size + 1);
    REQUIRE(input->data);
    memcpy(input->data, data, size);
    input->size = size;
}

static void run_current(void) {
    memset(edges, 0, sizeof edges);
    last_edge = 0;
    fuzz(current, current_size);
}

static void run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    REQUIRE(file);
    current_size = fread(current, 1, sizeof current, file);
    fclose(file);
    run_current();
    saw_new();
    add_input(current, current_size);
}

static int run_path(const char *path) {
    struct stat about;
    REQUIRE(!stat(path, &about));
    if (!S_ISDIR(about.st_mode)) {
        run_file(path);
        return 1;
    }
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort), runs = 0;
    REQUIRE(n >= 0);
    for (int i = 0; i < n; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') runs += run_path(name);
        free(entries[i]);
    }
    free(entries);
    return runs;
}

/* ---------------------------------------------------------------- mutation */

static uint64_t draw(uint64_t below) { /* xorshift64* */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * 2685821657736338717u >> 16) % below;
}

static void insert(size_t at, const uint8_t *data, size_t size) {
    if (current_size + size > MAX_SCRIPT) return;
    memmove(current + at + size, current + at, current_size - at);
    memmove(current + at, data, size);
    current_size += size;
}

static void mutate_once(void) {
    size_t at = current_size ? draw(current_size) : 0;
    uint8_t random[16];
    const struct input *other;
    for (size_t i = 0; i < sizeof random; i++) random[i] = (uint8_t)draw(256);
    switch (draw(7)) {
        case 0: if (current_size) current[at] ^= (uint8_t)(1u << draw(8)); break;
        case 1: if (current_size) current[at] = random[0]; break;
        case 2: if (current_size) current[at] = (uint8_t)(current[at] + draw(9) - 4); break;
        case 3: insert(at, random, 1 + draw(sizeof random)); break;
        case 4: { /* a piece leaves */
            size_t size = current_size ? draw(current_size - at < 64 ? current_size - at : 64) : 0;
            memmove(current + at, current + at + size, current_size - at - size);
            current_size -= size;
            break;
        }
        case 5: { /* a piece again */
            uint8_t piece[64];
            size_t size = current_size - at < sizeof piece ? current_size - at : sizeof piece;
            memcpy(piece, current + at, size);
            insert(current_size ? draw(current_size) : 0, piece, size);
            break;
        }
        default: /* a piece of another */
            other = &corpus[draw((uint64_t)n_corpus)];
            if (other->size) {
                size_t from = draw(other->size), size = other->size - from;
                insert(at, other->data + from, 1 + draw(size < 128 ? size : 128));
            }
    }
}

static void mutate(void) {
    const struct input *base = &corpus[draw((uint64_t)n_corpus)];
    current_size = base->size;
    memcpy(current, base->data, base->size);
    for (int n = 1 << draw(5); n > 0; n--) mutate_once();
}

static void keep_current(void) {
    add_input(current, current_size);
    if (!keep) return;
    char name[4096];
    snprintf(name, sizeof name, "%s/%06d", keep, n_corpus);
    write_file(name, current, current_size);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    double seconds = 1e9, begin = now();
    long long runs = 0, wanted = 1000, seed = 1;
    __sanitizer_set_death_callback(save_crash);
    signal(SIGABRT, on_abort);
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            runs += run_path(argv[i]);
            continue;
        }
        REQUIRE(i + 1 < argc);
        const char *name = argv[i++] + 1, *value = argv[i];
        if (!strcmp(name, "seconds")) seconds = atof(value), wanted = 1LL << 60;
        else if (!strcmp(name, "runs")) wanted = atoll(value);
        else if (!strcmp(name, "seed")) seed = atoll(value);
        else if (!strcmp(name, "keep")) keep = value;
        else if (!strcmp(name, "crash")) crash_file = value;
        else REQUIRE(!"a known option");
    }
    state = (uint64_t)seed * 0x9E3779B97F4A7C15u + 1;
    if (!n_corpus) add_input((const uint8_t *)"", 0);
    for (long long n = 0; n < wanted && now() - begin < seconds; n++, runs++) {
        mutate();
        run_current();
        if (saw_new()) keep_current();
    }
    double took = now() - begin;
    printf("executions %lld seconds %.1f per_second %.0f inputs %d edges %d\n", runs, took, (double)runs / took, n_corpus,
           n_seen());
    for (int i = 0; i < n_corpus; i++) free(corpus[i].data);
    return 0;
}

#endif
