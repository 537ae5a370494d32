/* SPDX-License-Identifier: Apache-2.0 */
#include "support/gate_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "statistics/measure.h"
#include "support/profile_maker.h"
#include "support/sample_program.h"

const struct gate_site gate_usual[] = {
    {"main;serve;parse", 400}, {"main;serve;render", 100}, {"main;log", 20}, {NULL, 0}};
const struct gate_site gate_more[] = {
    {"main;serve;parse", 700}, {"main;serve;render", 100}, {"main;log", 20}, {NULL, 0}};
const struct gate_site gate_leaky[] = {
    {"main;serve;parse", 400}, {"main;serve;render", 100}, {"main;log", 20}, {"main;serve;keep", 20}, {NULL, 0}};

struct gate *gate_create(const char *budgets)
{
	struct gate *gate = calloc(1, sizeof *gate);
	struct buffer text = {0};
	struct error error;

	buffer_printf(&text, "{\"schema\": \"seep.budgets/1\", %s}", budgets);
	write_source("b.json", text.data);
	if (!budgets_read(&gate->budgets, "b.json", INT64_C(1700000000), &error))
		fail_msg("%s", error.text);
	buffer_free(&text);
	for (int side = 0; side < SIDES; side++) {
		gate->runs.items[side] = calloc(GATE_RUNS_MOST, sizeof(struct check_run));
		gate->runs.work[side] = 1000;
	}
	gate->runs.profiles = calloc(2 * GATE_RUNS_MOST, sizeof(struct profile *));
	return gate;
}

struct profile *gate_add(struct gate *gate, enum check_side side, const struct gate_site *sites)
{
	struct profile_maker *maker = profile_maker_create("server");

	for (; sites->stack; sites++) {
		struct profile_site *site = profile_maker_add(maker, sites->stack, (struct made_values){0});
		for (int i = 0; i < sites->samples; i++)
			measure_add_sample(&site->allocated, 64, RATE);
		site->in_use = site->allocated;
	}
	struct profile *profile = profile_maker_profile(maker);
	struct check_run *run = &gate->runs.items[side][gate->runs.count[side]++];
	*run = (struct check_run){.path = "run", .moments = {gate->made, gate->made, MOMENT_NONE, gate->made}};
	gate->makers[gate->made] = maker;
	gate->runs.profiles[gate->made++] = profile;
	gate->runs.profile_count = gate->made;
	return profile;
}

const struct check_row *gate_check(struct gate *gate)
{
	check_make(&gate->check, &gate->budgets, &gate->runs, CHECK_CHANCE);
	return gate->check.rows;
}

void gate_free(struct gate *gate)
{
	check_free(&gate->check);
	budgets_free(&gate->budgets);
	for (size_t i = 0; i < gate->made; i++)
		profile_maker_free(gate->makers[i]);
	for (int side = 0; side < SIDES; side++)
		free(gate->runs.items[side]);
	free(gate->runs.profiles);
	free(gate);
}
