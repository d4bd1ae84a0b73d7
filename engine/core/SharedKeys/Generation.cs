using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Crypto.Threshold;

namespace Bft.Engine.SharedKeys;

/// <summary>
/// The generation of a shared key without a dealer, as a fold over the ordered log (Gennaro, Jarecki, Krawczyk, Rabin, "Secure distributed key generation for discrete-log based
/// cryptosystems", EUROCRYPT 1999), or the resharing of one to another committee (Desmedt, Jajodia 1997). Pure: equal messages at equal heights give equal states.
/// </summary>
/// <remarks>
/// Dealers commit so that nothing is said of their secrets, then the set of those that qualify is fixed, and only then the public key becomes known: who sees the others' part can no longer choose.
/// The degree is one below the quorum q. Up to f silent or lying members are survived: the others are q, and q values determine every polynomial.
/// </remarks>
public sealed partial class Generation
{
    private readonly Chain _chain;
    private readonly Commitments? _old;
    private readonly ReplicaSet _oldHolders;
    private readonly byte[]?[] _boxes;
    private readonly Deal?[] _deals;
    private readonly ReplicaSet?[] _verdicts;
    private readonly ImmutableSortedDictionary<int, PedersenShare>?[] _answers;
    private readonly Commitments?[] _extracted;
    private readonly bool[] _objected;
    private readonly ImmutableSortedDictionary<int, PedersenShare>?[] _reveals;
    private readonly List<Blame> _blamed = [];
    private ReplicaSet _rebuilt = ReplicaSet.Empty;

    internal Generation(Chain chain, Digest id, GenerationCall call, ImmutableArray<ReadOnlyMemory<byte>> dealers, ImmutableArray<ReadOnlyMemory<byte>> receivers, Commitments? old, ReplicaSet? holders, Height start)
    {
        _chain = chain;
        _old = old;
        _oldHolders = holders ?? ReplicaSet.FirstOf(dealers.Length);
        Id = id;
        Call = call;
        StartedAt = start;
        Dealers = dealers;
        Receivers = receivers;
        DealerCommittee = new Committee(dealers.Length, chain.Committee.Model);
        ReceiverCommittee = new Committee(receivers.Length, chain.Committee.Model);
        _boxes = new byte[]?[receivers.Length];
        _deals = new Deal?[dealers.Length];
        _verdicts = new ReplicaSet?[receivers.Length];
        _answers = new ImmutableSortedDictionary<int, PedersenShare>?[dealers.Length];
        _extracted = new Commitments?[dealers.Length];
        _objected = new bool[receivers.Length];
        _reveals = new ImmutableSortedDictionary<int, PedersenShare>?[receivers.Length];
        Begin(GenerationPhase.Announcing, start);
    }

    /// <summary>The digest of the call and of the place in the log where it was heard.</summary>
    public Digest Id { get; }

    /// <summary>What it was called for with.</summary>
    public GenerationCall Call { get; }

    /// <summary>The height with which it began.</summary>
    public Height StartedAt { get; }

    /// <summary>Identity keys of those who deal: the committee, or the holders of the old shares.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Dealers { get; }

    /// <summary>Identity keys of those who get shares: receiver i has the share at index i + 1.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Receivers { get; }

    /// <summary>The arithmetic of the dealers.</summary>
    public Committee DealerCommittee { get; }

    /// <summary>The arithmetic of the receivers: its quorum is how many shares sign together.</summary>
    public Committee ReceiverCommittee { get; }

    /// <summary>Where it is.</summary>
    public GenerationPhase Phase { get; private set; }

    /// <summary>The last height of the phase.</summary>
    public Height Deadline { get; private set; }

    /// <summary>How it ended; null while it runs.</summary>
    public SharedKeyOutcome? Outcome { get; private set; }

    /// <summary>Whether it runs.</summary>
    public bool IsRunning => Phase < GenerationPhase.Done;

    /// <summary>Who is blamed so far.</summary>
    public IReadOnlyList<Blame> Blamed => _blamed;

    /// <summary>Receivers that announced a key.</summary>
    public ReplicaSet Holders => SetOf(_boxes);

    /// <summary>Dealers that qualified; fixed when the answers are in.</summary>
    public ReplicaSet Qualified { get; private set; } = ReplicaSet.Empty;

    /// <summary>Qualified dealers whose polynomials must be rebuilt.</summary>
    public ReplicaSet Rebuilt => _rebuilt;

    private bool IsResharing => Call.IsResharing;

    private int Quorum => ReceiverCommittee.QuorumSize;

    /// <summary>The announced key of a receiver; null when it announced none.</summary>
    // A null array converts to empty memory, not to none: so the type of the other branch is named.
    public ReadOnlyMemory<byte>? BoxOf(int receiver) => _boxes[receiver] is { } box ? new ReadOnlyMemory<byte>(box) : (ReadOnlyMemory<byte>?)null;

    /// <summary>Whether a member said its word in this phase, or has none to say.</summary>
    public bool HasSpoken(SharedKeyMessageKind kind, int place) => kind switch
    {
        SharedKeyMessageKind.Announce => _boxes[place] is not null,
        // What was refused after costly checks is not checked again and again: the first word of a kind counts.
        SharedKeyMessageKind.Deal => !_oldHolders.Contains(new ReplicaId(place)) || _deals[place] is not null || IsBlamed(false, place, BlameReason.MalformedDealing) || IsBlamed(false, place, BlameReason.OtherSecret),
        SharedKeyMessageKind.Verdict => _boxes[place] is null || _verdicts[place] is not null,
        SharedKeyMessageKind.Answer => AccusersOf(place).Count == 0 || _answers[place] is not null || IsBlamed(false, place, BlameReason.WrongAnswer) || IsBlamed(false, place, BlameReason.TooManyComplaints),
        SharedKeyMessageKind.Extract => !Qualified.Contains(new ReplicaId(place)) || _extracted[place] is not null || IsBlamed(false, place, BlameReason.MalformedExtraction) || IsBlamed(false, place, BlameReason.WrongExtraction),
        SharedKeyMessageKind.Objection => _boxes[place] is null || _objected[place] || IsBlamed(true, place, BlameReason.FalseObjection),
        SharedKeyMessageKind.Reveal => _boxes[place] is null || _reveals[place] is not null || IsBlamed(true, place, BlameReason.WrongReveal),
        _ => true,
    };

    /// <summary>Who accuses a dealer.</summary>
    public ReplicaSet AccusersOf(int dealer)
    {
        ReplicaSet accusers = ReplicaSet.Empty;
        for (int i = 0; i < _verdicts.Length; i++)
        {
            accusers = _verdicts[i] is { } accused && accused.Contains(new ReplicaId(dealer)) ? accusers.With(new ReplicaId(i)) : accusers;
        }

        return accusers;
    }

    /// <summary>The ephemeral key and the sealed share that a dealer dealt to a receiver; null when it did not.</summary>
    public (ReadOnlyMemory<byte> Ephemeral, ReadOnlyMemory<byte> Sealed)? SealedShare(int dealer, int receiver)
    {
        if (_deals[dealer] is not { } deal || !Holders.Contains(new ReplicaId(receiver)))
        {
            return null;
        }

        int place = Holders.ToArray().Count(holder => holder < receiver);
        return (deal.Ephemeral, deal.Shares.Slice(place * ShareBox.SealedBytes, ShareBox.SealedBytes));
    }

    /// <summary>The share a dealer had to reveal because its receiver accused it; null when there is none.</summary>
    public PedersenShare? AnsweredShare(int dealer, int receiver) => _answers[dealer] is { } answers && answers.TryGetValue(receiver, out PedersenShare share) ? share : null;

    /// <summary>Whether a share fits what its dealer committed to; false when it dealt nothing.</summary>
    public bool Fits(int dealer, int receiver, in PedersenShare share) => _deals[dealer]?.Check(receiver + 1, share) == SharingRefusal.None;

    /// <summary>Whether a share fits what its dealer extracted; true when it extracted nothing yet.</summary>
    public bool FitsExtracted(int dealer, int receiver, in PedersenShare share) => _extracted[dealer]?.Check(receiver + 1, share.Value) is null or SharingRefusal.None;

    /// <summary>What a sealed share is bound to.</summary>
    public byte[] SealContext(int dealer, int receiver) => SealContext(_chain, Id, dealer, receiver);

    /// <summary>The same of any generation of a chain.</summary>
    internal static byte[] SealContext(Chain chain, Digest generation, int dealer, int receiver)
    {
        var writer = new Encoding.CanonicalWriter(70);
        writer.Digest(chain.Id);
        writer.Digest(generation);
        writer.UInt16((ushort)dealer);
        writer.UInt16((ushort)receiver);
        return writer.ToArray();
    }

    /// <summary>What a proof of extraction is bound to.</summary>
    public byte[] ExtractionContext(int dealer)
    {
        var writer = new Encoding.CanonicalWriter(68);
        writer.Digest(_chain.Id);
        writer.Digest(Id);
        writer.UInt16((ushort)dealer);
        return writer.ToArray();
    }

    /// <summary>What the dealers that count gave to the receivers: for those who were away when it ended. Of a generation that is done.</summary>
    internal DealtShares Dealt() => new(Id, [.. Counting().Select(dealer => new DealtBy(
        dealer, _deals[dealer]!.Ephemeral, _deals[dealer]!.Shares, _answers[dealer] ?? ImmutableSortedDictionary<int, PedersenShare>.Empty))]);

    private int[] Counting() => IsResharing ? [.. Qualified.ToArray().Take(_old!.Quorum)] : [.. Qualified.ToArray()];

    private bool IsBlamed(bool receiver, int place, BlameReason reason) => _blamed.Contains(new Blame(receiver, place, reason));

    private bool Accuse(bool receiver, int place, BlameReason reason)
    {
        if (IsBlamed(receiver, place, reason))
        {
            return false;
        }

        _blamed.Add(new Blame(receiver, place, reason));
        return true;
    }

    private static ReplicaSet SetOf<T>(T?[] said)
        where T : class
    {
        ReplicaSet set = ReplicaSet.Empty;
        for (int i = 0; i < said.Length; i++)
        {
            set = said[i] is null ? set : set.With(new ReplicaId(i));
        }

        return set;
    }

    private sealed record Deal(PedersenCommitments? Hiding, Commitments? Open, ReadOnlyMemory<byte> Ephemeral, ReadOnlyMemory<byte> Shares)
    {
        public SharingRefusal Check(int index, in PedersenShare share) =>
            Hiding is not null ? Hiding.Check(index, share)
            : share.Blinding.IsZero ? Open!.Check(index, share.Value)
            : SharingRefusal.WrongShare;
    }
}
