using System.Runtime.CompilerServices;
using System.Text;
using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api;

namespace Bft.Network.Tests.Api.Fakes;

/// <summary>A validator over the shared <see cref="FakeLedger"/>, honest until told otherwise.</summary>
internal sealed class FakeValidator : IValidatorGateway
{
    private readonly FakeLedger _ledger;
    private int _submitted;
    private int _watched;

    public FakeValidator(FakeLedger ledger, Genesis genesis, int id, ISigner identity, ApiLimits limits)
    {
        _ledger = ledger;
        Genesis = genesis;
        Self = new ReplicaId(id);
        Identity = identity;
        Receipts = new ReceiptFeed(limits.MaxQueuedReceipts);
        ledger.Executed += (height, receipt) =>
        {
            if (!IsMute)
            {
                Receipts.Publish(height, [Twist?.Invoke(receipt) ?? receipt]);
            }
        };
    }

    public Chain Chain => _ledger.Chain;

    public Genesis Genesis { get; set; }

    public ReplicaId Self { get; }

    public ISigner Identity { get; }

    public string Backend => "managed";

    public ReceiptFeed Receipts { get; }

    /// <summary>Publishes no receipts of new blocks; still repeats them when asked.</summary>
    public bool IsMute { get; set; }

    /// <summary>What it makes of receipts before it signs them.</summary>
    public Func<Receipt, Receipt>? Twist { get; set; }

    /// <summary>Answers submissions in place of the ledger; null from it lets the ledger answer.</summary>
    public Func<Run, SubmitAnswer?>? OnSubmit { get; set; }

    /// <summary>The height it is stuck at; it does not know of later ones.</summary>
    public Height? StuckAt { get; set; }

    /// <summary>What it makes of reads.</summary>
    public Func<QueryAnswer, QueryAnswer>? Lie { get; set; }

    /// <summary>What it makes of proofs.</summary>
    public Func<KeyProof, KeyProof>? Forge { get; set; }

    /// <summary>Awaited before a read index is given.</summary>
    public Task? HoldReads { get; set; }

    /// <summary>Called when a key was read.</summary>
    public Action? OnQuery { get; set; }

    /// <summary>What it makes of watched blocks.</summary>
    public Func<CommittedBlock, CommittedBlock>? Garble { get; set; }

    /// <summary>The height it claims in its status.</summary>
    public Height? Claims { get; set; }

    /// <summary>Called when its status is asked for.</summary>
    public Action? OnStatus { get; set; }

    /// <summary>The first height that it withholds from watchers.</summary>
    public Height? Withholds { get; set; }

    /// <summary>It knows of no transaction.</summary>
    public bool Forgets { get; set; }

    /// <summary>Where it says that a transaction is.</summary>
    public Height? Misplaces { get; set; }

    public List<Evidence> Accusations { get; } = [];

    public int Submitted => _submitted;

    public int Watched => _watched;

    private Height Executed => StuckAt ?? _ledger.Height;

    public SubmitAnswer Submit(Run run)
    {
        Interlocked.Increment(ref _submitted);
        if (OnSubmit?.Invoke(run) is { } answer)
        {
            return answer;
        }

        ISignatureScheme? scheme = SignatureSchemes.Find(run.Scheme);
        if (scheme is null || !scheme.Verify(run.PublicKey.Span, Chain.SignedContent(Preimage.Run, run.SignedContent), run.Signature))
        {
            return new SubmitAnswer(SubmitVerdict.Rejected, Reason: "signature: does not hold");
        }

        (Receipt receipt, bool repeated) = _ledger.Execute(run);
        return repeated ? new SubmitAnswer(SubmitVerdict.Executed, Twist?.Invoke(receipt) ?? receipt) : new SubmitAnswer(SubmitVerdict.Accepted);
    }

    public QueryAnswer Query(ReadOnlyMemory<byte> key)
    {
        Height height = Executed;
        string? value = _ledger.Get(Encoding.UTF8.GetString(key.Span), height);
        var answer = new QueryAnswer(value is not null, Encoding.UTF8.GetBytes(value ?? string.Empty), height);
        OnQuery?.Invoke();
        return Lie?.Invoke(answer) ?? answer;
    }

    public ProofAnswer Prove(ReadOnlyMemory<byte> key)
    {
        if (_ledger.Block(_ledger.Height) is not { } last)
        {
            return new ProofAnswer(null, "no block yet: submit something first");
        }

        BlockHeader header = last.Block.Header;
        string? value = _ledger.Get(Encoding.UTF8.GetString(key.Span), header.Executed.Height);
        var proof = new KeyProof(
            value is not null, Encoding.UTF8.GetBytes(value ?? string.Empty), _ledger.StateProof(header.Executed.Height), header, last.Proof.Certificate!);
        return new ProofAnswer(Forge?.Invoke(proof) ?? proof);
    }

    public async ValueTask<ReadIndexAnswer> ReadIndexAsync(CancellationToken cancellation)
    {
        if (HoldReads is { } hold)
        {
            await hold.WaitAsync(cancellation);
        }

        return new ReadIndexAnswer(Executed);
    }

    public async ValueTask<Height> WaitExecutedAsync(Height atLeast, CancellationToken cancellation)
    {
        if (Lie is null)
        {
            await (StuckAt < atLeast ? Task.Delay(Timeout.Infinite, cancellation) : _ledger.WaitAsync(atLeast, cancellation));
        }

        return Executed;
    }

    public string? OutOfService { get; set; }

    public StatusAnswer Status()
    {
        OnStatus?.Invoke();
        return StatusNow();
    }

    private StatusAnswer StatusNow() => new(
        Claims ?? _ledger.Height, Executed, new View(_ledger.Height.Value + 1), new ReplicaId((int)((_ledger.Height.Value + 1) % 4)),
        _ledger.Block(_ledger.Height)?.Block.Digest ?? Chain.GenesisBlock.Digest, _ledger.Point(Executed).StateRoot, _ledger.Height.Value, 0,
        Voting: Self.Value != 3, Self.Value != 3 ? null : "its safety records were lost", 12.5, 3, 7,
        [.. Enumerable.Range(0, 4).Where(id => id != Self.Value).Select(id => new PeerAnswer(new ReplicaId(id), id != 2, _ledger.Height))]);

    public CommittedBlock? Block(Height height) => _ledger.Block(height) is { } block ? Garble?.Invoke(block) ?? block : null;

    public CommittedBlock? Block(Digest digest) => _ledger.Blocks().FirstOrDefault(block => block.Block.Digest == digest);

    public IReadOnlyList<Height> BlocksByDigest(string digits, int atMost) =>
        [.. _ledger.Blocks().Where(block => block.Block.Digest.ToString().StartsWith(digits, StringComparison.Ordinal)).Select(block => block.Block.Height).Take(atMost)];

    public TransactionAnswer? Transaction(TransactionId id) =>
        !Forgets && _ledger.Result(id.Client, id.Sequence) is { } receipt
            ? new TransactionAnswer(Misplaces ?? receipt.Height, receipt.CodeAt((int)(id.Sequence - receipt.First)), _ledger.Block(receipt.Height)!.Block.Payload.Runs[0])
            : null;

    public async IAsyncEnumerable<CommittedBlock> Watch(Height from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (Height height = from; ; height = height.Next())
        {
            await _ledger.WaitAsync(height, cancellation);
            Interlocked.Increment(ref _watched);
            if (height >= Withholds)
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }

            CommittedBlock block = _ledger.Block(height)!;
            yield return Garble?.Invoke(block) ?? block;
        }
    }

    public IReadOnlyList<Evidence> Evidence(int atMost) => [.. Accusations.Take(atMost)];
}
