/* Fuzzes the lines that tasks send to their runner: the same bytes give the same messages however they are cut up, and what a progress says stays within its
 * bounds. The first byte says how they are cut. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/fraction.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/inside_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_one(struct buf *seen, const struct inside_msg *m)
{
	char text[INSIDE_MAX_TEXT + 1];
	int32_t millionths;
	struct err e;
	buf_addf(seen, "%s %lld:", m->name, (long long)m->req);
	if (inside_progress(m, &millionths, text, &e) < 0)
		return;
	if (millionths < -1 || millionths > FRACTION_ONE || !str_utf8(text, strlen(text)) ||
		strchr(text, '\n'))
		BUG("a progress out of bounds: %d %s", (int)millionths, text);
	buf_addf(seen, "%d %s", (int)millionths, text);
}

static void read_all(struct buf *seen, const uint8_t *data, size_t size, size_t piece)
{
	struct inside_reader r = {0};
	struct inside_msg m;
	struct err e;
	int rc = 0;
	for (size_t at = 0; at < size && rc >= 0; at += piece) {
		inside_feed(&r, data + at, size - at < piece ? size - at : piece);
		while ((rc = inside_next(&r, &m, &e)) > 0)
			read_one(seen, &m);
	}
	if (rc < 0)
		buf_adds(seen, e.text);
	inside_reader_fini(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = BUF_INIT, cut = BUF_INIT;
	if (size == 0)
		return 0;
	read_all(&whole, data + 1, size - 1, size);
	read_all(&cut, data + 1, size - 1, (size_t)data[0] % 16 + 1);
	if (whole.len != cut.len || memcmp(buf_str(&whole), buf_str(&cut), whole.len) != 0)
		BUG("pieces are read otherwise than the whole");
	buf_fini(&whole);
	buf_fini(&cut);
	return 0;
}
