/* SPDX-License-Identifier: Apache-2.0 */
/* A C++ plugin for plugin_host.c: allocates by new, throws, and gives its memory to the host. */
#include <new>
#include <stdexcept>
#include <string>

extern "C" void *plugin_allocate(std::size_t size)
{
	return ::operator new(size);
}

extern "C" void plugin_release(void *memory)
{
	::operator delete(memory);
}

extern "C" int plugin_throw(int depth)
{
	try {
		if (depth > 0)
			return plugin_throw(depth - 1);
		std::string text(100, 'x');
		throw std::runtime_error(text);
	} catch (const std::runtime_error &error) {
		return (int)std::string(error.what()).size();
	}
}

extern "C" int plugin_too_much()
{
	try {
		volatile std::size_t size = (std::size_t)-1 / 2;
		plugin_release(plugin_allocate(size));
		return 0;
	} catch (const std::bad_alloc &) {
		return 1;
	}
}
