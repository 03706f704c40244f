/*
 * Cells in bytes, and their numbers.  The form of a value is told in analysis/cube.h.
 */

#include "cube_cells.h"

#include <endian.h>
#include <stdlib.h>

#define INTEGER_SIZE 16 /* bytes */

static void big_endian_write(unsigned char *bytes, uint32_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> (8 * (size - 1 - i)));
}

static uint32_t big_endian_read(const char *bytes, size_t size)
{
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

void cell_key_write(const struct cell_key *key, unsigned char bytes[static CELL_KEY_SIZE])
{
    big_endian_write(bytes, key->definition, 4);
    bytes[4] = key->population;
    big_endian_write(bytes + 5, key->slice, 2);
    big_endian_write(bytes + 7, (uint32_t)key->cohort ^ UINT32_C(0x80000000), 4);
    bytes[11] = key->variant;
    bytes[12] = key->metric;
}

bool cell_key_read(struct slice bytes, struct cell_key *key)
{
    if (bytes.size != CELL_KEY_SIZE)
        return false;
    *key = (struct cell_key){
        .definition = big_endian_read(bytes.data, 4),
        .population = (uint8_t)bytes.data[4],
        .slice = (uint16_t)big_endian_read(bytes.data + 5, 2),
        .cohort = (int32_t)(big_endian_read(bytes.data + 7, 4) ^ UINT32_C(0x80000000)),
        .variant = (uint8_t)bytes.data[11],
        .metric = (uint8_t)bytes.data[12],
    };
    return true;
}

static void integer_write(char *bytes, int128 value)
{
    uint64_t halves[2] = {htole64((uint64_t)(uint128)value),
                          htole64((uint64_t)((uint128)value >> 64))};
    memcpy(bytes, halves, INTEGER_SIZE);
}

static int128 integer_read(const char *bytes)
{
    uint64_t halves[2];
    memcpy(halves, bytes, INTEGER_SIZE);
    return (int128)((uint128)le64toh(halves[1]) << 64 | le64toh(halves[0]));
}

void cell_value_write(struct buffer *out, const int128 *values, size_t count,
                      const struct cube_bin *bins, size_t bin_count)
{
    char *room = buffer_room(out, 1 + INTEGER_SIZE * count);
    if (!room)
        return;
    room[0] = (char)(unsigned char)count;
    for (size_t i = 0; i < count; i++)
        integer_write(room + 1 + INTEGER_SIZE * i, values[i]);
    buffer_grow(out, 1 + INTEGER_SIZE * count);
    if (!bins)
        return;
    buffer_add_varint(out, bin_count);
    uint32_t before = 0;
    for (size_t i = 0; i < bin_count; i++) {
        buffer_add_varint(out, bins[i].bin - before);
        buffer_add_zigzag(out, bins[i].count);
        before = bins[i].bin;
    }
}

static enum status no_cell(struct error *error)
{
    return FAIL(error, STATUS_STORAGE, "cube", 0, "this is no cell");
}

static enum status bins_read(struct arena *arena, struct reader *reader, struct cell_value *value,
                             struct error *error)
{
    uint64_t count = read_varint(reader), bin = 0;
    if (reader->failed || count > reader->rest.size / 2) /* a bin has two bytes at least */
        return no_cell(error);
    value->has_map = true;
    value->bins = ARENA_ARRAY(arena, count + 1, struct cube_bin);
    if (!value->bins)
        return FAIL(error, STATUS_NO_MEMORY, "cube", 0, "no memory");
    for (uint64_t i = 0; i < count; i++) {
        uint64_t step = read_varint(reader);
        int64_t number = read_zigzag(reader);
        if (reader->failed || step > UINT32_MAX || (i && step == 0) || number == 0)
            return no_cell(error);
        bin += step;
        if (bin > UINT32_MAX)
            return no_cell(error);
        value->bins[i] = (struct cube_bin){.bin = (uint32_t)bin, .count = number};
    }
    value->bin_count = count;
    return reader->rest.size ? no_cell(error) : STATUS_OK;
}

enum status cell_value_read(struct arena *arena, struct slice bytes, struct cell_value *value,
                            struct error *error)
{
    size_t count = bytes.size ? (unsigned char)bytes.data[0] : 0, head = 1 + INTEGER_SIZE * count;
    value->has_map = false;
    value->bins = NULL;
    value->bin_count = 0;
    if (count == 0 || count > CUBE_FIELDS_MAX || bytes.size < head)
        return no_cell(error);
    for (size_t i = 0; i < count; i++)
        value->values[i] = integer_read(bytes.data + 1 + INTEGER_SIZE * i);
    value->field_count = count;
    if (bytes.size == head)
        return STATUS_OK;
    struct reader reader = {.rest = {.data = bytes.data + head, .size = bytes.size - head}};
    return bins_read(arena, &reader, value, error);
}

static int metric_name_compare(const void *a, const void *b)
{
    const struct experiment_metric *one = a, *other = b;
    return slice_compare(one->metric->name, other->metric->name);
}

size_t metrics_by_name(const struct experiment *experiment,
                       struct experiment_metric metrics[static EXPERIMENT_METRICS_MAX])
{
    size_t count = experiment_metrics(experiment, metrics);
    qsort(metrics, count, sizeof *metrics, metric_name_compare);
    return count;
}

void cube_numbering_of(const struct experiment *experiment, struct cube_numbering *numbering)
{
    struct experiment_metric by_role[EXPERIMENT_METRICS_MAX], by_name[EXPERIMENT_METRICS_MAX];
    size_t metrics = experiment_metrics(experiment, by_role);
    metrics_by_name(experiment, by_name);
    numbering->count = cube_number_count(experiment);
    for (size_t i = 0; i < numbering->count; i++)
        numbering->numbers[i] = (uint8_t)i;
    for (size_t i = 0; i < metrics; i++)
        for (size_t j = 0; j < metrics; j++)
            if (by_name[i].metric == by_role[j].metric)
                numbering->numbers[i + 1] = (uint8_t)(j + 1);
    numbering->fields[0] = cube_fields_of_units(experiment);
    for (size_t i = 0; i < metrics; i++)
        numbering->fields[i + 1] = cube_fields_of_metric(experiment, by_role[i].metric);
    for (size_t i = metrics + 1; i < numbering->count; i++)
        numbering->fields[i] = cube_fields_of_step();
}

enum status cell_translate(const struct cube_numbering *numbering, const struct cell_value *value,
                           uint8_t *number, struct error *error)
{
    if (*number >= numbering->count)
        return no_cell(error);
    *number = numbering->numbers[*number];
    const struct cube_fields *fields = &numbering->fields[*number];
    if (value->field_count > fields->count || value->has_map != fields->has_map)
        return no_cell(error);
    return STATUS_OK;
}

bool cell_entry(struct arena *arena, const struct cube_numbering *numbering,
                const struct cell_key *key, const struct cell_value *value,
                struct cube_entry *entry)
{
    size_t count = numbering->fields[key->metric].count;
    int128 *kept = ARENA_ARRAY(arena, count, int128);
    struct cube_bin *bins = NULL;
    if (value->bin_count)
        bins = ARENA_ARRAY(arena, value->bin_count, struct cube_bin);
    if (!kept || (value->bin_count && !bins))
        return false;
    memcpy(kept, value->values, value->field_count * sizeof *kept);
    if (bins)
        memcpy(bins, value->bins, value->bin_count * sizeof *bins);
    *entry = (struct cube_entry){.key = *key,
                                 .field_count = (uint8_t)count,
                                 .values = kept,
                                 .bins = bins,
                                 .bin_count = value->bin_count};
    return true;
}

bool cells_are_beside(const struct cell_key *a, const struct cell_key *b)
{
    return a->population == b->population && a->slice == b->slice && a->cohort == b->cohort &&
           a->variant == b->variant;
}
