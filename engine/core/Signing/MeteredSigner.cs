using Bft.Crypto.Signatures;
using Bft.Engine.Transport;

namespace Bft.Engine;

/// <summary>A signer that books each signature it makes, so that none is forgotten: a <see cref="Voter"/> holds its key through one.</summary>
/// <param name="signer">Holds the key; disposed by its owner or through this.</param>
/// <param name="meter">Where cost is booked.</param>
public sealed class MeteredSigner(ISigner signer, IMeter meter) : ISigner
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
    }

    /// <inheritdoc/>
    public void Dispose() => signer.Dispose();
}
