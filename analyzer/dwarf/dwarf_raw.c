/* SPDX-License-Identifier: Apache-2.0 */
/* Passes attributes' values; see the header. */
#include "dwarf/dwarf_raw.h"

#include <dwarf.h>

int dwarf_form_bytes(uint64_t form, unsigned offset)
{
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const: /* its value is with the abbreviation */
		return 0;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
		return 2;
	case DW_FORM_data4:
	case DW_FORM_ref4:
		return 4;
	case DW_FORM_addr:
	case DW_FORM_data8:
	case DW_FORM_ref8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_sec_offset:
		return (int)offset;
	case DW_FORM_string:
	case DW_FORM_sdata:
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4:
	case DW_FORM_block:
	case DW_FORM_exprloc:
		return FORM_VARIABLE;
	default:
		return FORM_UNKNOWN;
	}
}

void dwarf_form_pass(struct dwarf_bytes *bytes, uint64_t form, unsigned offset)
{
	const int fixed = dwarf_form_bytes(form, offset);

	if (fixed >= 0)
		dwarf_take(bytes, (uint64_t)fixed);
	else if (form == DW_FORM_string)
		dwarf_take_text(bytes);
	else if (form == DW_FORM_block1 || form == DW_FORM_block2 || form == DW_FORM_block4)
		dwarf_take(bytes, dwarf_take_fixed(bytes, form == DW_FORM_block1 ? 1 : form == DW_FORM_block2 ? 2 : 4));
	else if (form == DW_FORM_block || form == DW_FORM_exprloc)
		dwarf_take(bytes, dwarf_take_number(bytes));
	else if (fixed == FORM_VARIABLE)
		dwarf_take_number(bytes);
	else
		bytes->is_bad = true;
}
