using Bft.Crypto;
using Bft.Crypto.Merkle;
using Bft.Engine.Encoding;

namespace Bft.Engine.Execution;

/// <summary>
/// What convinces a client that a key had a value, or none, at a height, once it believes that height's <see cref="StatePoint"/>
/// (from the header of a certified block): what the state root joins (roots and a count) and the path to the key in the application's tree.
/// </summary>
/// <remarks>Layout: height (8), application's root (32), sessions' root (32), transactions (8), length (4) and encoding of the <see cref="MerkleProof"/>,
/// then the root of the shared keys (32) where there is one.</remarks>
/// <param name="Height">The height.</param>
/// <param name="ApplicationRoot">The application's root.</param>
/// <param name="SessionsRoot">The sessions' root.</param>
/// <param name="Transactions">Transactions executed since genesis, repeats not counted.</param>
/// <param name="Path">The encoding of the Merkle proof.</param>
/// <param name="SharedKeysRoot">The root of the shared keys; none on a chain where nobody called for one.</param>
public sealed record StateProof(Height Height, Digest ApplicationRoot, Digest SessionsRoot, ulong Transactions, ReadOnlyMemory<byte> Path, Digest SharedKeysRoot = default)
{
    /// <summary>The longest encoding in bytes.</summary>
    public const int MaxEncodedBytes = 8 + (3 * Digest.Size) + 8 + 4 + MerkleProof.MaximumEncodedBytes;

    /// <summary>Writes the canonical form.</summary>
    public void Encode(CanonicalWriter writer)
    {
        writer.UInt64(Height.Value);
        writer.Digest(ApplicationRoot);
        writer.Digest(SessionsRoot);
        writer.UInt64(Transactions);
        writer.Bytes(Path.Span);
        if (SharedKeysRoot != Digest.None)
        {
            writer.Digest(SharedKeysRoot);
        }
    }

    /// <summary>Reads exactly these bytes; null when malformed.</summary>
    public static StateProof? Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new CanonicalReader(bytes);
        var proof = new StateProof(new Height(reader.UInt64()), reader.Digest(), reader.Digest(), reader.UInt64(), reader.Bytes(MerkleProof.MaximumEncodedBytes));
        if (reader.Remaining > 0)
        {
            proof = proof with { SharedKeysRoot = reader.Digest() };
            if (proof.SharedKeysRoot == Digest.None)
            {
                return null;
            }
        }

        return reader.Complete && MerkleProof.Decode(proof.Path.Span, out _) == MerkleProofFault.None ? proof : null;
    }

    /// <summary>Whether the proof holds under a state point that is believed.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="point">The point, from the header of a certified block.</param>
    /// <param name="key">The key asked about.</param>
    /// <param name="valueHash">When it holds: the SHA-256 of the value, or null when the key is absent.</param>
    public bool Verify(Chain chain, StatePoint point, ReadOnlySpan<byte> key, out Digest? valueHash)
    {
        valueHash = null;
        return Height == point.Height &&
            Executor.JoinRoots(chain, ApplicationRoot, SessionsRoot, Transactions, SharedKeysRoot) == point.StateRoot &&
            MerkleProof.Verify(Path.Span, ApplicationRoot, HashFunction.Sha256.Hash(key), out valueHash);
    }

    /// <summary>Whether the proof holds and says exactly this of the key.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="point">The point, from the header of a certified block.</param>
    /// <param name="key">The key.</param>
    /// <param name="found">Whether the key was told to be there.</param>
    /// <param name="value">The value that was told; not looked at when absent.</param>
    public bool Shows(Chain chain, StatePoint point, ReadOnlySpan<byte> key, bool found, ReadOnlySpan<byte> value) =>
        Verify(chain, point, key, out Digest? valueHash) &&
        (found ? valueHash == HashFunction.Sha256.Hash(value) : valueHash is null);
}
