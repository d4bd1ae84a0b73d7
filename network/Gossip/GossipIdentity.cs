using System.Collections.Immutable;
using Bft.Crypto.Signatures;
using Bft.Engine;

namespace Bft.Network.Gossip;

/// <summary>Who we are among the validators, as far as gossip is concerned.</summary>
public sealed class GossipIdentity
{
    /// <summary>Brings the keys together.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="self">Our number.</param>
    /// <param name="signer">Our identity key (Ed25519).</param>
    /// <param name="keys">The identity keys of all validators in their order, as genesis has them.</param>
    /// <exception cref="ArgumentException">The keys do not fit the committee, or ours is not our signer's.</exception>
    public GossipIdentity(Chain chain, ReplicaId self, ISigner signer, ImmutableArray<ReadOnlyMemory<byte>> keys)
    {
        if (keys.Length != chain.Committee.Size || !chain.Committee.Contains(self))
        {
            throw new ArgumentException($"{keys.Length} identity keys and validator {self} for a committee of {chain.Committee.Size}.", nameof(keys));
        }

        if (!keys[self.Value].Span.SequenceEqual(signer.PublicKey.Span))
        {
            throw new ArgumentException($"The identity key at hand is not the one genesis has for validator {self}: use the key store made with that genesis.", nameof(signer));
        }

        Chain = chain;
        Self = self;
        Signer = signer;
        Keys = keys;
    }

    /// <summary>The chain.</summary>
    public Chain Chain { get; }

    /// <summary>Our number.</summary>
    public ReplicaId Self { get; }

    /// <summary>Our identity key.</summary>
    public ISigner Signer { get; }

    /// <summary>The identity keys of all validators.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Keys { get; }
}
