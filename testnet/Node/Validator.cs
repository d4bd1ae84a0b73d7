using System.Security.Cryptography;
using Bft.Applications.KeyValue;
using Bft.Crypto.Bls12381.Native;
using Bft.Crypto.Certificates;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Mempool;
using Bft.Engine.SharedKeys;
using Bft.Engine.Sync;
using Bft.Engine.Transport;
using Bft.Ledger;
using Bft.Ledger.Disks;
using Bft.Network.Api;
using Bft.Network.Gossip;
using Bft.Network.Peers;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.KeyGeneration;

namespace Bft.Testnet.Node;

/// <summary>One validator: puts the parts together, recovers what the last run left, serves until it is told to stop.</summary>
internal sealed class Validator : IAsyncDisposable
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private readonly Stack<Func<ValueTask>> _open = new();
    private readonly IEventSink _events;
    private readonly TaskCompletionSource<Exception> _fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CostMeter _meter = null!;
    private MeteredJournal _journal = null!;
    private ValidatorParts _parts = null!;

    private Validator(IEventSink events) => _events = events;

    /// <summary>Runs a validator until it is cancelled or must stop.</summary>
    /// <param name="settings">Its home, configuration and genesis; the home's lock is held by the caller.</param>
    /// <param name="events">Where it tells what happens.</param>
    /// <param name="cancellation">The order to stop.</param>
    /// <returns>0 after a clean stop.</returns>
    /// <exception cref="DiagnosedException">It could not start or had to stop; says what, where and what to do.</exception>
    public static async Task<int> RunAsync(NodeSettings settings, IEventSink events, CancellationToken cancellation)
    {
        await using var validator = new Validator(events);
        try
        {
            await validator.StartAsync(settings, cancellation);
            return await validator.ServeAsync(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception exception) when (Diagnosis.Of(exception, settings) is { } diagnosis)
        {
            throw diagnosis;
        }
    }

    /// <summary>Stops in the reverse order of starting.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_open.TryPop(out Func<ValueTask>? close))
        {
            await close();
        }
    }

    private async Task StartAsync(NodeSettings settings, CancellationToken cancellation)
    {
        Genesis genesis = settings.Genesis;
        ProtocolDescriptor protocol = Protocols.Find(genesis.Protocol) ?? throw new HomeException(
            $"this build has no protocol \"{genesis.Protocol}\"", "genesis.json, field protocol", $"known: {string.Join(", ", Protocols.All.Select(known => known.Name))}");
        Chain chain = genesis.ToChain();
        var self = new ReplicaId(settings.Config.Validator);
        ValidatorKeys keys = Keep(ValidatorKeys.Open(settings));
        var clock = new SystemClock();
        _meter = Keep(new CostMeter());

        var blocksDisk = new FileDisk(settings.Home.Resolve(settings.Config.Blocks));
        BlockStore ledger = Keep(BlockStore.Open(blocksDisk, chain, new BlockStoreOptions { Warn = Warn }));
        bool mayVote = VotingMarks.MayVote(settings);
        MeteredJournal journal = _journal = Keep(new MeteredJournal(Journal.Open(new FileDisk(settings.Home.Resolve(settings.Config.Journal)), chain, new JournalOptions { Warn = Warn })));
        VotingMarks.Begin(settings);
        var snapshots = new SnapshotStore(new FileDisk(settings.Home.Resolve(settings.Config.Snapshots)), chain, Warn);

        ulong secret = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
        var application = new KeyValueApplication(new KeyValueOptions { History = 32, HistoryBytes = 24 << 20, LookupSeed = secret });
        var sharedKeys = new SharedKeyRegistry(chain, genesis.Identities);
        var executor = new Executor(chain, application, secret, sharedKeys: sharedKeys);
        Recovery recovery = executor.RecoverFrom(snapshots, ledger);
        foreach (string refused in recovery.Refused)
        {
            Warn(refused);
        }

        EvidenceFile evidence = Keep(EvidenceFile.Open(new FileDisk(settings.Home.Evidence), chain, Warn));
        QueryIndex index = Keep(QueryIndex.Open(
            settings.Home.Root,
            chain,
            ledger,
            [.. genesis.Validators.Select((validator, i) => new IndexedValidator(new ReplicaId(i), validator.Name, validator.PeerAddress, validator.ClientAddress))],
            () => evidence.All,
            new QueryIndexOptions { Warn = Warn }));

        var scheme = genesis.CreateScheme();
        WarnOfRefusedLibrary(scheme);
        var claims = new Claims(chain, scheme, new VerifiedCache(), _meter, Math.Max(1, Environment.ProcessorCount));
        var messages = new PeerMessages(_meter.Meter, clock, Warn);
        ILoggerFactory loggers = Keep(LoggerFactory.Create(logging => logging.AddProvider(new EventLogger(_events))));
        PeerHost peers = await PeerHost.StartAsync(
            new PeerHostOptions
            {
                Self = self,
                ChainId = chain.Id,
                Certificate = keys.Certificate,
                Pins = [.. genesis.Validators.Select(validator => validator.TlsPin)],
                AddressOf = id => genesis.Validators[id.Value].PeerAddress,
                Listen = Endpoints.Parse(settings.Config.Listen.Peers),
                Limits = PeerLimits.For(chain.Limits),
                Seed = (int)secret,
            },
            messages,
            loggers,
            cancellation);
        _open.Push(peers.DisposeAsync);

        Compose(settings, protocol, chain, self, keys, clock, ledger, journal, snapshots, application, executor, sharedKeys, index, evidence, scheme, claims, peers, messages, mayVote, secret);
        ClientHost host = await ClientHost.StartAsync(settings, new ValidatorGateway(_parts, _gossip!), _events, cancellation);
        _open.Push(host.DisposeAsync);
        _events.Write("ready", new
        {
            clients = host.Clients.ToString(),
            http = host.Http.ToString(),
            peers = peers.Endpoint.ToString(),
            height = ledger.Height.Value,
            voting = _parts.Replica.Voting,
        });
    }

    private TransactionGossip? _gossip;
    private OverdueRuns? _overdue;
    private GenerationMember? _member;

    private void Compose(
        NodeSettings settings,
        ProtocolDescriptor protocol,
        Chain chain,
        ReplicaId self,
        ValidatorKeys keys,
        SystemClock clock,
        BlockStore ledger,
        MeteredJournal journal,
        SnapshotStore snapshots,
        IApplication application,
        Executor executor,
        SharedKeyRegistry sharedKeys,
        QueryIndex index,
        EvidenceFile evidence,
        ICertificateScheme scheme,
        Claims claims,
        PeerHost peers,
        PeerMessages messages,
        bool mayVote,
        ulong secret)
    {
        Replica? replica = null;
        var pool = new TransactionPool(chain, new PoolOptions { LookupSeed = secret }, () => clock.Now, executor.Sessions.IsExecuted)
        {
            BecamePending = () => replica?.Wake?.Invoke(),
        };
        var certified = new CertifiedHeaders();
        var receipts = new ReceiptFeed();
        var pipeline = new ExecutionPipeline(executor, ledger, snapshots, receipts, clock, SnapshotSchedule.Of(self, chain.Committee.Size, every: 10_000));
        var voter = new Voter(chain, self, new MeteredSigner(keys.Consensus, _meter, (message, signature) => claims.Remember(self, message, signature)), protocol.Signing, mayVote);
        var observer = new ReplicaEvents(_events, certified, index, evidence, clock, failure => Fail(true, failure));
        var ports = new ReplicaPorts(chain, self, protocol, voter, journal, ledger, pool, peers.Transport, _meter, clock, pipeline, observer, scheme, new PoolWorkers())
        {
            CatchUpBlocksPerSecond = settings.Config.CatchUpBlocksPerSecond,
        };
        replica = new Replica(ports, protocol.Create(new ProtocolContext(chain, self, voter, settings.Config.ToProtocolOptions())));
        var edge = new Edge(ports, claims, replica, new PeerInflow(peers.Transport));
        var gossip = new TransactionGossip(
            new GossipIdentity(chain, self, keys.Identity, [.. settings.Genesis.Validators.Select(validator => (ReadOnlyMemory<byte>)validator.IdentityKey.ToArray())]),
            peers.Transport,
            pool,
            run => IsAcceptable(run, claims, application),
            new GossipOptions
            {
                FirstSequence = GossipOptions.FirstSequenceOf(GossipIncarnation.Next(VotingMarks.KeyDirectory(settings), DateTimeOffset.UtcNow)),
                Verifiers = settings.Config.SharedVerification ? chain.Committee.FaultBound + 1 : null,
            },
            logger: new EventLogger(_events).CreateLogger("gossip"),
            meter: _meter,
            trust: claims.Trust,
            leaders: () => (replica.Status.Leader, replica.Status.NextLeader));
        _gossip = gossip;
        _overdue = new OverdueRuns(pool, gossip.SpreadToAll);
        Keep(gossip);

        _member = StartMember(settings, chain, keys, sharedKeys, pool, gossip);
        var rates = new RateWindow(clock, pipeline.Transactions, executor.Point.Height);
        pipeline.Executed = (block, point) =>
        {
            rates.Reached(pipeline.Transactions, point.Height);
            replica.Executed(point);
            index.Add(block);
            _member.AfterBlock(point.Height);
        };
        pipeline.Flushed = replica.LedgerFlushed;
        pipeline.Failed = (fatal, exception) => Fail(fatal, exception);
        _parts = new ValidatorParts
        {
            Settings = settings,
            Keys = keys,
            Chain = chain,
            Self = self,
            Clock = clock,
            Claims = claims,
            Certificates = scheme,
            Application = application,
            Executor = executor,
            SharedKeys = sharedKeys,
            Reader = new StateReader(executor, application),
            Ledger = ledger,
            Index = index,
            Evidence = evidence,
            Pool = pool,
            Receipts = receipts,
            Pipeline = pipeline,
            Certified = certified,
            Rates = rates,
            Replica = replica,
            Peers = peers.Transport,
        };
        Keep(pipeline);
        _member.AfterBlock(executor.Point.Height);
        pipeline.Start();
        var loop = Keep(new LoopThread(replica, clock, exception => Fail(true, exception)));
        CommittedBlock tip = ledger.Read(ledger.Height) ?? new CommittedBlock(chain.GenesisBlock, new CommitProof(null, []));
        certified.Add(tip.Proof);
        replica.Start(tip, PointsOf(executor));
        messages.Begin(edge, gossip);
        loop.Start();
    }

    // Its commands are signed by the identity key inside; whoever submits them is a client made for this run of the process.
    private GenerationMember StartMember(NodeSettings settings, Chain chain, ValidatorKeys keys, SharedKeyRegistry sharedKeys, TransactionPool pool, TransactionGossip gossip)
    {
        ISigner client = Keep(Ed25519Scheme.Instance.CreateSigner(RandomNumberGenerator.GetBytes(Bft.Crypto.Keys.SeedBytes)));
        long sequence = 0;
        var store = new SharedKeyStore(
            settings.Home, VotingMarks.KeyDirectory(settings), settings.Config.Passphrase, settings.Genesis.Development ? KeyDerivationCost.Light : KeyDerivationCost.Default);
        return new GenerationMember(chain, sharedKeys, keys.Identity, store, Submit, _events.Write);

        bool Submit(byte[] command)
        {
            Run run = Run.Sign(chain, client, (ulong)Interlocked.Increment(ref sequence), [command]);
            bool added = pool.Add(run) == PoolAnswer.Added;
            if (added)
            {
                gossip.Spread(run);
            }

            return added;
        }
    }

    private async Task<int> ServeAsync(CancellationToken cancellation)
    {
        byte[] headRequest = RepairMessages.HeadRequest();
        using var timer = new PeriodicTimer(ReportInterval);
        await using var ticks = new Timer(_ => _member!.Tick(), null, GenerationMember.TickAfter, GenerationMember.TickAfter);
        while (true)
        {
            Task<bool> tick = timer.WaitForNextTickAsync(cancellation).AsTask();
            if (await Task.WhenAny(tick, _fatal.Task) != tick)
            {
                throw await _fatal.Task;
            }

            await tick;
            foreach (int other in _parts.Chain.Committee.Everyone.Without(_parts.Self).ToArray())
            {
                _meter.Sent(TrafficClass.Repair, (byte)RepairKind.HeadRequest, Phase.CatchUp, headRequest.Length, 0);
                _parts.Peers.Send(new ReplicaId(other), TrafficClass.Repair, headRequest);
            }

            _overdue!.Spread();
            TellCost();
        }
    }

    private void TellCost()
    {
        SentTotals consensus = _meter.Totals(TrafficClass.Consensus), gossip = _meter.Totals(TrafficClass.Gossip), repair = _meter.Totals(TrafficClass.Repair);
        _events.Write("cost", new
        {
            messagesSent = consensus.Messages + gossip.Messages + repair.Messages,
            bytesSent = consensus.Bytes + gossip.Bytes + repair.Bytes,
            consensusMessages = consensus.Messages,
            consensusBytes = consensus.Bytes,
            gossipMessages = gossip.Messages,
            gossipBytes = gossip.Bytes,
            repairMessages = repair.Messages,
            repairBytes = repair.Bytes,
            signaturesMade = _meter.SignaturesMade,
            signaturesVerified = _meter.SignaturesVerified,
            flushes = _journal.Flushes,
            height = _parts.Ledger.Height.Value,
            transactions = _parts.Pipeline.Transactions,
        });
    }

    private static bool IsAcceptable(Run run, Claims claims, IApplication application)
    {
        foreach (ReadOnlyMemory<byte> command in run.Commands)
        {
            if (SharedKeyRegistry.Check(application, command.Span) is not null)
            {
                return false;
            }
        }

        return claims.IsRun(run);
    }

    private static IEnumerable<StatePoint> PointsOf(Executor executor)
    {
        ulong last = executor.Point.Height.Value;
        for (ulong height = last > 64 ? last - 64 : 1; height <= last; height++)
        {
            if (executor.PointAt(new Height(height)) is { } point)
            {
                yield return point;
            }
        }
    }

    private void Fail(bool fatal, Exception exception)
    {
        _events.Write(fatal ? "fatal" : "warning", new { exception.Message });
        if (fatal)
        {
            _fatal.TrySetResult(exception);
        }
    }

    // Said once, and only where BLS is computed at all.
    private void WarnOfRefusedLibrary(ICertificateScheme scheme)
    {
        if (scheme is BlsAggregateScheme or BlsThresholdScheme && BlsBackend.Notice is { } notice)
        {
            Warn(notice);
        }
    }

    private void Warn(string warning) => _events.Write("warning", new { message = warning });

    private T Keep<T>(T part)
        where T : IDisposable
    {
        _open.Push(() =>
        {
            part.Dispose();
            return ValueTask.CompletedTask;
        });
        return part;
    }
}
