namespace Bft.Crypto.Signatures;

/// <summary>A digital signature scheme with one verdict per (key, message, signature). Thread-safe; never throws on hostile input.</summary>
public interface ISignatureScheme
{
    /// <summary>The <see cref="Backend"/> of what is written in C# alone.</summary>
    const string Managed = "managed";

    /// <summary>What does the arithmetic: <see cref="Managed"/>, or the name of a native library.</summary>
    string Backend => Managed;

    /// <summary>The name a genesis or command line uses, for example <c>ed25519</c>.</summary>
    string Name { get; }

    /// <summary>The one-byte code of the scheme on the wire; 0 is reserved for "unsigned", codes from 0x80 on are of schemes that no client may use.</summary>
    byte Code { get; }

    /// <summary>Length of an encoded public key in bytes.</summary>
    int PublicKeyBytes { get; }

    /// <summary>Length of a signature in bytes.</summary>
    int SignatureBytes { get; }

    /// <summary>True when <paramref name="publicKey"/> is an acceptable encoding of a key (length, point on the curve where the scheme checks that).</summary>
    bool IsValidPublicKey(ReadOnlySpan<byte> publicKey);

    /// <summary>The verdict on a signature; false for anything malformed.</summary>
    bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);

    /// <summary>Decodes a key once for many verifications; null when <see cref="IsValidPublicKey"/> refuses it.</summary>
    IVerifier? CreateVerifier(ReadOnlySpan<byte> publicKey) => IsValidPublicKey(publicKey) ? new PlainVerifier(this, publicKey) : null;

    /// <summary>Makes a signer from a 32-byte seed (secret). The seed is copied; the caller may erase it.</summary>
    /// <exception cref="ArgumentException">The seed is not 32 bytes or not a valid secret of the scheme.</exception>
    ISigner CreateSigner(ReadOnlySpan<byte> seed);
}

/// <summary>Holds one secret key and signs with it. Thread-safe. Disposing erases the key.</summary>
public interface ISigner : IDisposable
{
    /// <summary>The scheme this key belongs to.</summary>
    ISignatureScheme Scheme { get; }

    /// <summary>The encoded public key, <see cref="ISignatureScheme.PublicKeyBytes"/> long.</summary>
    ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>Signs; deterministic for a given key and message.</summary>
    /// <param name="message">The bytes to sign.</param>
    /// <param name="signature">Receives exactly <see cref="ISignatureScheme.SignatureBytes"/> bytes.</param>
    void Sign(ReadOnlySpan<byte> message, Span<byte> signature);
}
