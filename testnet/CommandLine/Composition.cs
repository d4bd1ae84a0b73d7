using System.Diagnostics;
using Bft.Crypto.KeyStore;
using Bft.Testnet.Ceremony;
using Bft.Testnet.Clients;
using Bft.Testnet.Homes;
using Bft.Testnet.Submission;
using Bft.Testnet.Supervision;

namespace Bft.Testnet.CommandLine;

/// <summary>Runs one validator until it is cancelled, in this process.</summary>
/// <param name="settings">What it is started with. The lock of its home is held already.</param>
/// <param name="events">Where it tells what happens; <c>ready</c> once it serves clients and peers.</param>
/// <param name="cancellation">The order to stop cleanly.</param>
/// <returns>The exit code.</returns>
public delegate Task<int> ValidatorEntry(NodeSettings settings, IEventSink events, CancellationToken cancellation);

/// <summary>What the commands are put together from. The executable has one; tests replace parts.</summary>
public sealed record Composition
{
    /// <summary>What can be chosen for a chain.</summary>
    public required Catalogue Catalogue { get; init; }

    /// <summary>Makes clients.</summary>
    public required IClients Clients { get; init; }

    /// <summary>Runs a validator.</summary>
    public required ValidatorEntry Validator { get; init; }

    /// <summary>Audits ledgers.</summary>
    public required ILedgerAudit Audit { get; init; }

    /// <summary>How the validator of a home is started as a process of its own.</summary>
    public Func<HomeLayout, ProcessStartInfo> ValidatorProcess { get; init; } = SelfCommand.Node;

    /// <summary>The work of the key derivation in a ceremony; development testnets take the light one.</summary>
    public KeyDerivationCost CeremonyCost { get; init; } = KeyDerivationCost.Default;

    /// <summary>How validators are supervised; <c>--restart</c> is set by the command line.</summary>
    public SupervisorOptions Supervision { get; init; } = new();

    /// <summary>What keys, values and lines may hold.</summary>
    public SubmissionLimits Limits { get; init; } = new();

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
