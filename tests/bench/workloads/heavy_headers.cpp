/* SPDX-License-Identifier: Apache-2.0 */
/* Headers that make the compiler work: what the cc1plus workload compiles. LIGHT leaves out the heaviest. */
#include <map>
#include <string>
#include <vector>
#ifndef LIGHT
#include <algorithm>
#include <functional>
#include <regex>
#endif

int main()
{
	std::map<std::string, std::vector<int>> index;
	index["one"].push_back(1);
	return static_cast<int>(index.size()) - 1;
}
