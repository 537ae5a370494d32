/* SPDX-License-Identifier: Apache-2.0 */
#include "top/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"
#include "render/terminal/text_page.h"
#include "top/curses.h"
#include "top/view.h"

enum { PAIR_GROWN = 1, PAIR_SHRUNK, PAIR_WARNING };

static SCREEN *terminal;
static bool has_utf8, has_colours;

bool terminal_is_there(void)
{
	const char *type = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && type && *type && strcmp(type, "dumb") != 0;
}

static void colours_begin(void)
{
	const char *no_color = getenv("NO_COLOR");

	has_colours = !(no_color && *no_color) && curses.has_colors();
	if (!has_colours)
		return;
	curses.start_color();
	curses.use_default_colors();
	curses.init_pair(PAIR_GROWN, COLOR_RED, -1);
	curses.init_pair(PAIR_SHRUNK, COLOR_BLUE, -1);
	curses.init_pair(PAIR_WARNING, COLOR_YELLOW, -1);
}

bool terminal_open(struct error *error)
{
	if (!curses_load(error))
		return false;
	setlocale(LC_CTYPE, "");
	has_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	terminal = curses.newterm(NULL, stdout, stdin);
	if (!terminal)
		return error_set(error, "ncurses does not know the terminal '%s'", getenv("TERM"));
	curses.cbreak();
	curses.noecho();
	curses.keypad(*curses.screen, TRUE);
	curses.nodelay(*curses.screen, TRUE);
	curses.set_escdelay(25);
	curses.typeahead(-1);
	curses.curs_set(0);
	colours_begin();
	return true;
}

void terminal_close(void)
{
	if (!terminal)
		return;
	curses.endwin();
	curses.delscreen(terminal);
	terminal = NULL;
}

void terminal_size(unsigned *columns, unsigned *lines)
{
	struct winsize size;

	*columns = TEXT_COLUMNS;
	*lines = TEXT_ROWS;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
		return;
	*columns = size.ws_col;
	*lines = size.ws_row;
}

/* Translates the marks of style that text_write() makes. */
static int attributes_of(const char *mark)
{
	switch (strtol(mark, NULL, 10)) {
	case 1:
		return (int)A_BOLD;
	case 2:
		return (int)A_DIM;
	case 31:
		return has_colours ? curses.COLOR_PAIR(PAIR_GROWN) : (int)A_BOLD;
	case 34:
		return has_colours ? curses.COLOR_PAIR(PAIR_SHRUNK) : (int)A_NORMAL;
	case 33:
		return has_colours ? curses.COLOR_PAIR(PAIR_WARNING) : (int)A_BOLD;
	default:
		return (int)A_NORMAL;
	}
}

/* What a terminal without UTF-8 shows for a character: a spark line's bars become characters of similar height. */
static char ascii_of(uint32_t code_point)
{
	static const char bars[] = "_.:-=+*#";

	return code_point >= 0x2581 && code_point <= 0x2588 ? bars[code_point - 0x2581] : '?';
}

static void text_put(const char *text, size_t length)
{
	if (has_utf8) {
		curses.waddnstr(*curses.screen, text, (int)length);
		return;
	}
	for (size_t i = 0; i < length;) {
		uint32_t code_point;
		const size_t bytes = utf8_decode(text + i, length - i, &code_point);
		const char shown = bytes == 1 ? text[i] : bytes ? ascii_of(code_point) : '?';
		curses.waddnstr(*curses.screen, &shown, 1);
		i += bytes ? bytes : 1;
	}
}

static void line_draw(const char *line, size_t length, int extra)
{
	const char *end = line + length;

	curses.wattrset(*curses.screen, extra);
	while (line < end) {
		const char *mark = memchr(line, '\033', (size_t)(end - line));
		text_put(line, (size_t)((mark ? mark : end) - line));
		if (!mark)
			return;
		curses.wattrset(*curses.screen, attributes_of(mark + 2) | extra);
		const char *last = memchr(mark, 'm', (size_t)(end - mark));
		line = last ? last + 1 : end;
	}
}

void terminal_draw(const struct buffer *text, unsigned selected)
{
	const char *line = text->data ? text->data : "";
	unsigned columns, lines;

	terminal_size(&columns, &lines);
	curses.werase(*curses.screen);
	for (unsigned i = 0; i < lines; i++) {
		const size_t length = strcspn(line, "\n");
		curses.wmove(*curses.screen, (int)i, 0);
		line_draw(line, length, i == selected ? (int)A_REVERSE : (int)A_NORMAL);
		line += length + (line[length] == '\n');
	}
	curses.wrefresh(*curses.screen);
}

int terminal_key(void)
{
	static const struct {
		int curses, ours;
	} keys[] = {
	    {KEY_UP, KEY_CODE_UP},           {KEY_DOWN, KEY_CODE_DOWN},   {KEY_PPAGE, KEY_CODE_PAGE_UP},
	    {KEY_NPAGE, KEY_CODE_PAGE_DOWN}, {KEY_HOME, KEY_CODE_HOME},   {KEY_END, KEY_CODE_END},
	    {KEY_ENTER, KEY_CODE_ENTER},     {'\r', KEY_CODE_ENTER},      {KEY_BACKSPACE, KEY_CODE_DELETE},
	    {KEY_LEFT, KEY_CODE_ESCAPE},     {KEY_RIGHT, KEY_CODE_ENTER}, {KEY_RESIZE, KEY_CODE_RESIZE},
	};
	const int key = curses.wgetch(*curses.screen);

	if (key == ERR)
		return -1;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].curses == key)
			return keys[i].ours;
	return key;
}
