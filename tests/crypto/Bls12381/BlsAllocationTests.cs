using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Tests.Bls12381;

public sealed class BlsAllocationTests
{
#if DEBUG
    [Fact(Skip = "Of optimised builds: without optimisation the platform's vector operators are calls that allocate.")]
#else
    [Fact]
#endif
    public void Fields_groups_and_pairing_allocate_nothing()
    {
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Run()
    {
        Fp.Invert(Fp.One, out Fp inverse);
        Fp.SquareRoot(inverse, out _);
        G1Point p = G1Point.Multiply(G1Point.Generator, Scalar.FromInteger(12345));
        G2Point q = G2Point.Multiply(G2Point.Generator, Scalar.FromInteger(54321));
        Span<byte> bytes = stackalloc byte[G2Point.CompressedLength];
        q.Write(bytes);
        G2Point.Read(bytes, out _);
        p.Write(bytes[..G1Point.CompressedLength]);
        G1Point.Read(bytes[..G1Point.CompressedLength], out _);
        Pairing.ProductIsOne([p, -p], [q, q]);
        Pairing.Product([p], [q], out Fp12 gt);
        FinalExponentiation.Raise(gt, out _);
    }
}
