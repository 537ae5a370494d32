# SPDX-License-Identifier: Apache-2.0
"""Minimum, median and maximum."""
import statistics


def spread(values):
    """{"minimum", "median", "maximum"} of some numbers, or None of none."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return {"minimum": min(values), "median": statistics.median(values), "maximum": max(values)}


def show(values, form="%.2f"):
    """median [minimum, maximum]"""
    if not values:
        return "-"
    return f"{form % values['median']} [{form % values['minimum']}, {form % values['maximum']}]"
