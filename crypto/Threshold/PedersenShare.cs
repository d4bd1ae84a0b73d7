using Bft.Crypto.Bls12381;

namespace Bft.Crypto.Threshold;

/// <summary>What a dealer gives one receiver: the values of both of its polynomials there. Secret until it is revealed in an answer.</summary>
/// <param name="Value">The value of the sharing polynomial.</param>
/// <param name="Blinding">The value of the blinding polynomial; zero in a resharing, which has none.</param>
public readonly record struct PedersenShare(Scalar Value, Scalar Blinding)
{
    /// <summary>Length of the encoding.</summary>
    public const int Bytes = 2 * Scalar.Bytes;

    /// <summary>Writes both, big-endian.</summary>
    public void Write(Span<byte> destination)
    {
        Value.Write(destination[..Scalar.Bytes]);
        Blinding.Write(destination[Scalar.Bytes..Bytes]);
    }

    /// <summary>Reads exactly that; false for another length or a number that is not below the group's order.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out PedersenShare share)
    {
        share = default;
        if (source.Length != Bytes || !Scalar.TryRead(source[..Scalar.Bytes], out Scalar value) || !Scalar.TryRead(source[Scalar.Bytes..], out Scalar blinding))
        {
            return false;
        }

        share = new PedersenShare(value, blinding);
        return true;
    }

    /// <summary>Says nothing of the content.</summary>
    public override string ToString() => nameof(PedersenShare);
}
