using System.Runtime.InteropServices;

namespace Bft.Crypto.Merkle;

/// <summary>One key of the authenticated state: 64 bytes, the hash of the key and the hash of its value.</summary>
/// <param name="KeyHash">SHA-256 of the key. It must be a hash: a tree over raw keys could be filled in one place at no cost.</param>
/// <param name="ValueHash">SHA-256 of the value; any digest, <see cref="Digest.None"/> included, is a value.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TreeEntry(Digest KeyHash, Digest ValueHash);

/// <summary>One change of the authenticated state: a key set to a value, or a key removed.</summary>
/// <param name="KeyHash">SHA-256 of the key.</param>
/// <param name="ValueHash">SHA-256 of the new value; meaningless in a removal.</param>
/// <param name="IsRemoval">True when the key goes.</param>
public readonly record struct TreeUpdate(Digest KeyHash, Digest ValueHash, bool IsRemoval)
{
    /// <summary>The key takes the value, whether it was there or not.</summary>
    public static TreeUpdate Set(Digest keyHash, Digest valueHash) => new(keyHash, valueHash, false);

    /// <summary>The key goes; removing an absent key changes nothing.</summary>
    public static TreeUpdate Remove(Digest keyHash) => new(keyHash, Digest.None, true);
}
