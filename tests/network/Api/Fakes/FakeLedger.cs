using System.Collections.Immutable;
using System.Text;
using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Engine.Execution;

namespace Bft.Network.Tests.Api.Fakes;

/// <summary>
/// A chain without consensus: every submitted run becomes the next block at once, executed and certified with the committee's real
/// keys. Commands are <c>key=value</c>, or <c>!</c> for a barrier; anything else gets code 1.
/// </summary>
internal sealed class FakeLedger
{
    public const byte BadCommand = 1;

    private readonly Lock _gate = new();
    private readonly ISigner[] _consensus;
    private readonly ICertificateScheme _scheme;
    private readonly List<CommittedBlock> _blocks = [];
    private readonly List<ImmutableSortedDictionary<string, string>> _states = [ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)];
    private readonly List<StatePoint> _points = [];
    private readonly Dictionary<(Digest, ulong), Receipt> _results = [];
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeLedger(Genesis genesis, ISigner[] consensus)
    {
        Chain = genesis.ToChain();
        _consensus = consensus;
        _scheme = CertificateSchemes.Create("ed25519", [.. consensus.Select(signer => signer.PublicKey)]);
        _points.Add(new StatePoint(default, RootOf(Chain, _states[0]), Chain.GenesisBlock.Digest));
    }

    public Chain Chain { get; }

    public event Action<Height, Receipt>? Executed;

    public Height Height
    {
        get
        {
            lock (_gate)
            {
                return new Height((ulong)_blocks.Count);
            }
        }
    }

    public static bool Rule(BlockHeader header, CommitProof proof, IClaims claims) =>
        proof.Certificate is { } certificate && certificate.Statement.Subject == header.DigestOn(claims.Chain) && claims.IsCertificate(certificate);

    public static bool CheckProof(Chain chain, Digest stateRoot, ReadOnlySpan<byte> key, ReadOnlyMemory<byte>? value, ReadOnlyMemory<byte> proof)
    {
        if (chain.DigestOf(Preimage.StateRoot, proof.Span) != stateRoot)
        {
            return false;
        }

        var reader = new CanonicalReader(proof);
        ReadOnlyMemory<byte>? found = null;
        for (uint left = reader.UInt32(); left > 0 && !reader.Failed; left--)
        {
            ReadOnlyMemory<byte> other = reader.Bytes(1 << 20);
            ReadOnlyMemory<byte> its = reader.Bytes(1 << 20);
            if (other.Span.SequenceEqual(key))
            {
                found = its;
            }
        }

        return reader.Complete && found.HasValue == value.HasValue && (found is null || found.Value.Span.SequenceEqual(value!.Value.Span));
    }

    /// <summary>Executes a run in the next block, or gives the receipt of its first execution.</summary>
    public (Receipt Receipt, bool Repeated) Execute(Run run)
    {
        Receipt receipt;
        Height height;
        lock (_gate)
        {
            if (_results.TryGetValue((run.Client, run.First), out receipt))
            {
                return (receipt, true);
            }

            height = new Height((ulong)_blocks.Count + 1);
            byte[] codes = Apply(run);
            receipt = new Receipt(run.Client, run.First, run.Count, height, codes);
            _results[(run.Client, run.First)] = receipt;
            Append(height, Payload.Of(Chain, [run]));
        }

        Executed?.Invoke(height, receipt);
        Interlocked.Exchange(ref _grown, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        return (receipt, false);
    }

    /// <summary>Puts a run that was executed into one more block, where it executes nothing: what a leader that lies may propose.</summary>
    public Height Repeat(Run run)
    {
        Height height;
        lock (_gate)
        {
            height = new Height((ulong)_blocks.Count + 1);
            _states.Add(_states[^1]);
            Append(height, Payload.Of(Chain, [run]));
        }

        Interlocked.Exchange(ref _grown, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        return height;
    }

    public CommittedBlock? Block(Height height)
    {
        lock (_gate)
        {
            return height.Value >= 1 && height.Value <= (ulong)_blocks.Count ? _blocks[(int)height.Value - 1] : null;
        }
    }

    public IReadOnlyList<CommittedBlock> Blocks()
    {
        lock (_gate)
        {
            return [.. _blocks];
        }
    }

    public StatePoint Point(Height height)
    {
        lock (_gate)
        {
            return _points[(int)height.Value];
        }
    }

    public string? Get(string key, Height height)
    {
        lock (_gate)
        {
            return _states[(int)height.Value].GetValueOrDefault(key);
        }
    }

    public byte[] StateProof(Height height)
    {
        lock (_gate)
        {
            return Encode(_states[(int)height.Value]);
        }
    }

    public Receipt? Result(Digest client, ulong sequence)
    {
        lock (_gate)
        {
            foreach (Receipt receipt in _results.Values)
            {
                if (receipt.Client == client && receipt.First <= sequence && sequence < receipt.First + (ulong)receipt.Count)
                {
                    return receipt;
                }
            }

            return null;
        }
    }

    public async Task WaitAsync(Height height, CancellationToken cancellation)
    {
        while (true)
        {
            Task grown = Volatile.Read(ref _grown).Task;
            if (Height >= height)
            {
                return;
            }

            await grown.WaitAsync(cancellation);
        }
    }

    public QuorumCertificate Certify(BlockHeader header, StatementKind kind = StatementKind.Vote, int signers = 3)
    {
        var statement = new Statement(kind, header.Epoch, header.View, header.Height, header.DigestOn(Chain));
        Span<byte> message = stackalloc byte[Statement.SignedBytes];
        Chain.WriteSigned(statement, message);
        int[] members = [.. Enumerable.Range(0, signers)];
        var signatures = new List<ReadOnlyMemory<byte>>();
        foreach (int member in members)
        {
            var signature = new byte[64];
            _consensus[member].Sign(message, signature);
            signatures.Add(signature);
        }

        return new QuorumCertificate(statement, ReplicaSet.Of(members), _scheme.Combine(members, signatures));
    }

    private static Digest RootOf(Chain chain, ImmutableSortedDictionary<string, string> state) => chain.DigestOf(Preimage.StateRoot, Encode(state));

    private static byte[] Encode(ImmutableSortedDictionary<string, string> state)
    {
        var writer = new CanonicalWriter();
        writer.UInt32((uint)state.Count);
        foreach ((string key, string value) in state)
        {
            writer.Bytes(Encoding.UTF8.GetBytes(key));
            writer.Bytes(Encoding.UTF8.GetBytes(value));
        }

        return writer.ToArray();
    }

    private byte[] Apply(Run run)
    {
        ImmutableSortedDictionary<string, string> state = _states[^1];
        var codes = new byte[run.Count];
        for (int i = 0; i < codes.Length; i++)
        {
            string command = Encoding.UTF8.GetString(run.Commands[i].Span);
            int equals = command.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                state = state.SetItem(command[..equals], command[(equals + 1)..]);
            }
            else if (command != "!")
            {
                codes[i] = BadCommand;
            }
        }

        _states.Add(state);
        return codes;
    }

    private void Append(Height height, Payload payload)
    {
        Digest parent = _blocks.Count == 0 ? Chain.GenesisBlock.Digest : _blocks[^1].Block.Digest;
        var header = new BlockHeader(Chain.Committee.Epoch, height, new View(height.Value), parent, payload.Root, _points[^1], new ReplicaId((int)(height.Value % 4)), 1_700_000_000_000 + height.Value);
        var block = new Block(Chain, header, payload, null);
        _blocks.Add(new CommittedBlock(block, new CommitProof(Certify(header), [])));
        _points.Add(new StatePoint(height, RootOf(Chain, _states[^1]), Chain.Link(_points[^1].Chain, block.Digest)));
    }
}
