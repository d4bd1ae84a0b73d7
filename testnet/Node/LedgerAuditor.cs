using Bft.Applications.KeyValue;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.SharedKeys;
using Bft.Ledger;
using Bft.Ledger.Disks;
using Bft.Testnet.Clients;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Node;

/// <summary>Audits the ledger of a home that no validator runs on: every byte, proof, signature and state root, by executing everything again.</summary>
public sealed class LedgerAuditor : ILedgerAudit
{
    /// <inheritdoc/>
    public Task<AuditReport> AuditAsync(NodeSettings settings, IProgress<ulong>? progress, CancellationToken cancellation) =>
        Task.Run(() => Audit(settings, progress, cancellation), cancellation);

    private static AuditReport Audit(NodeSettings settings, IProgress<ulong>? progress, CancellationToken cancellation)
    {
        Genesis genesis = settings.Genesis;
        ProtocolDescriptor protocol = Protocols.Find(genesis.Protocol) ?? throw new HomeException(
            $"this build has no protocol \"{genesis.Protocol}\"", "genesis.json, field protocol", "use the build that made the chain");
        Chain chain = genesis.ToChain();
        string blocks = settings.Home.Resolve(settings.Config.Blocks);
        if (!Directory.Exists(blocks))
        {
            throw new HomeException("there is no ledger yet", blocks, "start the validator first");
        }

        var claims = new Claims(chain, genesis.CreateScheme(), new VerifiedCache(), workers: Environment.ProcessorCount);
        var audit = new LedgerAudit(new FileDisk(blocks, create: false), chain, protocol.CommitRule, claims, new Replay(chain, genesis));
        AuditResult result = audit.Run(at => progress?.Report(at.Height.Value), cancellation);
        return new AuditReport(
            result.Ok,
            result.Height.Value,
            (ulong)result.Transactions,
            result.StateRoot.ToString(),
            result.Error is { } error ? new Clients.AuditError(error.File, error.Offset, error.Height.Value, error.Reason) : null,
            result.TornBytes);
    }

    private sealed class Replay : IReplay
    {
        private readonly Executor _executor;

        public Replay(Chain chain, Genesis genesis)
        {
            _executor = new Executor(chain, new KeyValueApplication(), sharedKeys: new SharedKeyRegistry(chain, genesis.Identities));
            Genesis = _executor.Point;
        }

        public StatePoint Genesis { get; }

        public long Transactions => (long)_executor.Transactions;

        public StatePoint Execute(CommittedBlock block) => _executor.Execute(block).Point;
    }
}
