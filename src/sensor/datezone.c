/*
 * fail2ban: the abbreviations and their fixed offsets are its own, several
 * of them surprising (PST is -8, PT too); lines that were dated by them must
 * stay so.
 */
#include <string.h>

#include "sensor/datezone.h"

#define QUARTER 900 /* seconds: all offsets are multiples of it */

struct zone_row {
	signed char quarters; /* hours times four */
	const char *names;    /* a blank around each */
};

static const struct zone_row zone_rows[] = {
    {-48, " Y "},
    {-44, " X NUT SST "},
    {-40, " W CKT HAST HST TAHT TKT "},
    {-38, " MART MIT "},
    {-36, " V AKST GAMT GIT HADT HNY "},
    {-32, " U AKDT CIST HAY HNP PST PT "},
    {-28, " T HAP HNR MST PDT "},
    {-24, " S CST EAST GALT HAR HNC MDT "},
    {-20, " R CDT COT EASST ECT EST ET HAC HNE PET "},
    {-18, " HLV VET "},
    {-16, " Q AST BOT CLT COST EDT FKT GYT HAE HNA PYT "},
    {-14, " HNT NST NT "},
    {-12, " P ADT ART BRT CLST FKST GFT HAA PMST PYST SRT UYT WGT "},
    {-10, " HAT NDT "},
    {-8, " O BRST FNT PMDT UYST WGST "},
    {-4, " N AZOT CVT EGT "},
    {0, " Z EGST GMT UTC WET WT "},
    {4, " A CET DFT WAT WEDT WEST "},
    {8, " B CAT CEDT CEST EET SAST WAST "},
    {12, " C EAT EEDT EEST IDT MSK "},
    {14, " IRST "},
    {16, " D AMT AZT GET GST KUYT MSD MUT RET SAMT SCT "},
    {18, " AFT IRDT "},
    {20, " E AMST AQTT AZST HMT MAWT MVT PKT TFT TJT TMT UZT YEKT "},
    {22, " SLT "},
    {23, " NPT "},
    {24, " F ALMT BIOT BTT IOT KGT NOVT OMST YEKST "},
    {26, " CCT MMT "},
    {28, " G CXT DAVT HOVT ICT KRAT NOVST OMSST THA WIB "},
    {32, " H ACT AWST BDT BNT CAST HKT IRKT KRAST MYT PHT SGT ULAT WITA"
         " WST "},
    {36, " I AWDT IRKST JST KST PWT TLT WDT WIT YAKT "},
    {38, " ACST "},
    {40, " K AEST PGT VLAT YAKST YAPT "},
    {42, " ACDT LHST "},
    {44, " L AEDT LHDT MAGT NCT PONT SBT VLAST VUT "},
    {46, " NFT "},
    {48, " M ANAST ANAT FJT GILT MAGST MHT NZST PETST PETT TVT WFT "},
    {52, " FJST NZDT "},
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of one or three to five capitals. */
static enum datezone
abbreviation(int *ret, const char *p, size_t n)
{
	char word[8] = " ";

	if (n != 1 && (n < 3 || n > 5))
		return DATEZONE_MALFORMED;
	memcpy(word + 1, p, n);
	memcpy(word + 1 + n, " ", 2);
	for (size_t i = 0; i < sizeof(zone_rows) / sizeof(zone_rows[0]); i++)
		if (strstr(zone_rows[i].names, word) != NULL) {
			*ret = zone_rows[i].quarters * QUARTER;
			return DATEZONE_OK;
		}
	return DATEZONE_UNKNOWN;
}

/* "+01", "-0330", "+05:45": false when p is not exactly that. */
static bool
numeric(int *ret, const char *p, size_t n)
{
	int minutes = 0;
	size_t at = 3;

	if (n < 3 || (p[0] != '+' && p[0] != '-') || p[1] < '0' || p[1] > '1' ||
	    !is_digit(p[2]))
		return false;
	if (n > at) {
		if (p[at] == ':')
			at++;
		if (n != at + 2 || !is_digit(p[at]) || !is_digit(p[at + 1]))
			return false;
		minutes = (p[at] - '0') * 10 + (p[at + 1] - '0');
	}
	minutes += ((p[1] - '0') * 10 + (p[2] - '0')) * 60;
	*ret = (p[0] == '-' ? -minutes : minutes) * 60;
	return true;
}

enum datezone
datezone_parse(int *ret, const char *p, size_t n)
{
	size_t letters = 0;
	int base = 0;
	int extra = 0;
	enum datezone r = DATEZONE_OK;

	if (n == 0)
		return DATEZONE_MALFORMED;
	while (letters < n && p[letters] >= 'A' && p[letters] <= 'Z')
		letters++;
	if (letters < n && !numeric(&extra, p + letters, n - letters))
		return DATEZONE_MALFORMED;
	if (letters > 0)
		r = abbreviation(&base, p, letters);
	if (r == DATEZONE_OK)
		*ret = base + extra;
	return r;
}
