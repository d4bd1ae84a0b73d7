using BenchmarkDotNet.Attributes;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Bls12381.Native;
using Bft.Crypto.Signatures;

namespace Bft.Bench.Micro;

/// <summary>The fields under BLS12-381. Each result is the next operand, so that latency counts, as it does in the formulas.</summary>
[MemoryDiagnoser]
public class BlsFieldBenchmarks
{
    private Fp _a;
    private Fp _b;
    private Fp2 _c;
    private Fp2 _d;
    private Fp12 _e;

    /// <summary>Elements without structure.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Fp.Invert(Fp.FromInteger(3), out _a);
        Fp.Invert(Fp.FromInteger(7), out _b);
        _c = new Fp2 { C0 = _a, C1 = _b };
        _d = new Fp2 { C0 = _b, C1 = _a };
        Pairing.Product([G1Point.Generator], [G2Point.Generator], out _e);
    }

    /// <summary>Fp product.</summary>
    [Benchmark]
    public void MultiplyFp() => Fp.Multiply(_a, _b, out _a);

    /// <summary>Fp difference.</summary>
    [Benchmark]
    public void SubtractFp() => Fp.Subtract(_a, _b, out _b);

    /// <summary>Fp inversion.</summary>
    [Benchmark]
    public void InvertFp() => Fp.Invert(_a, out _a);

    /// <summary>Fp square root.</summary>
    [Benchmark]
    public void RootFp() => Fp.SquareRoot(_a, out _a);

    /// <summary>Fp2 product.</summary>
    [Benchmark]
    public void MultiplyFp2() => Fp2.Multiply(_c, _d, out _c);

    /// <summary>Fp2 square.</summary>
    [Benchmark]
    public void SquareFp2() => Fp2.Square(_c, out _c);

    /// <summary>Fp12 product.</summary>
    [Benchmark]
    public void MultiplyFp12() => Fp12.Multiply(_e, _e, out _e);

    /// <summary>Fp12 square.</summary>
    [Benchmark]
    public void SquareFp12() => Fp12.Square(_e, out _e);

    /// <summary>Fp12 square in the cyclotomic subgroup.</summary>
    [Benchmark]
    public void CyclotomicSquareFp12() => Fp12.CyclotomicSquare(_e, out _e);
}

/// <summary>Group operations and the pairing.</summary>
[MemoryDiagnoser]
public class BlsGroupBenchmarks
{
    private IDisposable? _backend;

    /// <summary>Managed, and the native library where one is used.</summary>
    [ParamsSource(nameof(Backends))]
    public string Backend { get; set; } = BlsBackend.Name;

    /// <summary>The backends of this process.</summary>
    public static IEnumerable<string> Backends => new[] { ISignatureScheme.Managed, BlsBackend.Name }.Distinct();

    private readonly Scalar _scalar = Scalar.Random();
    private readonly byte[] _message = new byte[32];
    private readonly G1Point _p = Scalar.Random() * G1Point.Generator;
    private readonly G2Point _q = G2Point.Generator;
    private readonly byte[] _encodedG1 = (Scalar.Random() * G1Point.Generator).ToBytes();
    private readonly byte[] _encodedG2 = (Scalar.Random() * G2Point.Generator).ToBytes();

    /// <summary>Takes the backend.</summary>
    [GlobalSetup]
    public void Setup() => _backend = BlsBackend.UseNamed(Backend);

    /// <summary>Gives it back.</summary>
    [GlobalCleanup]
    public void CleanUp() => _backend?.Dispose();

    /// <summary>Secret scalar times a point of G1.</summary>
    [Benchmark]
    public G1Point MultiplyG1() => _scalar * G1Point.Generator;

    /// <summary>Secret scalar times a point of G2.</summary>
    [Benchmark]
    public G2Point MultiplyG2() => _scalar * G2Point.Generator;

    /// <summary>Decoding with all checks.</summary>
    [Benchmark]
    public BlsRefusal ReadG1() => G1Point.Read(_encodedG1, out _);

    /// <summary>Decoding with all checks.</summary>
    [Benchmark]
    public BlsRefusal ReadG2() => G2Point.Read(_encodedG2, out _);

    /// <summary>Hashing 32 bytes.</summary>
    [Benchmark]
    public G1Point HashToG1() => HashToCurve.ToG1(_message, "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_"u8);

    /// <summary>Hashing 32 bytes.</summary>
    [Benchmark]
    public G2Point HashToG2() => HashToCurve.ToG2(_message, "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"u8);

    /// <summary>One pair: Miller loop and final exponentiation.</summary>
    [Benchmark]
    public bool PairingOfOne() => Pairing.ProductIsOne([_p], [_q]);

    /// <summary>Two pairs in one loop.</summary>
    [Benchmark]
    public bool PairingOfTwo() => Pairing.ProductIsOne([_p, _p], [_q, _q]);
}

/// <summary>The scheme in both assignments of the groups, and the certificate of 67 votes.</summary>
[MemoryDiagnoser]
public class BlsSchemeBenchmarks
{
    private IDisposable? _backend;

    /// <summary>Managed, and the native library where one is used.</summary>
    [ParamsSource(nameof(Backends))]
    public string Backend { get; set; } = BlsBackend.Name;

    /// <summary>The backends of this process.</summary>
    public static IEnumerable<string> Backends => new[] { ISignatureScheme.Managed, BlsBackend.Name }.Distinct();

    private const int Votes = 67;

    private readonly BlsScheme<G2Point, G1Point> _minimalSignatures = BlsSchemes.MinimalSignatures;
    private readonly BlsScheme<G1Point, G2Point> _minimalKeys = BlsSchemes.MinimalKeys;
    private readonly BlsSecretKey[] _secrets = [.. Enumerable.Range(0, Votes).Select(_ => BlsSecretKey.Generate())];
    private readonly byte[] _message = new byte[32];
    private G2Point[] _keys = [];
    private G1Point[] _votes = [];
    private G1Point _aggregate;
    private byte[] _key = [];
    private byte[] _vote = [];
    private G1Point _shortKey;
    private G2Point _longSignature;

    /// <summary>Keys and votes, decoded as they are in a running replica.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _backend = BlsBackend.UseNamed(Backend);
        _keys = [.. _secrets.Select(secret => Decoded(_minimalSignatures.PublicKey(secret)))];
        _votes = [.. _secrets.Select(secret => Decoded(_minimalSignatures.Sign(secret, _message)))];
        _aggregate = _minimalSignatures.Aggregate(_votes);
        _key = _keys[0].ToBytes();
        _vote = _votes[0].ToBytes();
        _shortKey = Decoded(_minimalKeys.PublicKey(_secrets[0]));
        _longSignature = Decoded(_minimalKeys.Sign(_secrets[0], _message));
    }

    /// <summary>Gives the backend back.</summary>
    [GlobalCleanup]
    public void CleanUp() => _backend?.Dispose();

    private static TPoint Decoded<TPoint>(TPoint point)
        where TPoint : struct, IBlsGroup<TPoint>
    {
        var bytes = new byte[TPoint.CompressedBytes];
        point.Write(bytes);
        return TPoint.Read(bytes, out TPoint decoded) == BlsRefusal.None ? decoded : throw new InvalidOperationException("A point does not decode.");
    }

    /// <summary>Minimal signatures: sign.</summary>
    [Benchmark]
    public G1Point Sign() => _minimalSignatures.Sign(_secrets[0], _message);

    /// <summary>Minimal signatures: verify, points in memory.</summary>
    [Benchmark]
    public BlsRefusal Verify() => _minimalSignatures.Verify(_keys[0], _message, _votes[0]);

    /// <summary>Minimal signatures: verify from bytes with all checks.</summary>
    [Benchmark]
    public BlsRefusal VerifyBytes() => _minimalSignatures.Verify(_key, _message, _vote);

    /// <summary>Minimal keys: sign.</summary>
    [Benchmark]
    public G2Point SignMinimalKeys() => _minimalKeys.Sign(_secrets[0], _message);

    /// <summary>Minimal keys: verify, points in memory.</summary>
    [Benchmark]
    public BlsRefusal VerifyMinimalKeys() => _minimalKeys.Verify(_shortKey, _message, _longSignature);

    /// <summary>Sum of 67 decoded votes.</summary>
    [Benchmark]
    public G1Point Aggregate() => _minimalSignatures.Aggregate(_votes);

    /// <summary>A certificate of 67 votes checked.</summary>
    [Benchmark]
    public BlsRefusal FastAggregateVerify() => _minimalSignatures.FastAggregateVerify(_keys, _message, _aggregate);

    /// <summary>67 votes checked as a batch.</summary>
    [Benchmark]
    public BlsRefusal BatchVerifyMessage() => _minimalSignatures.BatchVerifyMessage(_keys, _message, _votes);
}
