namespace Bft.Crypto.Signatures;

/// <summary>
/// One public key, decoded once, that checks many signatures: for keys that come back all the time, such as a committee's.
/// Gives the same verdicts as <see cref="ISignatureScheme.Verify"/>. Immutable and thread-safe; never throws on hostile input.
/// </summary>
public interface IVerifier
{
    /// <summary>The scheme the key belongs to.</summary>
    ISignatureScheme Scheme { get; }

    /// <summary>The encoded public key, <see cref="ISignatureScheme.PublicKeyBytes"/> long.</summary>
    ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>The verdict on a signature by this key; false for anything malformed.</summary>
    bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);
}

/// <summary>The verifier of a scheme that has nothing to decode ahead: keeps the encoded key and asks the scheme each time.</summary>
internal sealed class PlainVerifier(ISignatureScheme scheme, ReadOnlySpan<byte> publicKey) : IVerifier
{
    private readonly byte[] _publicKey = publicKey.ToArray();

    public ISignatureScheme Scheme { get; } = scheme;

    public ReadOnlyMemory<byte> PublicKey => _publicKey;

    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => Scheme.Verify(_publicKey, message, signature);
}
