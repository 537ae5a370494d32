/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pyroscope: push.v1.PushRequest (pyroscope api/push/v1/push.proto), and /ingest. Parca: WriteRaw's JSON (parca
 * proto/parca/profilestore/v1alpha1/profilestore.proto), in which allocated memory and memory in use are two profiles,
 * because Parca takes a profile with a duration for a difference.
 */
#include "push/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/map.h"
#include "encoding/base64.h"
#include "encoding/gzip.h"
#include "encoding/protobuf.h"
#include "push/otlp.h"

enum push_field {
	REQUEST_SERIES = 1,
	SERIES_LABELS = 1,
	SERIES_SAMPLES = 2,
	LABEL_NAME = 1,
	LABEL_VALUE = 2,
	SAMPLE_PROFILE = 1,
	SAMPLE_ID = 2
};

#define LACKS(first, second) (UINT32_C(1) << (first) | UINT32_C(1) << (second))
#define WITHOUT_IN_USE LACKS(CALL_INUSE_SPACE, CALL_INUSE_OBJECTS)
#define WITHOUT_ALLOCATED LACKS(CALL_ALLOC_SPACE, CALL_ALLOC_OBJECTS)

static void text_field(struct buffer *out, uint32_t field, const char *text)
{
	protobuf_bytes(out, field, text, strlen(text));
}

static void label_field(struct buffer *series, struct buffer *message, const char *name, const char *value)
{
	text_field(message, LABEL_NAME, name);
	text_field(message, LABEL_VALUE, value);
	protobuf_message(series, SERIES_LABELS, message);
}

/* Makes an identity that is the same whenever the same stretch is sent again. */
static void identity_make(uint64_t identity[static 2], const struct export_interval *interval)
{
	const struct profile *now = interval->now;
	const uint64_t words[] = {now->pid,       now->start_ticks, now->start_unix_ns,
				  now->start_ns,  now->number,      interval->base != NULL ? interval->base->number : 0,
				  interval->first};

	identity[0] = hash_bytes(hash_bytes(1, now->boot_id, sizeof now->boot_id), words, sizeof words);
	identity[1] = hash_bytes(identity[0], words, sizeof words);
}

/* Writes the identity as a UUID. */
static void identity_write(char text[static 40], const struct export_interval *interval)
{
	uint64_t of[2];

	identity_make(of, interval);
	snprintf(text, 40, "%08x-%04x-4%03x-8%03x-%012" PRIx64, (unsigned)(of[0] >> 32),
		 (unsigned)(of[0] >> 16 & 0xffff), (unsigned)(of[0] & 0xfff), (unsigned)(of[1] >> 48 & 0xfff),
		 of[1] & UINT64_C(0xffffffffffff));
}

static void otlp_parcel(struct parcel *parcel, const struct labels *labels, const struct export_interval *interval)
{
	uint64_t identity[2];

	identity_make(identity, interval);
	otlp_write(&parcel->body, labels, interval, (const uint8_t *)identity);
	buffer_append_text(&parcel->path, "/v1development/profiles");
	parcel->type = "application/x-protobuf";
}

static void pyroscope_write(struct parcel *parcel, const struct labels *labels, const struct export_interval *interval,
			    const struct buffer *plain)
{
	struct buffer series = {0}, message = {0}, packed = {0};
	char identity[40];

	label_field(&series, &message, "__delta__", "false");
	label_field(&series, &message, "__name__", "memory");
	for (size_t i = 0; i < labels->count; i++)
		label_field(&series, &message, labels->each[i].name, labels->each[i].value);
	gzip_pack_quickly(&packed, plain->data, plain->length);
	protobuf_bytes(&message, SAMPLE_PROFILE, packed.data, packed.length);
	identity_write(identity, interval);
	text_field(&message, SAMPLE_ID, identity);
	protobuf_message(&series, SERIES_SAMPLES, &message);
	protobuf_message(&parcel->body, REQUEST_SERIES, &series);
	buffer_append_text(&parcel->path, "/push.v1.PusherService/Push");
	parcel->type = "application/proto";
	buffer_free(&series);
	buffer_free(&message);
	buffer_free(&packed);
}

static void query_append(struct buffer *out, const char *text)
{
	for (; *text; text++)
		if (strchr("-._~", *text) || (*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') ||
		    (*text >= 'a' && *text <= 'z'))
			buffer_append_byte(out, *text);
		else
			buffer_printf(out, "%%%02X", (unsigned char)*text);
}

static uint64_t unix_ns(const struct profile *profile)
{
	return profile->start_unix_ns + (profile->time_ns - profile->start_ns);
}

/* NAME{KEY=VALUE,...} can't express the characters that end a value, so they become underscores. */
static void name_text(struct buffer *name, const char *text)
{
	for (; *text; text++)
		buffer_append_byte(name, strchr("{},", *text) ? '_' : *text);
}

static void ingest_write(struct parcel *parcel, const struct labels *labels, const struct export_interval *interval,
			 const struct buffer *plain)
{
	struct buffer name = {0};
	const char *service = labels_find(labels, "service_name");
	const char *separator = "{";

	name_text(&name, service ? service : "seep");
	for (size_t i = 0; i < labels->count; i++) {
		if (strcmp(labels->each[i].name, "service_name") == 0)
			continue;
		buffer_printf(&name, "%s%s=", separator, labels->each[i].name);
		name_text(&name, labels->each[i].value);
		separator = ",";
	}
	buffer_append_text(&name, *separator == ',' ? "}" : "");
	buffer_append_text(&parcel->path, "/ingest?name=");
	query_append(&parcel->path, name.data);
	buffer_printf(&parcel->path, "&from=%" PRIu64 "&until=%" PRIu64 "&format=pprof&spyName=seep",
		      interval->base ? unix_ns(interval->base) : interval->now->start_unix_ns, unix_ns(interval->now));
	parcel->type = "application/octet-stream";
	gzip_pack_quickly(&parcel->body, plain->data, plain->length);
	buffer_free(&name);
}

static void parca_label(struct json *json, const char *name, const char *value)
{
	json_begin_object(json);
	json_text(json_key(json, "name"), name);
	json_text(json_key(json, "value"), value);
	json_end_object(json);
}

static void parca_series(struct json *json, const struct labels *labels, const struct buffer *plain)
{
	struct buffer packed = {0};

	gzip_pack_quickly(&packed, plain->data, plain->length);
	json_begin_object(json);
	json_begin_object(json_key(json, "labels"));
	json_begin_array(json_key(json, "labels"));
	parca_label(json, "__name__", "memory");
	for (size_t i = 0; i < labels->count; i++)
		parca_label(json, labels->each[i].name, labels->each[i].value);
	json_end_array(json);
	json_end_object(json);
	json_begin_array(json_key(json, "samples"));
	json_begin_object(json);
	json_text_begin(json_key(json, "rawProfile"));
	base64_append(json->out, packed.data, packed.length);
	json_text_end(json);
	json_end_object(json);
	json_end_array(json);
	json_end_object(json);
	buffer_free(&packed);
}

static void parca_write(struct parcel *parcel, const struct labels *labels, const struct export_interval *interval)
{
	struct json json = {.out = &parcel->body};
	struct buffer plain = {0};
	struct export_interval half = *interval;

	json_begin_object(&json);
	json_begin_array(json_key(&json, "series"));
	half.lacks = WITHOUT_IN_USE;
	export_pprof_interval(&plain, &half);
	parca_series(&json, labels, &plain);
	plain.length = 0;
	half.lacks = WITHOUT_ALLOCATED;
	half.has_duration = false;
	export_pprof_interval(&plain, &half);
	parca_series(&json, labels, &plain);
	json_end_array(&json);
	json_bool(json_key(&json, "normalized"), true);
	json_end_object(&json);
	buffer_append_text(&parcel->path, "/api/profiles/writeraw");
	parcel->type = "application/json";
	buffer_free(&plain);
}

/* How many of the rows make a profile within the limits; `plain` then has that profile. */
static uint32_t rows_take(struct buffer *plain, const struct destination_limits *limits,
			  struct export_interval *interval)
{
	if (limits->samples && interval->count > limits->samples)
		interval->count = limits->samples;
	for (;; interval->count /= 2) {
		plain->length = 0;
		export_pprof_interval(plain, interval);
		if (plain->length <= limits->plain_bytes || interval->count <= 1)
			return interval->count;
	}
}

uint32_t wire_fill(struct parcel *parcel, const struct destination *destination, const struct labels *labels,
		   const struct export_interval *interval)
{
	struct export_interval taken = *interval;
	struct buffer plain = {0};
	const uint32_t count = rows_take(&plain, destination_limits(destination), &taken);

	*parcel = (struct parcel){0};
	if (destination->kind == DESTINATION_PYROSCOPE)
		pyroscope_write(parcel, labels, &taken, &plain);
	else if (destination->kind == DESTINATION_INGEST)
		ingest_write(parcel, labels, &taken, &plain);
	else if (destination->kind == DESTINATION_PARCA)
		parca_write(parcel, labels, &taken);
	else
		otlp_parcel(parcel, labels, &taken);
	buffer_free(&plain);
	return count;
}

void parcel_free(struct parcel *parcel)
{
	buffer_free(&parcel->path);
	buffer_free(&parcel->body);
}
