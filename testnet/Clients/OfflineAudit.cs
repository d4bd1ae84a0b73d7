using Bft.Applications.KeyValue;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Ledger;
using Bft.Ledger.Disks;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Clients;

/// <summary>The audit of <c>verify</c>: the ledger's own, with the protocol's commit rule and a fresh application to execute everything again.</summary>
public sealed class OfflineAudit : ILedgerAudit
{
    /// <inheritdoc/>
    public Task<AuditReport> AuditAsync(NodeSettings settings, IProgress<ulong>? progress, CancellationToken cancellation) =>
        Task.Run(() => Audit(settings, progress, cancellation), cancellation);

    private static AuditReport Audit(NodeSettings settings, IProgress<ulong>? progress, CancellationToken cancellation)
    {
        Genesis genesis = settings.Genesis;
        ProtocolDescriptor protocol = Protocols.Find(genesis.Protocol)
            ?? throw new HomeException($"this build does not know the protocol \"{genesis.Protocol}\"", settings.Config.Genesis, "use the build that runs the validators");
        if (genesis.Application != KeyValueApplication.GenesisName)
        {
            throw new HomeException($"this build does not know the application \"{genesis.Application}\"", settings.Config.Genesis, "use the build that runs the validators");
        }

        Chain chain = genesis.ToChain();
        var verified = new VerifiedCache();
        ICertificateScheme scheme = CertificateSchemes.Create(genesis.Scheme, [.. genesis.Validators.Select(validator => (ReadOnlyMemory<byte>)validator.ConsensusKey.ToArray())], verified);
        var claims = new Claims(chain, scheme, verified, workers: Environment.ProcessorCount);
        var audit = new LedgerAudit(Blocks(settings), chain, protocol.CommitRule, claims, new Replay(new Executor(chain, new KeyValueApplication())));
        AuditResult result = audit.Run(progress is null ? null : done => progress.Report(done.Height.Value), cancellation);
        return new AuditReport(
            result.Ok,
            result.Height.Value,
            (ulong)result.Transactions,
            result.StateRoot.ToString(),
            result.Error is { } error ? new AuditError(error.File, error.Offset, error.Height.Value, error.Reason) : null);
    }

    private static FileDisk Blocks(NodeSettings settings)
    {
        string directory = settings.Home.Resolve(settings.Config.Blocks);
        try
        {
            return new FileDisk(directory, create: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HomeException("there is no ledger", directory, "start the validator once, or check --home", exception);
        }
    }

    private sealed class Replay(Executor executor) : IReplay
    {
        public StatePoint Genesis { get; } = executor.Point;

        public StatePoint Execute(CommittedBlock block)
        {
            try
            {
                return executor.Execute(block).Point;
            }
            catch (StateDivergedException exception)
            {
                throw new InvalidDataException(exception.Message, exception);
            }
        }
    }
}
