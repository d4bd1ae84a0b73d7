using System.Collections.Immutable;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Mempool;
using Bft.Engine.Shared;
using Bft.Engine.Storage;
using Bft.Engine.Transport;
using Bft.Ledger;
using Bft.Ledger.Disks;
using Bft.Simulation.Clients;

namespace Bft.Simulation;

/// <summary>Makes the voter of one replica.</summary>
/// <param name="chain">The chain.</param>
/// <param name="self">The replica.</param>
/// <param name="signer">Its key.</param>
/// <param name="rules">What it may sign.</param>
/// <param name="mayVote">False when its safety records were lost.</param>
public delegate Voter VoterMaker(Chain chain, ReplicaId self, ISigner signer, ImmutableArray<SigningRule> rules, bool mayVote);

/// <summary>Whose key or proof makes a committee of that scheme unusable and why; null when it can be used.</summary>
/// <param name="scheme">The name of the certificate scheme.</param>
/// <param name="keys">The keys and proofs as a genesis would name them.</param>
public delegate KeyRefusal? KeyJudge(string scheme, CommitteeKeys keys);

/// <summary>What a simulated world is made of. Everything else follows from the seed.</summary>
public sealed record WorldOptions
{
    /// <summary>The protocol.</summary>
    public required ProtocolDescriptor Protocol { get; init; }

    /// <summary>n.</summary>
    public int Nodes { get; init; } = 4;

    /// <summary>All randomness follows from it.</summary>
    public ulong Seed { get; init; }

    /// <summary>True for real Ed25519 keys of replicas and clients, and SHA-256; false for keys that cannot be forged by construction and a cheap hash function.</summary>
    public bool RealSignatures { get; init; }

    /// <summary>The certificate scheme, one of <see cref="Nodes.SimulatedKeys.Names"/>; null for <c>ed25519</c> with <see cref="RealSignatures"/>, else for the fast one.</summary>
    public string? Scheme { get; init; }

    /// <summary>Whether the trace is kept; its fingerprint always is.</summary>
    public bool KeepTrace { get; init; }

    /// <summary>The committee, if not of the usual arithmetic (a mutated one).</summary>
    public Committee? Committee { get; init; }

    /// <summary>Settings of the protocol. Default: views of 100 ms that grow to 1 s, so that a minute of virtual time is long.</summary>
    public ProtocolOptions ProtocolOptions { get; init; } = new() { ViewTimeout = TimeSpan.FromMilliseconds(100), MaxViewTimeout = TimeSpan.FromSeconds(1) };

    /// <summary>Who leads; null for the election that the protocol's settings name. Scripts fix their leaders by it.</summary>
    public ILeaderElection? Election { get; init; }

    /// <summary>Makes protocol instances; null for the descriptor's own. Mutated rules come in here.</summary>
    public Func<ProtocolContext, IProtocol>? Create { get; init; }

    /// <summary>Puts something between the loop and the honest protocol; null for none (a mutation of the loop: one's own vote counts before it is durable …).</summary>
    public Func<IProtocol, ProtocolContext, IProtocol>? WrapLoop { get; init; }

    /// <summary>Makes voters; null for the production one (a mutation: one vote a block instead of one a view …).</summary>
    public VoterMaker? MakeVoter { get; init; }

    /// <summary>Opens journals; null for the production one (a mutation: a torn tail is fatal …).</summary>
    public Func<IDisk, Chain, JournalOptions, IJournal>? OpenJournal { get; init; }

    /// <summary>Puts something between a journal and its disk; null for none (a mutation: a failed flush is tried again and trusted …).</summary>
    public Func<IDisk, IDisk>? WrapJournalDisk { get; init; }

    /// <summary>Puts something between the ledger and its disk; null for none (a mutation: what was flushed is not durable …).</summary>
    public Func<IDisk, IDisk>? WrapBlocksDisk { get; init; }

    /// <summary>Puts another application around a replica's; null for none (a mutation: what it computes depends on who computes it …).</summary>
    public Func<IApplication, ReplicaId, IApplication>? WrapApplication { get; init; }

    /// <summary>Puts another mempool around a replica's; null for none (a mutation: what a block holds is forgotten …).</summary>
    public Func<IPayloadSource, IPayloadSource>? WrapPool { get; init; }

    /// <summary>Puts another meter around the world's; null for none (a mutation: messages to oneself count …).</summary>
    public Func<IMeter, IMeter>? WrapMeter { get; init; }

    /// <summary>Puts another transport around a replica's; null for none (a mutation: everything is sent twice …).</summary>
    public Func<ITransport, ITransport>? WrapTransport { get; init; }

    /// <summary>What is demanded of blocks before a protocol sees them.</summary>
    public BlockRules BlockRules { get; init; } = BlockRules.Sound;

    /// <summary>Who judges the keys of a committee.</summary>
    public KeyJudge JudgeKeys { get; init; } = static (scheme, keys) =>
        CertificateSchemes.TryCreate(scheme, keys, null, out KeyRefusal? refusal) is null ? refusal : null;

    /// <summary>What makes a journal's frame whole; null for the production checksum.</summary>
    public FrameChecksum? Checksum { get; init; }

    /// <summary>When clients believe an answer.</summary>
    public ClientRules ClientRules { get; init; } = ClientRules.Sound;

    /// <summary>What the replicated state remembers of clients; null for the production rules (a mutation: a repeat is executed again …).</summary>
    public SessionRules? SessionRules { get; init; }

    /// <summary>Puts another journal around or in place of the production one; null for none (a mutation: promises leave before they are durable …).</summary>
    public Func<IJournal, IJournal>? WrapJournal { get; init; }

    /// <summary>Puts another judge around or in place of the production one; null for none (a mutation: signers counted twice …).</summary>
    public Func<IClaims, ICertificateScheme, IClaims>? WrapClaims { get; init; }

    /// <summary>Length of a journal's segment in bytes: small, so that rotation is part of every run.</summary>
    public int JournalSegmentBytes { get; init; } = 96 << 10;

    /// <summary>Length of a ledger's segment in bytes.</summary>
    public int LedgerSegmentBytes { get; init; } = 64 << 10;

    /// <summary>Heights from one snapshot to the next.</summary>
    public ulong SnapshotEvery { get; init; } = 40;

    /// <summary>How long a turn of the loop takes without its flush.</summary>
    public TimeSpan TurnTime { get; init; } = TimeSpan.FromMicroseconds(20);

    /// <summary>How long a flush takes.</summary>
    public TimeSpan FlushTime { get; init; } = TimeSpan.FromMicroseconds(150);

    /// <summary>How long executing a block takes.</summary>
    public TimeSpan ExecutionTime { get; init; } = TimeSpan.FromMicroseconds(200);

    /// <summary>The most bytes of one sender that wait for a loop; what comes beyond is lost, as from a connection that is not read.</summary>
    public long InflowBytes { get; init; } = 8 << 20;

    /// <summary>The mempool's bound in bytes.</summary>
    public long PoolBytes { get; init; } = 4 << 20;

    /// <summary>The mempool's bound in transactions.</summary>
    public int PoolTransactions { get; init; } = 8192;

    /// <summary>Entries of a replica's cache of verified signatures.</summary>
    public int VerifiedEntries { get; init; } = 512;

    /// <summary>How long a replica that stopped by itself (a failed flush, a machine that stopped) stays down.</summary>
    public TimeSpan RestartAfter { get; init; } = TimeSpan.FromMilliseconds(250);
}
