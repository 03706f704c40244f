/*
 * What stands under a comparison of breadth: the other estimand, in which each member counts the
 * same, and what an account is like.
 *
 *     pooled over members 66.9%, +24.71 points, +17.00 to +32.43
 *     2.6 of 3.8 members an account; design effect 1.62; depth 1.31, +0.12
 */

#include "text_parts.h"

static void pooled_line(struct buffer *text, const struct value *variant,
                        const struct value *comparison)
{
    const struct value *own = member(variant, "pooled"), *pooled = member(comparison, "pooled");
    struct interval interval;
    buffer_add(text, SLICE("pooled over members "));
    measure_value(text, METRIC_BREADTH, member_number(own, "value"));
    if (!member_is_null(pooled, "estimate")) {
        buffer_add(text, SLICE(", "));
        measure_difference(text, METRIC_BREADTH, member_number(pooled, "estimate"));
    }
    if (interval_of(member(pooled, "interval"), &interval.low, &interval.high)) {
        buffer_add(text, SLICE(", "));
        measure_interval(text, METRIC_BREADTH, &interval);
    }
}

static void account_line(struct buffer *text, const struct value *variant,
                         const struct value *comparison)
{
    const struct value *depth = member(comparison, "depth");
    buffer_format(text, "%.1f of %.1f members an account",
                  member_number(variant, "active_per_account"),
                  member_number(variant, "members_per_account"));
    if (!member_is_null(variant, "design_effect"))
        buffer_format(text, "; design effect %.2f", member_number(variant, "design_effect"));
    if (depth && !member_is_null(depth, "estimate")) {
        buffer_format(text, "; depth %.2f, ", member_number(member(variant, "depth"), "value"));
        measure_difference(text, METRIC_RATIO, member_number(depth, "estimate"));
    }
    if (member_is_true(comparison, "few_accounts"))
        buffer_add(text, SLICE("; few accounts: take the interval with care"));
}

void text_breadth(struct painter *painter, const struct value *variant,
                  const struct value *comparison, unsigned column)
{
    void (*const lines[])(struct buffer * text, const struct value *variant,
                          const struct value *comparison) = {pooled_line, account_line};
    if (!variant || member_is_null(member(variant, "pooled"), "value"))
        return;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct buffer text = {0};
        lines[i](&text, variant, comparison);
        paint_to(painter, column);
        paint_style(painter, PAINT_DIM);
        paint_clipped(painter, buffer_slice(&text), painter->columns - painter->at);
        paint_style(painter, PAINT_PLAIN);
        paint_end(painter);
        buffer_done(&text);
    }
}
