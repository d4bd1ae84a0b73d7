using Bft.Crypto.Bls12381;

namespace Bft.Crypto.Threshold;

/// <summary>
/// Commitments C_k = g^{a_k} h^{b_k} to the coefficients of a pair of polynomials (Pedersen, CRYPTO 1991): every share can be checked, and nothing at all is said of the secret.
/// So nobody can choose, or leave out, a dealing for the key it leads to (Gennaro, Jarecki, Krawczyk, Rabin, EUROCRYPT 1999).
/// </summary>
public sealed class PedersenCommitments
{
    private readonly G2Point[] _points;

    internal PedersenCommitments(G2Point[] points) => _points = points;

    /// <summary>How many shares determine the polynomials.</summary>
    public int Quorum => _points.Length;

    /// <summary>Reads commitments of a sharing among a quorum.</summary>
    /// <param name="encoded">Points of 96 bytes, one after the other.</param>
    /// <param name="quorum">How many shares must be needed.</param>
    /// <param name="reason">What is wrong, in words; null when accepted.</param>
    public static PedersenCommitments? TryRead(ReadOnlySpan<byte> encoded, int quorum, out string? reason) =>
        CommitmentPoints.TryRead(encoded, quorum, out G2Point[]? points, out reason) ? new PedersenCommitments(points!) : null;

    /// <summary>The encodings, one after the other.</summary>
    public byte[] Encode() => CommitmentPoints.Encode(_points);

    internal G2Point At(Scalar place) => CommitmentPoints.At(_points, place);

    /// <summary>Checks a share: g^s h^s' = Π C_k^{index^k}.</summary>
    /// <param name="index">From 1 on.</param>
    /// <param name="share">Secret.</param>
    public SharingRefusal Check(int index, in PedersenShare share) =>
        index < 1 ? SharingRefusal.IndexOutOfRange
        : G2Point.Multiply(G2Point.Generator, share.Value) + G2Point.Multiply(PedersenBase.H, share.Blinding) == CommitmentPoints.At(_points, index) ? SharingRefusal.None
        : SharingRefusal.WrongShare;
}
