/* SPDX-License-Identifier: Apache-2.0 */
/* seep doctor: says whether seep will work, and if not, why and what to do. It checks a command, a process or, without
 * an operand, this machine. */
#include <limits.h>
#include <stdio.h>

#include "base/buffer.h"
#include "files/output.h"
#include "base/json.h"
#include "options/argument.h"
#include "doctor/check.h"
#include "options/command.h"

enum { OPTION_JSON = 256 };

static const char *const severity_names[] = {
    [FINDING_FINE] = "ok",
    [FINDING_NOTE] = "note",
    [FINDING_WARNING] = "warning",
    [FINDING_FAULT] = "fault",
};

static const struct command_option doctor_options[] = {
    {OPTION_JSON, "json", NULL, "print JSON (schema seep.doctor/1)", NULL, 0, NULL},
    {0},
};

static void findings_print(const struct findings *findings, struct buffer *out)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		buffer_printf(out, "%-8s %s%s%s\n", severity_names[finding->severity], finding->text,
			      *finding->advice ? "; " : "", finding->advice);
	}
	buffer_printf(out, "%s\n", findings_have_fault(findings) ? "it will not work" : "it will work");
}

static void findings_print_json(const struct findings *findings, struct buffer *out)
{
	struct json json = {.out = out};

	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.doctor/1");
	json_bool(json_key(&json, "works"), !findings_have_fault(findings));
	json_begin_array(json_key(&json, "findings"));
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		json_begin_object(&json);
		json_text(json_key(&json, "id"), finding->id);
		json_text(json_key(&json, "severity"), severity_names[finding->severity]);
		json_text(json_key(&json, "text"), finding->text);
		json_text(json_key(&json, "advice"), *finding->advice ? finding->advice : NULL);
		json_end_object(&json);
	}
	json_end_array(&json);
	json_end_object(&json);
	buffer_append_byte(out, '\n');
}

static int doctor_main(int argc, char **argv)
{
	struct findings findings = {0};
	struct buffer out = {0};
	struct error error;
	bool as_json = false;
	uint64_t pid;

	command_take_options(&command_doctor, argc, argv, &as_json);
	if (optind == argc) {
		check_machine(&findings);
	} else if (optind + 1 == argc && argument_parse_count(argv[optind], &pid) && pid > 0 && pid <= INT_MAX) {
		check_process((pid_t)pid, &findings);
	} else {
		check_addresses(&findings);
		check_command(argv + optind, ELF_DEEP, &findings);
	}

	if (as_json)
		findings_print_json(&findings, &out);
	else
		findings_print(&findings, &out);
	int status = findings_have_fault(&findings) ? COMMAND_FOUND : COMMAND_FINE;
	if (!output_write_buffer(&out, NULL, &error))
		status = command_fail(&error);
	buffer_free(&out);
	findings_free(&findings);
	return status;
}

const struct command command_doctor = {
    .name = "doctor",
    .operands = "[-- CMD [ARG...] | PID]",
    .summary = "tell whether seep will work here, and if not, what to do",
    .options = doctor_options,
    .stop_at_operand = true,
    .run = doctor_main,
    .notes = "Without an operand, it checks this machine. The exit status is 0 if seep will\nwork, 1 if not.",
};
