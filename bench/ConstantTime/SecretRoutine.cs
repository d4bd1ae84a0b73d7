using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Bench.ConstantTime;

/// <summary>Something that is given a secret and must take the same time for each.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Of">What it stands for in the table of docs/crypto.md.</param>
/// <param name="SecretBytes">The length of its secret.</param>
/// <param name="Prepare">Makes a call of secret bytes; not measured.</param>
/// <param name="MustLeak">True for the control that has to be found.</param>
/// <param name="Special">The fixed class: a secret with structure, where a leak would show most; null for one drawn at random.</param>
public sealed record SecretRoutine(string Name, string Of, int SecretBytes, Func<byte[], Action> Prepare, bool MustLeak = false, byte[]? Special = null)
{
    private const int Repeats = 16;

    /// <summary>All of them: the controls, then the routines from small to large.</summary>
    public static IReadOnlyList<SecretRoutine> All { get; } =
    [
        new("control-leaky", "a control that must be found: stops at the first zero byte", 64, secret => () => Leaky(secret), MustLeak: true, Special: [.. new byte[8], .. Enumerable.Repeat((byte)1, 56)]),
        new("control-constant", "a control that must not be: reads all", 64, secret => () => Constant(secret), Special: new byte[64]),
        new("fp-multiply", "Fp, Fp2, Fp6, Fp12 arithmetic", 64, Field((a, b) => Repeat(a, b, static (x, y) => { Fp.Multiply(x, y, out x); return x; })), Special: new byte[64]),
        new("fp-invert", "Fp.Invert", 64, Field((a, _) => Once(a, static x => { Fp.Invert(x, out x); return x; })), Special: Small(64)),
        new("fp-square-root", "Fp.SquareRoot", 64, Field((a, _) => Once(a, static x => { Fp.SquareRoot(x, out x); return x; })), Special: Small(64)),
        new("scalar-add", "Scalar add", 48, Numbers(static (a, b) => a + b), Special: new byte[48]),
        new("scalar-multiply", "Scalar multiply", 48, Numbers(static (a, b) => a * b), Special: new byte[48]),
        new("scalar-negate", "Scalar negate", 48, Numbers(static (a, _) => -a), Special: Small(48)),
        new("scalar-from-wide", "Scalar.FromWideBytes", 48, secret => () => { for (int i = 0; i < Repeats; i++) { Keep(Scalar.FromWideBytes(secret)); } }, Special: new byte[48]),
        new("scalar-read", "Scalar.TryRead", 48, Read, Special: Small(48)),
        new("scalar-invert", "Scalar.Invert", 48, secret => { var a = Scalar.FromWideBytes(secret); return () => Keep(Scalar.Invert(a)); }, Special: Small(48)),
        new("decompose-two", "CurveParameter.Decompose (G1)", 48, secret => { var a = Scalar.FromWideBytes(secret); return () => Decompose(a); }, Special: Small(48)),
        new("multiply-g1", "SecretMultiplication.Multiply, G1", 48, secret => { var a = Scalar.FromWideBytes(secret); return () => Keep(G1Point.MultiplyManaged(G1Point.Generator, a)); }, Special: Small(48)),
        new("multiply-g2", "SecretMultiplication.Multiply, G2", 48, secret => { var a = Scalar.FromWideBytes(secret); return () => Keep(G2Point.MultiplyManaged(G2Point.Generator, a)); }, Special: Small(48)),
        new("sign", "signing a vote, with the encoding", 48, Sign, Special: Small(48)),
        new("prove-possession", "proof of possession", 48, secret => { var key = new BlsSecretKey(Scalar.FromWideBytes(secret)); return () => Keep(BlsSchemes.MinimalSignatures.ProvePossession(key)); }, Special: Small(48)),
        new("derive-master", "BlsSecretKey.FromSeed", 32, secret => () => { using var key = BlsSecretKey.FromSeed(secret); }, Special: new byte[32]),
        new("derive-child", "BlsSecretKey.DeriveChild", 48, secret => { var key = new BlsSecretKey(Scalar.FromWideBytes(secret)); return () => { using BlsSecretKey child = key.DeriveChild(7); }; }, Special: Small(48)),
    ];

    private static Scalar _scalar;
    private static G1Point _g1;
    private static G2Point _g2;
    private static Fp _fp;
    private static int _byte;

    // 1, big-endian: nearly all bits zero, and never refused.
    private static byte[] Small(int bytes) => [.. new byte[bytes - 1], 1];

    private static Func<byte[], Action> Field(Func<Fp, Fp, Action> call) => secret =>
    {
        Fp.ReadWide(secret, out Fp value);
        Fp.Invert(Fp.FromInteger(3), out Fp other);
        return call(value, other);
    };

    private static Action Repeat(Fp a, Fp b, Func<Fp, Fp, Fp> call) => () =>
    {
        Fp x = a;
        for (int i = 0; i < Repeats; i++)
        {
            x = call(a, b);
        }

        _fp = x;
    };

    private static Action Once(Fp a, Func<Fp, Fp> call) => () => _fp = call(a);

    private static Func<byte[], Action> Numbers(Func<Scalar, Scalar, Scalar> call) => secret =>
    {
        var a = Scalar.FromWideBytes(secret);
        var b = Scalar.FromInteger(0x9e3779b97f4a7c15);
        return () =>
        {
            for (int i = 0; i < Repeats; i++)
            {
                Keep(call(a, b));
            }
        };
    };

    private static Action Read(byte[] secret)
    {
        var bytes = new byte[Scalar.Bytes];
        Scalar.FromWideBytes(secret).Write(bytes);
        return () =>
        {
            for (int i = 0; i < Repeats; i++)
            {
                Scalar.TryRead(bytes, out Scalar read);
                Keep(read);
            }
        };
    }

    private static Action Sign(byte[] secret)
    {
        var key = new BlsSecretKey(Scalar.FromWideBytes(secret));
        var signature = new byte[G1Point.CompressedLength];
        return () => BlsSchemes.MinimalSignatures.Sign(key, "a vote"u8).Write(signature);
    }

    private static void Decompose(Scalar scalar)
    {
        Span<ulong> digits = stackalloc ulong[4];
        CurveParameter.DecomposeIntoTwo(scalar.AsWords(), digits);
        _byte = (int)digits[0];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Leaky(byte[] secret)
    {
        int sum = 0;
        foreach (byte one in secret)
        {
            if (one == 0)
            {
                break;
            }

            for (int i = 0; i < 8; i++)
            {
                sum = (sum * 31) ^ one;
            }
        }

        _byte = sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Constant(byte[] secret)
    {
        int sum = 0;
        foreach (byte one in secret)
        {
            sum = (sum * 31) ^ one;
        }

        _byte = sum;
    }

    private static void Keep(Scalar scalar) => _scalar = scalar;

    private static void Keep(G1Point point) => _g1 = point;

    private static void Keep(G2Point point) => _g2 = point;
}
