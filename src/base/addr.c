#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"

enum {
	TEXT_MAX = 2 * INET6_ADDRSTRLEN + 4,
};

static int
bits_of(int family)
{
	return family == AF_INET ? 32 : 128;
}

/* Clears the host bits, so that equal networks have equal bytes. */
static void
mask(struct addr *a)
{
	int bytes = bits_of(a->family) / 8;

	for (int i = 0; i < bytes; i++) {
		int keep = a->plen - 8 * i;

		if (keep <= 0)
			a->bytes[i] = 0;
		else if (keep < 8)
			a->bytes[i] &= (unsigned char)(0xff << (8 - keep));
	}
}

/* As inet_pton(): four decimal numbers without leading zeros. */
static bool
parse_v4(unsigned char *bytes, const char *p)
{
	for (int i = 0; i < 4; i++) {
		unsigned n = 0;
		int digits = 0;

		for (; *p >= '0' && *p <= '9'; p++) {
			if (++digits > 3 || (digits > 1 && n == 0))
				return false;
			n = n * 10 + (unsigned)(*p - '0');
		}
		if (digits == 0 || n > 255 || *p != (i < 3 ? '.' : '\0'))
			return false;
		p++;
		bytes[i] = (unsigned char)n;
	}
	return true;
}

static bool
parse_plain(struct addr *a, const char *text)
{
	if (parse_v4(a->bytes, text))
		a->family = AF_INET;
	else if (inet_pton(AF_INET6, text, a->bytes) == 1)
		a->family = AF_INET6;
	else
		return false;
	a->plen = bits_of(a->family);
	return true;
}

/* Number of leading ones, -1 when ones follow a zero. */
static int
mask_length(const struct addr *m)
{
	int bits = bits_of(m->family), n = 0;

	while (n < bits && (m->bytes[n / 8] & (0x80 >> n % 8)) != 0)
		n++;
	for (int i = n; i < bits; i++)
		if ((m->bytes[i / 8] & (0x80 >> i % 8)) != 0)
			return -1;
	return n;
}

/*
 * fail2ban: a length beyond the family's is accepted and prints as the
 * address alone, so it is the address alone.
 */
static bool
parse_plen(struct addr *a, const char *text)
{
	struct addr m = {0};
	size_t n = strspn(text, "0123456789");
	int plen = 0;

	if (n > 0 && n <= 3 && text[n] == '\0') {
		for (size_t i = 0; i < n; i++)
			plen = plen * 10 + (text[i] - '0');
		if (plen < a->plen)
			a->plen = plen;
		return true;
	}
	if (!parse_plain(&m, text) || m.family != a->family)
		return false;
	a->plen = mask_length(&m);
	return a->plen >= 0;
}

static bool
is_mapped(const struct addr *a)
{
	static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};

	return a->family == AF_INET6 &&
	       memcmp(a->bytes, prefix, sizeof(prefix)) == 0;
}

bool
addr_parse(struct addr *ret, const char *p, size_t n)
{
	char text[TEXT_MAX], *slash;
	struct addr a = {0};

	if (n >= 2 && p[0] == '[' && p[n - 1] == ']') {
		p++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(text) || memchr(p, '\0', n) != NULL)
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	slash = strchr(text, '/');
	if (slash != NULL)
		*slash = '\0';
	if (!parse_plain(&a, text))
		return false;
	if (is_mapped(&a)) {
		if (slash != NULL)
			return false;
		memmove(a.bytes, a.bytes + 12, 4);
		memset(a.bytes + 4, 0, 12);
		a.family = AF_INET;
		a.plen = 32;
	}
	if (slash != NULL && !parse_plen(&a, slash + 1))
		return false;
	mask(&a);
	*ret = a;
	return true;
}

static char *
print_byte(char *p, unsigned n)
{
	if (n >= 100)
		*p++ = (char)('0' + n / 100);
	if (n >= 10)
		*p++ = (char)('0' + n / 10 % 10);
	*p++ = (char)('0' + n % 10);
	return p;
}

/* A group of an IPv6 address. */
static char *
print_group(char *p, unsigned n)
{
	static const char digits[] = "0123456789abcdef";

	for (int shift = 12; shift > 0; shift -= 4)
		if (n >> shift != 0)
			*p++ = digits[n >> shift & 15];
	*p++ = digits[n & 15];
	return p;
}

static char *
print_v4(char *p, const unsigned char *bytes)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*p++ = '.';
		p = print_byte(p, bytes[i]);
	}
	return p;
}

static unsigned
group(const unsigned char *bytes, int i)
{
	return (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
}

/* Start of the first longest run of zero groups; *n: its length. */
static int
longest_zeros(const unsigned char *bytes, int *n)
{
	int best = 0, run = 0;

	*n = 0;
	for (int i = 0; i < 8; i++) {
		run = group(bytes, i) == 0 ? run + 1 : 0;
		if (run <= *n)
			continue;
		*n = run;
		best = i - run + 1;
	}
	return best;
}

/* As inet_ntop(), which takes ten times as long. */
static char *
print_v6(char *p, const unsigned char *bytes)
{
	int n, zeros = longest_zeros(bytes, &n);

	if (n < 2)
		zeros = 8;
	for (int i = 0; i < 8; i++) {
		if (i == zeros) {
			*p++ = ':';
			i += n - 1;
			if (i == 7)
				*p++ = ':';
			continue;
		}
		if (i > 0)
			*p++ = ':';
		if (i == 6 && zeros == 0 &&
		    (n == 6 || (n == 5 && group(bytes, 5) == 0xffff)))
			return print_v4(p, bytes + 12);
		p = print_group(p, group(bytes, i));
	}
	return p;
}

void
addr_print(struct buf *out, const struct addr *a)
{
	char text[INET6_ADDRSTRLEN], *end;

	if (a->family != AF_INET && a->family != AF_INET6)
		return;
	end = a->family == AF_INET ? print_v4(text, a->bytes)
	                           : print_v6(text, a->bytes);
	buf_add(out, text, (size_t)(end - text));
	if (!addr_is_single(a))
		buf_addf(out, "/%d", a->plen);
}

bool
addr_is_single(const struct addr *a)
{
	return a->plen == bits_of(a->family);
}

bool
addr_in(const struct addr *a, const struct addr *net)
{
	struct addr cut = *a;

	if (a->family != net->family || a->plen < net->plen)
		return false;
	cut.plen = net->plen;
	mask(&cut);
	return memcmp(cut.bytes, net->bytes, sizeof(cut.bytes)) == 0;
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && a->plen == b->plen &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void
addr_normalise(struct buf *out, const char *p, size_t n)
{
	struct addr a;

	if (addr_parse(&a, p, n))
		addr_print(out, &a);
	else
		buf_add(out, p, n);
}
