using Bft.Crypto.Signatures;
using Bft.Engine.Transport;

namespace Bft.Engine;

/// <summary>A signer that books each signature it makes, so that none is forgotten: a <see cref="Voter"/> holds its key through one.</summary>
/// <param name="signer">Holds the key; disposed by its owner or through this.</param>
/// <param name="meter">Where cost is booked.</param>
/// <param name="made">Told of each signature made; null for nobody. <see cref="Claims.Remember"/>, so that what we signed is not verified.</param>
public sealed class MeteredSigner(ISigner signer, IMeter meter, SignatureMade? made = null) : ISigner
{
    /// <inheritdoc/>
    public ISignatureScheme Scheme => signer.Scheme;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> PublicKey => signer.PublicKey;

    /// <inheritdoc/>
    public void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
    {
        signer.Sign(message, signature);
        meter.Signed(1);
        made?.Invoke(message, signature);
    }

    /// <inheritdoc/>
    public void Dispose() => signer.Dispose();
}

/// <summary>Told of a signature: what was signed, and the signature.</summary>
public delegate void SignatureMade(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);
