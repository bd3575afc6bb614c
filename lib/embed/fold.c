/* Letters of all scripts in one case, those of Latin without their accents. */
#include "embed/fold.h"

/* FROZEN with the hash model's name: out of the Unicode Character Database 14 (CaseFolding.txt, status C and S; NFD of
   UnicodeData.txt for the letters of Latin). */

/* The base letter of U+00C0 to U+024F; '-': no letter; '.': no base, see `folded`; digits: two letters, see `two`. */
static const char latin[] =
    "aaaaaa1ceeeeiiiidnooooo-ouuuuy43aaaaaa1ceeeeiiiidnooooo-ouuuuy4yaaaaaaccccccccddddeeeeeeeeeegggg"
    "gggghhhhiiiiiiiiii55jjkkkllllllllllnnnnnnnnnoooooo22rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
    "bb...............ff....i........oo.............uu...................666777888aaiioouuuuuuuuuu.aa"
    "aa11..ggkkoooo..j666gg..nnaa11ooaaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............"
    "...bu...........";
/* U+1E00 to U+1EFF */
static const char latin_more[] =
    "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrr"
    "ssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwyas..3.aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
    "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";
static const char two[][3] = {"", "ae", "oe", "ss", "th", "ij", "dz", "lj", "nj"};

/* Simple case folding of what has no base letter. */
static const struct range {
    uint32_t first, last;
    uint8_t step;
    int32_t delta;
} folded[] = {
    {0x182, 0x184, 2, 1},        {0x186, 0x186, 1, 206},      {0x187, 0x187, 1, 1},        {0x189, 0x18a, 1, 205},
    {0x18b, 0x18b, 1, 1},        {0x18e, 0x18e, 1, 79},       {0x18f, 0x18f, 1, 202},      {0x190, 0x190, 1, 203},
    {0x193, 0x193, 1, 205},      {0x194, 0x194, 1, 207},      {0x196, 0x196, 1, 211},      {0x198, 0x198, 1, 1},
    {0x19c, 0x19c, 1, 211},      {0x19d, 0x19d, 1, 213},      {0x19f, 0x19f, 1, 214},      {0x1a2, 0x1a4, 2, 1},
    {0x1a6, 0x1a6, 1, 218},      {0x1a7, 0x1a7, 1, 1},        {0x1a9, 0x1a9, 1, 218},      {0x1ac, 0x1ac, 1, 1},
    {0x1ae, 0x1ae, 1, 218},      {0x1b1, 0x1b2, 1, 217},      {0x1b3, 0x1b5, 2, 1},        {0x1b7, 0x1b7, 1, 219},
    {0x1b8, 0x1b8, 1, 1},        {0x1bc, 0x1bc, 1, 1},        {0x1e4, 0x1e4, 1, 1},        {0x1ee, 0x1ee, 1, 1},
    {0x1f6, 0x1f6, 1, -97},      {0x1f7, 0x1f7, 1, -56},      {0x21c, 0x21c, 1, 1},        {0x220, 0x220, 1, -130},
    {0x222, 0x224, 2, 1},        {0x23a, 0x23a, 1, 10795},    {0x23b, 0x23b, 1, 1},        {0x23d, 0x23d, 1, -163},
    {0x23e, 0x23e, 1, 10792},    {0x241, 0x241, 1, 1},        {0x245, 0x245, 1, 71},       {0x246, 0x24e, 2, 1},
    {0x345, 0x345, 1, 116},      {0x370, 0x372, 2, 1},        {0x376, 0x376, 1, 1},        {0x37f, 0x37f, 1, 116},
    {0x386, 0x386, 1, 38},       {0x388, 0x38a, 1, 37},       {0x38c, 0x38c, 1, 64},       {0x38e, 0x38f, 1, 63},
    {0x391, 0x3a1, 1, 32},       {0x3a3, 0x3ab, 1, 32},       {0x3c2, 0x3c2, 1, 1},        {0x3cf, 0x3cf, 1, 8},
    {0x3d0, 0x3d0, 1, -30},      {0x3d1, 0x3d1, 1, -25},      {0x3d5, 0x3d5, 1, -15},      {0x3d6, 0x3d6, 1, -22},
    {0x3d8, 0x3ee, 2, 1},        {0x3f0, 0x3f0, 1, -54},      {0x3f1, 0x3f1, 1, -48},      {0x3f4, 0x3f4, 1, -60},
    {0x3f5, 0x3f5, 1, -64},      {0x3f7, 0x3f7, 1, 1},        {0x3f9, 0x3f9, 1, -7},       {0x3fa, 0x3fa, 1, 1},
    {0x3fd, 0x3ff, 1, -130},     {0x400, 0x40f, 1, 80},       {0x410, 0x42f, 1, 32},       {0x460, 0x480, 2, 1},
    {0x48a, 0x4be, 2, 1},        {0x4c0, 0x4c0, 1, 15},       {0x4c1, 0x4cd, 2, 1},        {0x4d0, 0x52e, 2, 1},
    {0x531, 0x556, 1, 48},       {0x10a0, 0x10c5, 1, 7264},   {0x10c7, 0x10c7, 1, 7264},   {0x10cd, 0x10cd, 1, 7264},
    {0x13f8, 0x13fd, 1, -8},     {0x1c80, 0x1c80, 1, -6222},  {0x1c81, 0x1c81, 1, -6221},  {0x1c82, 0x1c82, 1, -6212},
    {0x1c83, 0x1c84, 1, -6210},  {0x1c85, 0x1c85, 1, -6211},  {0x1c86, 0x1c86, 1, -6204},  {0x1c87, 0x1c87, 1, -6180},
    {0x1c88, 0x1c88, 1, 35267},  {0x1c90, 0x1cba, 1, -3008},  {0x1cbd, 0x1cbf, 1, -3008},  {0x1efa, 0x1efe, 2, 1},
    {0x1f08, 0x1f0f, 1, -8},     {0x1f18, 0x1f1d, 1, -8},     {0x1f28, 0x1f2f, 1, -8},     {0x1f38, 0x1f3f, 1, -8},
    {0x1f48, 0x1f4d, 1, -8},     {0x1f59, 0x1f5f, 2, -8},     {0x1f68, 0x1f6f, 1, -8},     {0x1f88, 0x1f8f, 1, -8},
    {0x1f98, 0x1f9f, 1, -8},     {0x1fa8, 0x1faf, 1, -8},     {0x1fb8, 0x1fb9, 1, -8},     {0x1fba, 0x1fbb, 1, -74},
    {0x1fbc, 0x1fbc, 1, -9},     {0x1fbe, 0x1fbe, 1, -7173},  {0x1fc8, 0x1fcb, 1, -86},    {0x1fcc, 0x1fcc, 1, -9},
    {0x1fd8, 0x1fd9, 1, -8},     {0x1fda, 0x1fdb, 1, -100},   {0x1fe8, 0x1fe9, 1, -8},     {0x1fea, 0x1feb, 1, -112},
    {0x1fec, 0x1fec, 1, -7},     {0x1ff8, 0x1ff9, 1, -128},   {0x1ffa, 0x1ffb, 1, -126},   {0x1ffc, 0x1ffc, 1, -9},
    {0x2126, 0x2126, 1, -7517},  {0x212a, 0x212a, 1, -8383},  {0x212b, 0x212b, 1, -8262},  {0x2132, 0x2132, 1, 28},
    {0x2160, 0x216f, 1, 16},     {0x2183, 0x2183, 1, 1},      {0x24b6, 0x24cf, 1, 26},     {0x2c00, 0x2c2f, 1, 48},
    {0x2c60, 0x2c60, 1, 1},      {0x2c62, 0x2c62, 1, -10743}, {0x2c63, 0x2c63, 1, -3814},  {0x2c64, 0x2c64, 1, -10727},
    {0x2c67, 0x2c6b, 2, 1},      {0x2c6d, 0x2c6d, 1, -10780}, {0x2c6e, 0x2c6e, 1, -10749}, {0x2c6f, 0x2c6f, 1, -10783},
    {0x2c70, 0x2c70, 1, -10782}, {0x2c72, 0x2c72, 1, 1},      {0x2c75, 0x2c75, 1, 1},      {0x2c7e, 0x2c7f, 1, -10815},
    {0x2c80, 0x2ce2, 2, 1},      {0x2ceb, 0x2ced, 2, 1},      {0x2cf2, 0x2cf2, 1, 1},      {0xa640, 0xa66c, 2, 1},
    {0xa680, 0xa69a, 2, 1},      {0xa722, 0xa72e, 2, 1},      {0xa732, 0xa76e, 2, 1},      {0xa779, 0xa77b, 2, 1},
    {0xa77d, 0xa77d, 1, -35332}, {0xa77e, 0xa786, 2, 1},      {0xa78b, 0xa78b, 1, 1},      {0xa78d, 0xa78d, 1, -42280},
    {0xa790, 0xa792, 2, 1},      {0xa796, 0xa7a8, 2, 1},      {0xa7aa, 0xa7aa, 1, -42308}, {0xa7ab, 0xa7ab, 1, -42319},
    {0xa7ac, 0xa7ac, 1, -42315}, {0xa7ad, 0xa7ad, 1, -42305}, {0xa7ae, 0xa7ae, 1, -42308}, {0xa7b0, 0xa7b0, 1, -42258},
    {0xa7b1, 0xa7b1, 1, -42282}, {0xa7b2, 0xa7b2, 1, -42261}, {0xa7b3, 0xa7b3, 1, 928},    {0xa7b4, 0xa7c2, 2, 1},
    {0xa7c4, 0xa7c4, 1, -48},    {0xa7c5, 0xa7c5, 1, -42307}, {0xa7c6, 0xa7c6, 1, -35384}, {0xa7c7, 0xa7c9, 2, 1},
    {0xa7d0, 0xa7d0, 1, 1},      {0xa7d6, 0xa7d8, 2, 1},      {0xa7f5, 0xa7f5, 1, 1},      {0xab70, 0xabbf, 1, -38864},
    {0x10400, 0x10427, 1, 40},   {0x104b0, 0x104d3, 1, 40},   {0x10570, 0x1057a, 1, 39},   {0x1057c, 0x1058a, 1, 39},
    {0x1058c, 0x10592, 1, 39},   {0x10594, 0x10595, 1, 39},   {0x10c80, 0x10cb2, 1, 64},   {0x118a0, 0x118bf, 1, 32},
    {0x16e40, 0x16e5f, 1, 32},   {0x1e900, 0x1e921, 1, 34},
};
#define RANGES (sizeof folded / sizeof *folded)

static uint32_t fold_case(uint32_t c) {
    size_t low = 0, high = RANGES;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (folded[middle].last < c)
            low = middle + 1;
        else
            high = middle;
    }
    const struct range *r = &folded[low];
    if (low == RANGES || c < r->first || (c - r->first) % r->step != 0)
        return c;
    return (uint32_t)((int64_t)c + r->delta);
}

static bool is_dropped(uint32_t c) {
    return (c >= 0x300 && c <= 0x36f) || c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x2060 && c <= 0x2064) ||
           c == 0xfeff || (c >= 0xfe00 && c <= 0xfe0f);
}

/* Punctuation, symbols, private use. What is not here is taken for a letter: a rare sign in a word does little harm. */
static bool is_sign(uint32_t c) {
    return (c < 0xc0 && c != 0xaa && c != 0xb5 && c != 0xba) || (c >= 0x2000 && c <= 0x2bff) ||
           (c >= 0x2e00 && c <= 0x2e7f) || (c >= 0x3000 && c <= 0x3004) || (c >= 0x3008 && c <= 0x3020) ||
           (c >= 0x30fb && c <= 0x30fb) || (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xfe10 && c <= 0xfe6f) ||
           (c >= 0xff00 && c <= 0xff0f) || (c >= 0xff1a && c <= 0xff20) || (c >= 0xff5b && c <= 0xff65) ||
           (c >= 0xfff0 && c <= 0xffff) || (c >= 0x1f000 && c <= 0x1ffff);
}

/* Scripts that put no space between words. */
static bool is_unspaced(uint32_t c) {
    return (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) || (c >= 0x1780 && c <= 0x17ff) ||
           (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}

static size_t put_utf8(uint32_t c, char *to) {
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3f));
    to[2] = (char)(0x80 | (c >> 6 & 0x3f));
    to[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* One well-formed or broken sequence; broken ones are signs. */
static uint32_t get_utf8(const unsigned char *p, size_t n, size_t *length) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t want = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 0;
    *length = 1;
    if (want == 1)
        return p[0];
    if (want == 0 || want > n || p[0] > 0xf4)
        return 0xfffd;
    uint32_t c = p[0] & (0x7fU >> want);
    for (size_t i = 1; i < want; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0xfffd;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[want] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0xfffd;
    *length = want;
    return c;
}

static jl_letter fold_latin(char base, jl_folded *f) {
    if (base == '-')
        return JL_LETTER_NONE;
    if (base >= '1' && base <= '8') {
        memcpy(f->bytes, two[base - '0'], 2);
        f->n = 2;
    } else {
        f->bytes[0] = base;
        f->n = 1;
    }
    return JL_LETTER;
}

jl_letter jl_fold(const char *p, size_t n, jl_folded *f) {
    uint32_t c = get_utf8((const unsigned char *)p, n, &f->read);
    f->n = 0;
    if (is_dropped(c))
        return JL_LETTER_DROPPED;
    if (c >= 0xff10 && c <= 0xff5a) /* full-width forms of ASCII */
        c -= 0xfee0;
    if (c < 0x80) {
        f->bytes[0] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        f->n = 1;
        return (c | 0x20) - 'a' < 26 || c - '0' < 10 ? JL_LETTER : JL_LETTER_NONE;
    }
    if (is_sign(c))
        return JL_LETTER_NONE;
    if (c >= 0xc0 && c <= 0x24f && latin[c - 0xc0] != '.')
        return fold_latin(latin[c - 0xc0], f);
    if (c >= 0x1e00 && c <= 0x1eff && latin_more[c - 0x1e00] != '.')
        return fold_latin(latin_more[c - 0x1e00], f);
    f->n = put_utf8(fold_case(c), f->bytes);
    return is_unspaced(c) ? JL_LETTER_ALONE : JL_LETTER;
}
