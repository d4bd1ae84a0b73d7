/* A stand-in for the blst library: its functions with its parameters, sizes and layouts, whose answers come from whoever sets `answer`. It judges the binding, not the arithmetic.
 * Compiled by the tests. WITHOUT_PIPPENGER leaves a function out; FP12_BYTES and P1_BYTES tell other sizes. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef FP12_BYTES
#define FP12_BYTES 576
#endif
#ifndef P1_BYTES
#define P1_BYTES sizeof(p1)
#endif

typedef uint8_t byte;
typedef struct { uint64_t limbs[6]; } fp;
typedef struct { fp parts[2]; } fp2;
typedef struct { fp x, y, z; } p1;
typedef struct { fp x, y; } p1_affine;
typedef struct { fp2 x, y, z; } p2;
typedef struct { fp2 x, y; } p2_affine;
typedef struct { uint64_t limbs[72]; } fp12;
typedef struct { size_t pairs; fp12 product; p2_affine q[64]; p1_affine p[64]; } pairing;

enum { GENERATOR, TO_AFFINE, MULTIPLY, HASH, UNCOMPRESS, IN_SUBGROUP, SUM, IS_ONE };

static int (*answer)(int call, int group, const void **pointers, const size_t *numbers);

void stub_answer_with(int (*handler)(int, int, const void **, const size_t *)) { answer = handler; }

#define ASK(call, group, ...) answer(call, group, (const void *[]){ __VA_ARGS__ }, numbers)

#define GROUP(g) \
  size_t blst_p##g##_affine_sizeof(void) { return sizeof(p##g##_affine); } \
  const p##g##_affine *blst_p##g##_affine_generator(void) { static p##g##_affine point; size_t numbers[1] = { 0 }; ASK(GENERATOR, g, &point); return &point; } \
  void blst_p##g##_to_affine(p##g##_affine *out, const p##g *in) { size_t numbers[1] = { 0 }; ASK(TO_AFFINE, g, out, in); } \
  void blst_p##g##_mult(p##g *out, const p##g *p, const byte *scalar, size_t nbits) { size_t numbers[1] = { nbits }; ASK(MULTIPLY, g, out, p, scalar); } \
  void blst_hash_to_g##g(p##g *out, const byte *msg, size_t msg_len, const byte *dst, size_t dst_len, const byte *aug, size_t aug_len) \
  { size_t numbers[3] = { msg_len, dst_len, aug_len }; ASK(HASH, g, out, msg, dst, aug); } \
  int blst_p##g##_uncompress(p##g##_affine *out, const byte *in) { size_t numbers[1] = { 0 }; return ASK(UNCOMPRESS, g, out, in); } \
  bool blst_p##g##_affine_in_g##g(const p##g##_affine *p) { size_t numbers[1] = { 0 }; return ASK(IN_SUBGROUP, g, p); }

#define SUMS(g) \
  size_t blst_p##g##s_mult_pippenger_scratch_sizeof(size_t npoints) { return 64 + npoints; } \
  void blst_p##g##s_mult_pippenger(p##g *out, const p##g##_affine *const points[], size_t npoints, const byte *const scalars[], size_t nbits, uint64_t *scratch) \
  { size_t numbers[2] = { npoints, nbits }; memset(scratch, 0xa5, 64 + npoints); ASK(SUM, g, out, points, scalars); }

size_t blst_p1_sizeof(void) { return P1_BYTES; }
size_t blst_p2_sizeof(void) { return sizeof(p2); }
size_t blst_fp12_sizeof(void) { return FP12_BYTES; }
size_t blst_pairing_sizeof(void) { return sizeof(pairing); }
GROUP(1)
GROUP(2)
SUMS(1)
#ifndef WITHOUT_PIPPENGER
SUMS(2)
#endif

void blst_pairing_init(pairing *context, bool hash_or_encode, const byte *dst, size_t dst_len)
{
    (void)hash_or_encode;
    (void)dst;
    (void)dst_len;
    context->pairs = 0;
}

void blst_pairing_raw_aggregate(pairing *context, const p2_affine *q, const p1_affine *p)
{
    context->q[context->pairs] = *q;
    context->p[context->pairs++] = *p;
}

/* Where the pairs are is all that travels. */
fp12 *blst_pairing_as_fp12(pairing *context)
{
    context->product.limbs[0] = (uint64_t)(uintptr_t)context;
    return &context->product;
}

void blst_final_exp(fp12 *out, const fp12 *in) { *out = *in; }

bool blst_fp12_is_one(const fp12 *in)
{
    const pairing *context = (const pairing *)(uintptr_t)in->limbs[0];
    size_t numbers[1] = { context->pairs };
    return ASK(IS_ONE, 0, context->p, context->q);
}
