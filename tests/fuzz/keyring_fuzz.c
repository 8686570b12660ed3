/* Fuzz: authorized_keys and configuration files. */
#include <stdlib.h>

#include "base/ini.h"
#include "base/mem.h"
#include "proto/keyring.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct keyring *k = keyring_new();
	char *text = xmemdup(data, size);
	struct err e;
	struct ini *ini;

	keyring_parse(k, text, size, "f", &e);
	keyring_free(&k);
	ini = ini_parse(text, size, "f", &e);
	if (ini)
		ini_free(&ini);
	free(text);
	return 0;
}
