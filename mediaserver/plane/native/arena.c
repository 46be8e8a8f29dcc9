/* The memory of one history: a log of packets in chunks, so that small packets take little of it.
 *
 * Blocks are laid one behind the other. They go in about the order they came, and a chunk without any is used
 * again, the latest first: pages that were never needed are never touched. A packet stays for another round of
 * the ring where the one that should displace it was lost, and its chunk with it. So that this cannot add up,
 * however the losses fall, chunks that hold few bytes are emptied once too many are in use. */
#include "plane.h"

#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define FENCE 16 /* between blocks, so that reading on behind one is noticed as with malloc */
#define FORBID(from, size) ASAN_POISON_MEMORY_REGION(from, size)
#define ALLOW(from, size) ASAN_UNPOISON_MEMORY_REGION(from, size)
#else
#define FENCE 0
#define FORBID(from, size) ((void)0)
#define ALLOW(from, size) ((void)0)
#endif

static size_t round_up(size_t size) { return (size + FENCE + 7) & ~(size_t)7; }

/* Chunks that so many bytes may occupy: half as much again, the one being filled and a part of the one before. */
static int32_t allowed(size_t live) { return (int32_t)(live * 3 / 2 / CHUNK) + 2; }

uint8_t *arena_map(struct arena *arena, size_t n, size_t longest, size_t more) {
    size_t n_chunks = (size_t)allowed(n * round_up(longest)) + 1; /* one more while another is emptied into it */
    size_t blocks = n_chunks * CHUNK, table = n_chunks * sizeof *arena->chunks;
    arena->mapped = blocks + table + more;
    arena->memory = mmap(NULL, arena->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena->memory == MAP_FAILED) {
        arena->memory = NULL;
        return NULL;
    }
    madvise(arena->memory, arena->mapped, MADV_NOHUGEPAGE); /* where all memory is huge, the first packet would take 2 MB */
    arena->chunks = (struct chunk *)(arena->memory + blocks);
    arena_clear(arena);
    return arena->memory + blocks + table;
}

void arena_unmap(struct arena *arena) {
    if (!arena->memory) return;
    ALLOW(arena->memory, arena->mapped);
    munmap(arena->memory, arena->mapped);
    arena->memory = NULL;
}

void arena_clear(struct arena *arena) {
    arena->head = arena->free = -1;
    arena->n_used = arena->n_touched = 0;
    arena->live = 0;
    FORBID(arena->memory, (size_t)((uint8_t *)arena->chunks - arena->memory));
}

bool arena_fits(const struct arena *arena, size_t size) {
    return arena->head >= 0 && arena->top + round_up(size) <= CHUNK;
}

static void release(struct arena *arena, int32_t chunk) {
    arena->chunks[chunk].next = arena->free;
    arena->free = chunk;
    arena->n_used--;
}

/* The chunk with the fewest bytes in use, other than the one being filled. */
static int32_t sparsest(const struct arena *arena) {
    int32_t found = -1;
    for (int32_t i = 0; i < arena->n_touched; i++)
        if (arena->chunks[i].live && (found < 0 || arena->chunks[i].live < arena->chunks[found].live)) found = i;
    return found;
}

int32_t arena_open(struct arena *arena) {
    int32_t full = arena->head, sparse = -1;
    if (full >= 0 && !arena->chunks[full].live) release(arena, full);
    if (arena->n_used >= allowed(arena->live)) sparse = sparsest(arena);
    arena->head = arena->free >= 0 ? arena->free : arena->n_touched++;
    if (arena->head == arena->free) arena->free = arena->chunks[arena->head].next;
    arena->chunks[arena->head].live = 0;
    arena->top = 0;
    arena->n_used++;
    return sparse;
}

int32_t arena_chunk(uint32_t place) { return (int32_t)(place / CHUNK); }

uint32_t arena_add(struct arena *arena, size_t size) {
    uint32_t place = (uint32_t)((size_t)arena->head * CHUNK + arena->top);
    ALLOW(arena->memory + place, size);
    arena->top += (uint32_t)round_up(size);
    arena->chunks[arena->head].live += (uint32_t)round_up(size);
    arena->live += round_up(size);
    return place;
}

void arena_drop(struct arena *arena, uint32_t place, size_t size) {
    struct chunk *chunk = &arena->chunks[arena_chunk(place)];
    FORBID(arena->memory + place, size);
    chunk->live -= (uint32_t)round_up(size);
    arena->live -= round_up(size);
    if (!chunk->live && arena_chunk(place) != arena->head) release(arena, arena_chunk(place));
}
