using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Bls12381.Lanes;
using Bft.Crypto.Bls12381.Native;
using Bft.Crypto.Signatures;

namespace Bft.Bench.Bls;

/// <summary>What is measured, from the field to the certificate. Results of field operations are the next operands, so that latency counts, as it does in the formulas.</summary>
internal sealed class BlsOperations : IDisposable
{
    /// <summary>Votes of the certificate.</summary>
    public const int Votes = 67;

    private readonly BlstExports? _library = BlsBackend.Name == ISignatureScheme.Managed ? null : BlstExports.Load();
    private readonly byte[] _message = new byte[32];
    private readonly byte[] _tag = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_"u8.ToArray();
    private readonly Scalar _scalar = Scalar.Random();
    private readonly BlsSecretKey[] _secrets = [.. Enumerable.Range(0, Votes).Select(_ => BlsSecretKey.Generate())];
    private readonly G1Point _p = Decoded(Scalar.Random() * G1Point.Generator);
    private readonly G2Point _q = Decoded(Scalar.Random() * G2Point.Generator);

    /// <summary>Prepares keys, votes and the list.</summary>
    public BlsOperations()
    {
        All = [.. Fields(), .. Groups(), .. Pairings(), .. Schemes()];
    }

    /// <summary>Whether there is a native library to compare with.</summary>
    public bool HasNative => _library is not null;

    /// <summary>The operations.</summary>
    public IReadOnlyList<BlsOperation> All { get; }

    /// <summary>Checks certificates, managed.</summary>
    public Action<int> Certificate { get; private set; } = null!;

    /// <summary>Checks single votes, managed.</summary>
    public Action<int> Verify { get; private set; } = null!;

    /// <inheritdoc/>
    public void Dispose()
    {
        _library?.Dispose();
        Array.ForEach(_secrets, secret => secret.Dispose());
    }

    private static TPoint Decoded<TPoint>(TPoint point)
        where TPoint : struct, IBlsGroup<TPoint>
    {
        var bytes = new byte[TPoint.CompressedBytes];
        point.Write(bytes);
        return TPoint.Read(bytes, out TPoint decoded) == BlsRefusal.None ? decoded : throw new InvalidOperationException("A point does not decode.");
    }

    private BlsOperation Field(string name, Action<int> managed, string? native = null, int operands = 2) =>
        new(name, managed, native is null ? null : _library?.FieldOperation(native, operands));

    private IEnumerable<BlsOperation> Fields()
    {
        Fp.Invert(Fp.FromInteger(3), out Fp a);
        Fp.Invert(Fp.FromInteger(7), out Fp b);
        var c = new Fp2 { C0 = a, C1 = b };
        var d = new Fp2 { C0 = b, C1 = a };
        Pairing.Product([_p], [_q], out Fp12 e);
        yield return Field("Fp product", n => { Fp x = a; for (int i = 0; i < n; i++) { Fp.Multiply(x, b, out x); } a = x; }, "blst_fp_mul");
        yield return Field("Fp square", n => { Fp x = a; for (int i = 0; i < n; i++) { Fp.Square(x, out x); } a = x; }, "blst_fp_sqr", 1);
        yield return Field("Fp inverse, constant time", n => { Fp x = a; for (int i = 0; i < n; i++) { Fp.Invert(x, out x); } a = x; }, "blst_fp_inverse", 1);
        yield return Field("Fp square root", n => { Fp x = a; for (int i = 0; i < n; i++) { Fp.SquareRoot(x, out x); } a = x; }, "blst_fp_sqrt", 1);
        yield return Field("Fp2 product", n => { Fp2 x = c; for (int i = 0; i < n; i++) { Fp2.Multiply(x, d, out x); } c = x; }, "blst_fp2_mul");
        yield return Field("Fp2 square", n => { Fp2 x = c; for (int i = 0; i < n; i++) { Fp2.Square(x, out x); } c = x; }, "blst_fp2_sqr", 1);
        if (FpLanes.IsSupported)
        {
            FpLanes.Join(a, b, b, a, out FpLanes lanes);
            yield return Field("four Fp products", n => { FpLanes x = lanes; for (int i = 0; i < n; i++) { FpLanes.Multiply(x, lanes, out x); } });
            yield return Field("two Fp2 products", n => { FpLanes x = lanes; for (int i = 0; i < n; i++) { FpLanes.MultiplyComplex(x, lanes, out x); } });
            yield return Field("two Fp2 squares", n => { FpLanes x = lanes; for (int i = 0; i < n; i++) { FpLanes.SquareComplex(x, out x); } });
        }

        yield return Field("Fp12 product", n => { Fp12 x = e; for (int i = 0; i < n; i++) { Fp12.Multiply(x, e, out x); } e = x; }, "blst_fp12_mul");
        if (FpLanes.IsSupported)
        {
            Fp12Lanes.Of(e, out Fp12Lanes lanes);
            yield return Field("Fp12 square", n => { Fp12Lanes x = lanes; for (int i = 0; i < n; i++) { Fp12Lanes.Square(x, out x); } lanes = x; }, "blst_fp12_sqr", 1);
            yield return Field("Fp12 cyclotomic square", n => { Fp12Lanes x = lanes; for (int i = 0; i < n; i++) { Fp12Lanes.CyclotomicSquare(x, out x); } lanes = x; }, "blst_fp12_cyclotomic_sqr", 1);
        }
        else
        {
            yield return Field("Fp12 square", n => { Fp12 x = e; for (int i = 0; i < n; i++) { Fp12.Square(x, out x); } e = x; }, "blst_fp12_sqr", 1);
            yield return Field("Fp12 cyclotomic square", n => { Fp12 x = e; for (int i = 0; i < n; i++) { Fp12.CyclotomicSquare(x, out x); } e = x; }, "blst_fp12_cyclotomic_sqr", 1);
        }
    }

    private IEnumerable<BlsOperation> Groups()
    {
        BlstArithmetic? native = BlsBackend.Native;
        G1Point sum = _p;
        yield return new("G1 addition, complete", n => { for (int i = 0; i < n; i++) { sum += _p; } }, _library?.PointOperation("blst_p1_add_or_double", 1, 2));
        if (FpLanes.IsSupported)
        {
            G1Lanes.Of(_p.Coordinates, out G1Lanes one);
            G2Lanes.Of(_q.Coordinates, out G2Lanes two);
            yield return new("G1 addition in lanes, complete", n => { G1Lanes x = one; for (int i = 0; i < n; i++) { G1Lanes.Add(x, one, out x); } }, _library?.PointOperation("blst_p1_add_or_double", 1, 2));
            yield return new("G1 doubling in lanes", n => { G1Lanes x = one; for (int i = 0; i < n; i++) { G1Lanes.Double(x, out x); } }, _library?.PointOperation("blst_p1_double", 1, 1));
            yield return new("G2 addition in lanes, complete", n => { G2Lanes x = two; for (int i = 0; i < n; i++) { G2Lanes.Add(x, two, out x); } }, _library?.PointOperation("blst_p2_add_or_double", 2, 2));
            yield return new("G2 doubling in lanes", n => { G2Lanes x = two; for (int i = 0; i < n; i++) { G2Lanes.Double(x, out x); } }, _library?.PointOperation("blst_p2_double", 2, 1));
        }

        Projective<Fp, G1Curve> p = _p.Coordinates;
        Projective<Fp2, G2Curve> q = _q.Coordinates;
        yield return new("G1 doubling", n => { Projective<Fp, G1Curve> x = p; for (int i = 0; i < n; i++) { Projective<Fp, G1Curve>.Double(x, out x); } }, _library?.PointOperation("blst_p1_double", 1, 1));
        yield return new("G2 addition, complete", n => { Projective<Fp2, G2Curve> x = q; for (int i = 0; i < n; i++) { Projective<Fp2, G2Curve>.Add(x, q, out x); } }, _library?.PointOperation("blst_p2_add_or_double", 2, 2));
        yield return new("G2 doubling", n => { Projective<Fp2, G2Curve> x = q; for (int i = 0; i < n; i++) { Projective<Fp2, G2Curve>.Double(x, out x); } }, _library?.PointOperation("blst_p2_double", 2, 1));
        yield return new("G1 secret multiplication", Repeat(() => G1Point.MultiplyManaged(_p, _scalar)), native is null ? null : Repeat(() => native.G1.Multiply(_p, _scalar)));
        yield return new("G2 secret multiplication", Repeat(() => G2Point.MultiplyManaged(_q, _scalar)), native is null ? null : Repeat(() => native.G2.Multiply(_q, _scalar)));
        yield return new("G1 subgroup check", Repeat(() => G1Curve.SubgroupMask(p)), native is null ? null : Repeat(() => native.G1.IsInSubgroup(p)));
        yield return new("G2 subgroup check", Repeat(() => G2Curve.SubgroupMask(q)), native is null ? null : Repeat(() => native.G2.IsInSubgroup(q)));
        byte[] one48 = _p.ToBytes(), one96 = _q.ToBytes();
        yield return Both("G1 decoding with all checks", () => G1Point.Read(one48, out _));
        yield return Both("G2 decoding with all checks", () => G2Point.Read(one96, out _));
        yield return Both("hash to G1", () => HashToCurve.ToG1(_message, _tag));
        yield return Both("hash to G2", () => HashToCurve.ToG2(_message, _tag));
    }

    private IEnumerable<BlsOperation> Pairings()
    {
        Pairing.Miller([_p], [_q], out Fp12 f);
        yield return new("Miller loop, one pair", n => { for (int i = 0; i < n; i++) { Pairing.Miller([_p], [_q], out f); } }, _library?.MillerLoop(_p, _q));
        yield return new("Miller loop, two pairs", n => { for (int i = 0; i < n; i++) { Pairing.Miller([_p, _p], [_q, _q], out f); } }, null);
        yield return new("final exponentiation", n => { for (int i = 0; i < n; i++) { FinalExponentiation.Raise(f, out f); } }, _library?.FinalExponentiation());
        yield return Both("pairing", () => Pairing.ProductIsOne([_p], [_q]));
        yield return Both("pairing of two pairs", () => Pairing.ProductIsOne([_p, _p], [_q, _q]));
    }

    private IEnumerable<BlsOperation> Schemes()
    {
        BlsScheme<G2Point, G1Point> small = BlsSchemes.MinimalSignatures;
        BlsScheme<G1Point, G2Point> large = BlsSchemes.MinimalKeys;
        G2Point[] keys = [.. _secrets.Select(secret => Decoded(small.PublicKey(secret)))];
        G1Point[] votes = [.. _secrets.Select(secret => Decoded(small.Sign(secret, _message)))];
        G1Point aggregate = Decoded(small.Aggregate(votes)), key = Decoded(large.PublicKey(_secrets[0]));
        G2Point signature = Decoded(large.Sign(_secrets[0], _message));
        byte[] key96 = keys[0].ToBytes(), vote48 = votes[0].ToBytes(), key48 = key.ToBytes(), signature96 = signature.ToBytes();
        var encoded = new byte[G1Point.CompressedLength];
        var encodedLong = new byte[G2Point.CompressedLength];
        yield return Both("minimal signatures: sign, encoded", () => { small.Sign(_secrets[0], _message).Write(encoded); return 0; });
        yield return Both("minimal signatures: verify", () => Expect(small.Verify(keys[0], _message, votes[0])));
        yield return Both("minimal signatures: verify bytes", () => Expect(small.Verify(key96, _message, vote48)));
        yield return Both("minimal keys: sign, encoded", () => { large.Sign(_secrets[0], _message).Write(encodedLong); return 0; });
        yield return Both("minimal keys: verify", () => Expect(large.Verify(key, _message, signature)));
        yield return Both("minimal keys: verify bytes", () => Expect(large.Verify(key48, _message, signature96)));
        yield return Both("aggregate 67 decoded votes", () => small.Aggregate(votes));
        yield return Both("check a certificate of 67 votes", () => Expect(small.FastAggregateVerify(keys, _message, aggregate)));
        Certificate = Under(ISignatureScheme.Managed, Repeat(() => Expect(small.FastAggregateVerify(keys, _message, aggregate))));
        Verify = Under(ISignatureScheme.Managed, Repeat(() => Expect(small.Verify(keys[0], _message, votes[0]))));
    }

    private static BlsRefusal Expect(BlsRefusal refusal) => refusal == BlsRefusal.None ? refusal : throw new InvalidOperationException($"A good signature was refused: {refusal}.");

    /// <summary>The same call with the one backend and with the other.</summary>
    private BlsOperation Both<T>(string name, Func<T> call) =>
        new(name, Under(ISignatureScheme.Managed, Repeat(call)), HasNative ? Repeat(call) : null);

    private static Action<int> Under(string backend, Action<int> calls) => n =>
    {
        using IDisposable chosen = BlsBackend.UseNamed(backend);
        calls(n);
    };

    private static Action<int> Repeat<T>(Func<T> call) => n =>
    {
        for (int i = 0; i < n; i++)
        {
            call();
        }
    };
}
