using Bft.Crypto.Bls12381;

namespace Bft.Crypto.Threshold;

/// <summary>
/// One dealer's part in a generation without a trusted dealer: a sharing polynomial and a blinding one, both derived from a secret seed. Whoever keeps the seed before it speaks
/// deals the same after a crash. Disposing erases the polynomials.
/// </summary>
public sealed class SeededDealing : IDisposable
{
    private readonly SecretPolynomial _sharing;
    private readonly SecretPolynomial? _blinding;

    private SeededDealing(SecretPolynomial sharing, SecretPolynomial? blinding)
    {
        _sharing = sharing;
        _blinding = blinding;
    }

    /// <summary>A dealing of a fresh secret, hidden by a blinding polynomial.</summary>
    /// <param name="seed">32 secret, uniform bytes that are used for one generation only.</param>
    /// <param name="quorum">How many shares determine the secret.</param>
    public static SeededDealing OfFreshSecret(ReadOnlySpan<byte> seed, int quorum) =>
        new(SecretPolynomial.FromSeed(seed, "sharing", quorum), SecretPolynomial.FromSeed(seed, "blinding", quorum));

    /// <summary>A dealing of a share that is held already, to another committee; not blinded, as the key of the share is known.</summary>
    /// <param name="seed">As above.</param>
    /// <param name="quorum">How many of the new shares determine it.</param>
    /// <param name="share">The old share.</param>
    public static SeededDealing OfShare(ReadOnlySpan<byte> seed, int quorum, in Scalar share) =>
        new(SecretPolynomial.FromSeed(seed, "resharing", quorum, share), null);

    /// <summary>The commitments that hide the secret; for fresh secrets.</summary>
    /// <exception cref="InvalidOperationException">The dealing is not blinded.</exception>
    public PedersenCommitments CommitHiding()
    {
        G2Point[] values = _sharing.Commit(), blindings = (_blinding ?? throw new InvalidOperationException("A resharing has no blinding polynomial: its commitments are Feldman's."))
            .Commit(PedersenBase.H);
        return new PedersenCommitments([.. values.Zip(blindings, (value, blinding) => value + blinding)]);
    }

    /// <summary>Feldman's commitments to the sharing polynomial alone.</summary>
    public Commitments Commit() => new(_sharing.Commit());

    /// <summary>The proof that what <see cref="Commit"/> gives belongs to what <see cref="CommitHiding"/> gave; for fresh secrets.</summary>
    /// <param name="seed">The seed of this dealing.</param>
    /// <param name="context">Chain, generation and dealer.</param>
    /// <exception cref="InvalidOperationException">The dealing is not blinded.</exception>
    public byte[] ProveExtraction(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> context) => ExtractionProof.Prove(seed, context, CommitHiding(), Commit(), _sharing, _blinding!);

    /// <summary>The share of a receiver.</summary>
    /// <param name="index">From 1 on.</param>
    public PedersenShare At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(index, 1);
        return new PedersenShare(_sharing.At(index), _blinding?.At(index) ?? Scalar.Zero);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sharing.Dispose();
        _blinding?.Dispose();
    }
}
