/* Fuzzes the reader of task output: the same bytes give the same output however they are cut up, and never more than they hold. The first byte says how. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "proto/logrec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read, written down: stream, time, bytes; pieces of one record are joined. */
static bool read_all(struct buf *seen, const uint8_t *data, size_t size, size_t piece)
{
	struct logrec_parser parser = {0};
	struct log_piece p;
	size_t left = 0;

	for (size_t at = 0; at < size; at += piece) {
		const char *bytes = (const char *)data + at;
		size_t n = size - at < piece ? size - at : piece;
		while (logrec_next(&parser, &bytes, &n, &p)) {
			if (p.len == 0 || p.stream < 0 || p.stream >= LOGREC__STREAMS)
				BUG("a piece that is none");
			if (!left)
				buf_addf(seen, "<%d %lld %zu>", p.stream, (long long)p.at_ms,
					p.len + parser.left);
			buf_add(seen, p.data, p.len);
			left = parser.left;
		}
	}
	return parser.broken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct buf whole = BUF_INIT, cut = BUF_INIT;
	bool a = read_all(&whole, data + 1, size - 1, size);
	bool b = read_all(&cut, data + 1, size - 1, (size_t)data[0] % 16 + 1);
	if (a != b || whole.len != cut.len ||
		memcmp(buf_str(&whole), buf_str(&cut), whole.len) != 0)
		BUG("pieces are read otherwise than the whole");
	buf_fini(&whole);
	buf_fini(&cut);
	return 0;
}
