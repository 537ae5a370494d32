/* SPDX-License-Identifier: Apache-2.0 */
/* Where profiles are sent: KIND+URL, such as pyroscope+https://profiles.example/base. */
#ifndef SEEP_PUSH_DESTINATION_H
#define SEEP_PUSH_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum destination_kind {
	DESTINATION_PYROSCOPE, /* push.v1 */
	DESTINATION_INGEST,    /* Pyroscope's older interface, which collectors take, too */
	DESTINATION_PARCA,     /* WriteRaw */
	DESTINATION_OTLP,      /* OpenTelemetry's profiles, v1development */
	DESTINATION_KINDS
};

/* The limits of a server of this kind; 0: no limit is known. */
struct destination_limits {
	uint32_t samples;     /* of one profile */
	size_t plain_bytes;   /* of one profile, unpacked */
	uint64_t age_ns;      /* since a profile's time */
	uint32_t label_count; /* number of labels of all kinds */
};

struct destination {
	enum destination_kind kind;
	const char *name;   /* as it was given; borrowed */
	const char *tenant; /* the tenant to which the profiles belong there; NULL: not given; borrowed */
	const char *url;    /* the part behind KIND+, without slashes at its end; borrowed */
	int url_length;
	bool is_encrypted, is_loopback;
};

/* `text` is KIND+http[s]://HOST[:PORT][/BASE]. False: it is not. User names and passwords in it are refused, since
 * others can see a command line. */
bool destination_parse(struct destination *destination, const char *text, struct error *error);

/* "Pyroscope". */
const char *destination_software(const struct destination *destination);
const struct destination_limits *destination_limits(const struct destination *destination);

#endif
