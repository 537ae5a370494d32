/* SPDX-License-Identifier: Apache-2.0 */
/* A library that insists on static TLS. */
__attribute__((tls_model("initial-exec"))) __thread char tls_room[200] = "static";

char *tls_address(void)
{
	return tls_room;
}
