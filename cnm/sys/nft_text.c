/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft language text, by libnftables. It is opened on first use: to load it costs half a millisecond, and only the first network on
 * a host and the last one need it.
 */
#include "cnm/base/error.h"
#include "cnm/sys/nft.h"
#include <dlfcn.h>
#include <nftables/libnftables.h>
#include <string.h>

#define LIBRARY "libnftables.so.1"

struct library {
	void *handle;
	struct nft_ctx *(*ctx_new)(uint32_t flags);
	void (*ctx_free)(struct nft_ctx *ctx);
	int (*buffer_error)(struct nft_ctx *ctx);
	const char *(*get_error)(struct nft_ctx *ctx);
	int (*run)(struct nft_ctx *ctx, const char *text);
};

/* POSIX lets dlsym's answer be called; ISO C has no conversion for it, so the bytes are copied. */
static int resolve(void *handle, const char *name, void *ret, struct cnm_error *err)
{
	void *symbol = dlsym(handle, name);

	if (!symbol)
		return cnm_fail(err, CNM_E_UNSUPPORTED, LIBRARY " has no function %s", name);
	memcpy(ret, &symbol, sizeof(symbol));
	return 0;
}

static int open_library(struct library *lib, struct cnm_error *err)
{
	lib->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle)
		return cnm_fail(err, CNM_E_UNSUPPORTED,
		                "cannot load " LIBRARY
		                " (package libnftables1), which the first network needs");
	if (resolve(lib->handle, "nft_ctx_new", &lib->ctx_new, err) < 0 ||
	    resolve(lib->handle, "nft_ctx_free", &lib->ctx_free, err) < 0 ||
	    resolve(lib->handle, "nft_ctx_buffer_error", &lib->buffer_error, err) < 0 ||
	    resolve(lib->handle, "nft_ctx_get_error_buffer", &lib->get_error, err) < 0 ||
	    resolve(lib->handle, "nft_run_cmd_from_buffer", &lib->run, err) < 0) {
		dlclose(lib->handle);
		return -1;
	}
	return 0;
}

/* The first line of what the library says, without its position: "Error: File exists". */
static int fail_text(const char *words, struct cnm_error *err)
{
	const char *at = words ? strstr(words, "Error: ") : NULL;
	const char *line = at ? at + strlen("Error: ") : "no reason given";

	cnm_fail(err, CNM_E_SYSTEM, "nftables: %.*s", (int)strcspn(line, "\n"), line);
	if (err && strstr(line, "File exists"))
		err->code = CNM_E_EXISTS;
	return -1;
}

int cnm_nft_run(const char *text, struct cnm_error *err)
{
	struct library lib = {.handle = NULL};
	struct nft_ctx *ctx;
	int r = 0;

	if (open_library(&lib, err) < 0)
		return -1;
	ctx = lib.ctx_new(NFT_CTX_DEFAULT);
	if (!ctx || lib.buffer_error(ctx) != 0)
		r = cnm_fail_nomem(err);
	else if (lib.run(ctx, text) != 0)
		r = fail_text(lib.get_error(ctx), err);
	if (ctx)
		lib.ctx_free(ctx);
	dlclose(lib.handle);
	return r;
}
