/* Hash tables with open addressing, and lists that keep their order. */
#include "plane.h"

#include <stdlib.h>
#include <string.h>

#define MAX_KEY 40

struct entry {
    void *value; /* NULL: free */
    uint8_t key[MAX_KEY];
};

/* FNV-1a: short keys, some of them chosen by strangers, but only after they proved who they are. */
static size_t hash(const uint8_t *key, size_t length) {
    uint64_t value = 14695981039346656037u;
    for (size_t i = 0; i < length; i++) value = (value ^ key[i]) * 1099511628211u;
    return (size_t)(value ^ value >> 29);
}

static struct entry *find(const struct table *table, const void *key, size_t length) {
    size_t at = hash(key, length) & (table->size - 1);
    while (table->entries[at].value && memcmp(table->entries[at].key, key, length)) at = (at + 1) & (table->size - 1);
    return &table->entries[at];
}

void *table_get(const struct table *table, const void *key, size_t length) {
    return table->used ? find(table, key, length)->value : NULL;
}

static bool grow(struct table *table, size_t length) {
    struct table larger = {table->size ? table->size * 2 : 64, table->used, NULL};
    larger.entries = calloc(larger.size, sizeof *larger.entries);
    if (!larger.entries) return false;
    for (size_t i = 0; i < table->size; i++)
        if (table->entries[i].value) *find(&larger, table->entries[i].key, length) = table->entries[i];
    free(table->entries);
    *table = larger;
    return true;
}

bool table_set(struct table *table, const void *key, size_t length, void *value) {
    if (table->used * 2 >= table->size && !grow(table, length)) return false;
    struct entry *entry = find(table, key, length);
    table->used += !entry->value;
    memcpy(entry->key, key, length);
    entry->value = value;
    return true;
}

void table_remove(struct table *table, const void *key, size_t length) {
    if (!table->used) return;
    struct entry *entry = find(table, key, length);
    if (!entry->value) return;
    table->used--;
    /* Close the hole: move back every follower that its own place would not find behind it. */
    size_t mask = table->size - 1, hole = (size_t)(entry - table->entries);
    for (size_t at = (hole + 1) & mask; table->entries[at].value; at = (at + 1) & mask) {
        size_t home = hash(table->entries[at].key, length) & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            table->entries[hole] = table->entries[at];
            hole = at;
        }
    }
    table->entries[hole].value = NULL;
}

void table_each(const struct table *table, void (*visit)(void *value, void *context), void *context) {
    for (size_t i = 0; i < table->size; i++)
        if (table->entries[i].value) visit(table->entries[i].value, context);
}

void table_free(struct table *table) {
    free(table->entries);
    *table = (struct table){0, 0, NULL};
}

bool list_add(struct list *list, void *item) {
    if (list->n == list->room) {
        int room = list->room ? list->room * 2 : 4;
        void **items = realloc(list->items, (size_t)room * sizeof *items);
        if (!items) return false;
        list->items = items;
        list->room = room;
    }
    list->items[list->n++] = item;
    return true;
}

void list_remove(struct list *list, const void *item) {
    for (int i = 0; i < list->n; i++)
        if (list->items[i] == item) {
            memmove(list->items + i, list->items + i + 1, (size_t)(--list->n - i) * sizeof *list->items);
            return;
        }
}
