using Bft.Crypto.Bls12381;

namespace Bft.Crypto.Threshold;

/// <summary>What commitments of either kind are made of: one point a coefficient.</summary>
internal static class CommitmentPoints
{
    /// <summary>Reads that many points, each checked; none may be the identity.</summary>
    public static bool TryRead(ReadOnlySpan<byte> encoded, int quorum, out G2Point[]? points, out string? reason)
    {
        points = null;
        if (quorum < 1 || encoded.Length != quorum * G2Point.CompressedLength)
        {
            reason = $"wrong degree: a quorum of {quorum} needs {quorum * G2Point.CompressedLength} bytes of commitments, there are {encoded.Length}";
            return false;
        }

        var read = new G2Point[quorum];
        for (int i = 0; i < quorum; i++)
        {
            BlsRefusal refusal = G2Point.Read(encoded.Slice(i * G2Point.CompressedLength, G2Point.CompressedLength), out read[i]);
            if (refusal != BlsRefusal.None || read[i].IsIdentity)
            {
                reason = $"commitment {i} is refused: {(refusal == BlsRefusal.None ? BlsRefusal.Identity : refusal).Describe()}";
                return false;
            }
        }

        points = read;
        reason = null;
        return true;
    }

    /// <summary>The encodings, one after the other.</summary>
    public static byte[] Encode(G2Point[] points)
    {
        var encoded = new byte[points.Length * G2Point.CompressedLength];
        for (int i = 0; i < points.Length; i++)
        {
            points[i].Write(encoded.AsSpan(i * G2Point.CompressedLength, G2Point.CompressedLength));
        }

        return encoded;
    }

    /// <summary>The committed polynomial at an index, in the exponent.</summary>
    public static G2Point At(G2Point[] points, int index) => At(points, Scalar.FromInteger((ulong)index));

    /// <summary>The same at any place.</summary>
    public static G2Point At(G2Point[] points, Scalar place) => G2Point.MultiplySum(points, Powers(place, points.Length));

    /// <summary>index^0, index^1, …</summary>
    public static Scalar[] Powers(int index, int count) => Powers(Scalar.FromInteger((ulong)index), count);

    private static Scalar[] Powers(Scalar place, int count)
    {
        var powers = new Scalar[count];
        powers[0] = Scalar.One;
        for (int j = 1; j < powers.Length; j++)
        {
            powers[j] = powers[j - 1] * place;
        }

        return powers;
    }
}
