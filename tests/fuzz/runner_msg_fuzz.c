/* Fuzzes the reader of the runner protocol: the same bytes give the same messages however they are cut up. The first byte says how. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "node/runner_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read, written down; a fault is its text. */
static void read_all(struct buf *seen, const uint8_t *data, size_t size, size_t piece)
{
	struct runner_reader r = {0};
	struct runner_msg m;
	struct err e;
	int rc = 0;
	for (size_t at = 0; at < size && rc >= 0; at += piece) {
		runner_feed(&r, data + at, size - at < piece ? size - at : piece);
		while ((rc = runner_next(&r, &m, &e)) > 0) {
			buf_addf(seen, "%s %zu:", m.name, m.nbodies);
			for (size_t i = 0; i < m.nbodies; i++)
				buf_add(seen, m.body[i], m.len[i]);
		}
	}
	if (rc < 0)
		buf_adds(seen, e.text);
	runner_reader_fini(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct buf whole = BUF_INIT, cut = BUF_INIT;
	read_all(&whole, data + 1, size - 1, size);
	read_all(&cut, data + 1, size - 1, (size_t)data[0] % 16 + 1);
	if (whole.len != cut.len || memcmp(buf_str(&whole), buf_str(&cut), whole.len) != 0)
		BUG("pieces are read otherwise than the whole");
	buf_fini(&whole);
	buf_fini(&cut);
	return 0;
}
