/* SPDX-License-Identifier: Apache-2.0 */
/* Colours from names: the module chooses a band of the warm hues, and the function a hue and a shade within it. Bands
 * overlap, but they are wide enough to tell callers from the functions that they call. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "files/path.h"
#include "render/flame/flame_colour.h"

enum { BAND = 6 }; /* hues of one module */

/* Red, green, blue: 0 to 1. */
struct rgb {
	double part[3];
};

static struct flame_colour colour_text(struct rgb colour)
{
	struct flame_colour result;

	snprintf(result.text, sizeof result.text, "#%02x%02x%02x", (unsigned)lround(colour.part[0] * 255) & 0xff,
		 (unsigned)lround(colour.part[1] * 255) & 0xff, (unsigned)lround(colour.part[2] * 255) & 0xff);
	return result;
}

/* From a hue of 0 to 60 degrees, where red is full and blue the least: a flame needs no others. */
static struct rgb colour_warm(double hue, double saturation, double lightness)
{
	double chroma = (1 - fabs(2 * lightness - 1)) * saturation;
	double least = lightness - chroma / 2;

	return (struct rgb){{least + chroma, least + chroma * hue / 60, least}};
}

struct flame_colour flame_colour(unsigned index)
{
	if (index == FLAME_COLOURS - 1)
		return (struct flame_colour){"#d9d4cc"};
	double hue = 9 + 42.0 * (index / FLAME_SHADES) / (FLAME_HUES - 1);
	double shade = index % FLAME_SHADES;
	return colour_text(colour_warm(hue, 0.92 - 0.04 * shade, 0.64 + 0.05 * shade));
}

static struct rgb colour_mix(struct rgb from, struct rgb to, double share)
{
	for (int i = 0; i < 3; i++)
		from.part[i] += (to.part[i] - from.part[i]) * share;
	return from;
}

struct flame_colour flame_change_colour(unsigned index)
{
	static const struct rgb none = {{0.93, 0.91, 0.89}};
	static const struct rgb grown_tint = {{0.99, 0.86, 0.81}}, grown = {{0.94, 0.36, 0.30}};
	static const struct rgb shrunk_tint = {{0.83, 0.90, 0.97}}, shrunk = {{0.38, 0.64, 0.90}};
	int step = (int)index - FLAME_CHANGE_STEPS;
	double share = (fabs((double)step) - 1) / (FLAME_CHANGE_STEPS - 1);

	if (step == 0)
		return colour_text(none);
	return colour_text(step > 0 ? colour_mix(grown_tint, grown, share) : colour_mix(shrunk_tint, shrunk, share));
}

unsigned flame_module_band(const char *path)
{
	const char *name = path_base_name(path);

	return (unsigned)(hash_bytes(1, name, strlen(name)) % (FLAME_HUES - BAND + 1));
}

unsigned flame_frame_colour(const struct call_frame *frame, unsigned band)
{
	if (frame->kind != CALL_FUNCTION)
		return FLAME_COLOURS - 1;
	uint64_t function_hash = hash_bytes(2, frame->function, strlen(frame->function));
	unsigned hue = band + (unsigned)(function_hash % BAND);
	return hue * FLAME_SHADES + (unsigned)(function_hash / BAND % FLAME_SHADES);
}

unsigned flame_change_index(double now, double base)
{
	double larger = now > base ? now : base;
	double share = larger > 0 ? (now - base) / larger : 0;

	if (fabs(share) < 0.005) /* rounding, or next to nothing */
		return FLAME_CHANGE_STEPS;
	int step = (int)ceil(fabs(share) * FLAME_CHANGE_STEPS - 1e-9);
	return (unsigned)(FLAME_CHANGE_STEPS + (share > 0 ? step : -step));
}
