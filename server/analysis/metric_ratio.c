/*
 * Metrics that are a quotient of two sums over units: mean (the total of a property over the number
 * of its events), ratio (of two metrics), and the net promoter score.
 *
 * Of nps the first answer of the window counts, in record order: a whole number from 0 to 10; 9 and
 * 10 promote, 0 to 6 detract.  Any other is left out, and counted as unread.
 */

#include "metric.h"

#define ANSWER_MAX 10
#define PROMOTER_MIN 9
#define DETRACTOR_MAX 6

static void quotient_fill(int128 *fields, int64_t y, int64_t s)
{
    fields[RATIO_N] = 1;
    fields[RATIO_Y] = y;
    fields[RATIO_S] = s;
    fields[RATIO_YY] = (int128)y * y;
    fields[RATIO_SS] = (int128)s * s;
    fields[RATIO_YS] = (int128)y * s;
    fields[RATIO_UNITS] = y != 0 || s != 0;
}

void mean_fill(struct unit_reading *reading, const struct scheme_metric *metric, int128 *fields)
{
    struct unit_value value = unit_value_of(reading, metric);
    quotient_fill(fields, value.value, value.events);
}

void ratio_fill(struct unit_reading *reading, const struct scheme_metric *metric, int128 *fields)
{
    struct unit_value numerator = unit_value_of(reading, metric->numerator);
    struct unit_value denominator = unit_value_of(reading, metric->denominator);
    quotient_fill(fields, numerator.value, denominator.value);
}

void nps_fill(struct unit_reading *reading, const struct scheme_metric *metric, int128 *fields)
{
    struct window window = window_of(metric, reading->exposure_ms);
    struct outcome_walk walk = outcome_walk_of(&metric->items[0], reading->record, &window);
    fields[NPS_N] = 1;
    while (outcome_next(&walk)) {
        int64_t micro;
        bool good = outcome_value(&walk, &micro) && micro % MICRO == 0 && micro >= 0 &&
                    micro <= ANSWER_MAX * MICRO;
        if (!good) {
            reading->unread++;
            continue;
        }
        if (fields[NPS_RESPONDED])
            continue;
        fields[NPS_RESPONDED] = 1;
        fields[NPS_PROMOTERS] = micro >= PROMOTER_MIN * MICRO;
        fields[NPS_DETRACTORS] = micro <= DETRACTOR_MAX * MICRO;
    }
}
