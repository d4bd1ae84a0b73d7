using System.Collections.Immutable;
using Bft.Crypto.Signatures;
using Bft.Engine;

namespace Bft.Network.Api.Frames;

/// <summary>The identity keys of genesis, and the one question asked of them. Immutable, thread-safe.</summary>
public sealed class ValidatorKeys
{
    private readonly Chain _chain;
    private readonly ImmutableArray<IVerifier> _keys;

    /// <summary>Decodes the keys.</summary>
    /// <exception cref="GenesisException">A validator's identity key is not an Ed25519 public key.</exception>
    public ValidatorKeys(Genesis genesis, Chain chain)
    {
        _chain = chain;
        _keys =
        [
            .. genesis.Validators.Select((validator, i) => SignatureSchemes.Ed25519.CreateVerifier(validator.IdentityKey.AsSpan())
                ?? throw new GenesisException($"validators[{i}].identityKey: not an Ed25519 public key; fetch genesis again from the ceremony.")),
        ];
    }

    /// <summary>True when that validator of genesis signed <paramref name="content"/> under <see cref="Preimage.Receipts"/> on this chain.</summary>
    public bool IsSigned(ReplicaId validator, ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature) =>
        (uint)validator.Value < (uint)_keys.Length &&
        _keys[validator.Value].Verify(_chain.SignedContent(Preimage.Receipts, content), signature);
}
