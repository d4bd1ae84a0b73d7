using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Bft.Crypto;
using Bft.Engine;

namespace Bft.Network.Peers;

/// <summary>What a validator needs to speak with the others.</summary>
public sealed record PeerHostOptions
{
    /// <summary>Our own number.</summary>
    public required ReplicaId Self { get; init; }

    /// <summary>The digest of genesis: peers of another chain are refused.</summary>
    public required Digest ChainId { get; init; }

    /// <summary>Our TLS certificate with its private key; its key's pin must be ours in <see cref="Pins"/>.</summary>
    public required X509Certificate2 Certificate { get; init; }

    /// <summary>For each validator, in order, the SHA-256 of its certificate's SubjectPublicKeyInfo, as genesis has them.</summary>
    public required ImmutableArray<Digest> Pins { get; init; }

    /// <summary>
    /// Where a validator listens, as host:port ([…]:port for IPv6); null while that is not known. Asked before every attempt, so an
    /// address may change while we run. Must be thread-safe.
    /// </summary>
    public required Func<ReplicaId, string?> AddressOf { get; init; }

    /// <summary>Where we listen; port 0 takes a free one, which <see cref="PeerHost.Endpoint"/> tells. Default 127.0.0.1:0.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>The limits; must be alike at all validators as far as message sizes go.</summary>
    public PeerLimits Limits { get; init; } = new();

    /// <summary>Seeds the jitter of the pauses between attempts to connect.</summary>
    public int Seed { get; init; }

    /// <summary>The clock of timeouts, pauses and rates.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What we claim to speak; other than the current version in tests only.</summary>
    internal ushort FormatVersion { get; init; } = Hello.CurrentVersion;
}
