/* SPDX-License-Identifier: Apache-2.0 */
/* Headers that make the compiler work, for test_unwind_reference.sh. */
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <unordered_map>
#include <vector>

int main()
{
	std::map<std::string, std::vector<int>> table;
	std::regex expression("a(b|c)*d");
	std::unordered_map<int, std::function<int(int)>> functions;
	functions[1] = [](int value) { return value; };
	std::cout << std::regex_match(std::string("abd"), expression) << table.size() << functions[1](2);
}
