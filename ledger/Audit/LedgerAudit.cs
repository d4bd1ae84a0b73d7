using Bft.Crypto;
using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>
/// Checks a ledger offline, believing nothing but genesis: every record's checksums, the hash chain, the links between blocks, every
/// certificate, every transaction signature, and every state root by executing everything again. Reads only.
/// </summary>
public sealed class LedgerAudit
{
    private const int RememberedPoints = 8192 << 16;

    private readonly IDisk _disk;
    private readonly Chain _chain;
    private readonly CommitRule _rule;
    private readonly IClaims _claims;
    private readonly IReplay _replay;
    // A ring once it is full: the point of height h is at h modulo its length.
    private readonly List<StatePoint> _points = [];
    private long _tornBytes;
    private Digest _previous;
    private ulong _previousTime;
    private bool _linked;

    /// <summary>Prepares an audit; it runs once.</summary>
    /// <param name="disk">The directory of the segments, opened for reading.</param>
    /// <param name="chain">The chain, from genesis.</param>
    /// <param name="rule">The protocol's commit rule.</param>
    /// <param name="claims">Judges certificates and transaction signatures.</param>
    /// <param name="replay">Executes the blocks again.</param>
    public LedgerAudit(IDisk disk, Chain chain, CommitRule rule, IClaims claims, IReplay replay)
    {
        _disk = disk;
        _chain = chain;
        _rule = rule;
        _claims = claims;
        _replay = replay;
        _points.Add(replay.Genesis);
        _previous = chain.GenesisBlock.Digest;
    }

    private StatePoint Last { get; set; }

    /// <summary>Runs it. Whatever is wrong with the files is an answer, not an exception.</summary>
    /// <param name="progress">Told now and then how far it is.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public AuditResult Run(Action<AuditProgress>? progress = null, CancellationToken cancellation = default)
    {
        Last = _replay.Genesis;
        if (Last.Height.Value != 0 || Last.Chain != BlockStore.ChainStart(_chain))
        {
            throw new ArgumentException("The replay does not start at genesis.");
        }

        List<(ulong Number, long Bytes)> segments = [];
        AuditError? error = List(segments);
        long total = segments.Sum(segment => segment.Bytes);
        long done = 0;
        for (int i = 0; i < segments.Count && error is null; i++)
        {
            error = CheckSegment(segments[i].Number, (ulong)i + 1, i == segments.Count - 1, done, total, progress, cancellation);
            done += segments[i].Bytes;
        }

        progress?.Invoke(new AuditProgress(Last.Height, _replay.Transactions, done, total));
        return new AuditResult(error is null, Last.Height, _replay.Transactions, Last.StateRoot, _tornBytes, error);
    }

    private AuditError? List(List<(ulong Number, long Bytes)> segments)
    {
        IReadOnlyList<string> names;
        try
        {
            names = _disk.List();
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return new AuditError(_disk.Location, 0, Last.Height.Next(), failed.Message);
        }

        foreach (string name in names)
        {
            if (BlockSegment.TryParseName(name, out ulong number))
            {
                segments.Add((number, LengthOf(number)));
            }
        }

        return null;
    }

    // Of what cannot be read, 0: how much there is to do is for the progress alone, and what is wrong is told where it is checked, so that what comes before it is.
    private long LengthOf(ulong number)
    {
        try
        {
            using IDiskFile file = _disk.Open(BlockSegment.NameOf(number), writable: false);
            return file.Length;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private AuditError? CheckSegment(
        ulong number, ulong expected, bool isLast, long done, long total, Action<AuditProgress>? progress, CancellationToken cancellation)
    {
        if (number != expected)
        {
            return Error(expected, 0, "the file is missing");
        }

        try
        {
            using BlockSegment segment = BlockSegment.Open(_disk, _chain, number, Last.Height.Next(), writable: false);
            if (segment.First != Last.Height.Next() || segment.ChainBefore != Last.Chain)
            {
                return Error(number, 0, $"the segment starts at height {segment.First}, and not where the one before ends ({Last.Height}), or on another hash chain");
            }

            return CheckRecords(segment, isLast, done, total, progress, cancellation);
        }
        catch (LedgerDamagedException damaged)
        {
            return Error(number, damaged.Offset, damaged.Reason);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return Error(number, 0, failed.Message);
        }
    }

    private AuditError? CheckRecords(
        BlockSegment segment, bool isLast, long done, long total, Action<AuditProgress>? progress, CancellationToken cancellation)
    {
        var scanner = new BlockScanner(_chain, segment.File, segment.Salt, segment.First, segment.ChainBefore);
        RecordFinding finding;
        while ((finding = scanner.Next(keep: true)) == RecordFinding.Whole)
        {
            cancellation.ThrowIfCancellationRequested();
            if (CheckBlock(scanner) is { } reason)
            {
                return Error(segment.Number, scanner.Offset, reason);
            }

            if (Last.Height.Value % 256 == 0)
            {
                progress?.Invoke(new AuditProgress(Last.Height, _replay.Transactions, done + scanner.Offset, total));
            }
        }

        switch (finding)
        {
            case RecordFinding.End:
                return null;
            case RecordFinding.Bad or RecordFinding.Wrong:
                return Error(segment.Number, scanner.Offset, scanner.Reason);
            default:
                _tornBytes = segment.File.Length - scanner.Offset;
                return isLast ? null : Error(segment.Number, scanner.Offset, "the record is cut off, and another segment follows");
        }
    }

    private string? CheckBlock(BlockScanner scanner)
    {
        if (BlockRecord.Decode(_chain, scanner.Record) is not { } committed)
        {
            return "the record cannot be decoded within the chain's limits, or its payload is not the one the header names";
        }

        Block block = committed.Block;
        if (CheckLinks(block) is { } reason)
        {
            return reason;
        }

        // Else peers, who ask for it too, would refuse what this ledger serves.
        if (!committed.HasFittingJustify)
        {
            return "the certificate inside the block is not the one of its parent";
        }

        if (block.Justify is not null && !_claims.IsCertificate(block.Justify))
        {
            return "the certificate inside the block is not valid";
        }

        if (!_rule(block.Header, committed.Proof, _claims))
        {
            return "the proof does not show that the block is committed";
        }

        if (!_claims.IsPayload(block.Payload))
        {
            return "a transaction's signature is not valid";
        }

        return CheckState(committed, scanner.Chain);
    }

    // With parents, each block names the one before; slot protocols have none at all. The first block says which kind this chain is, and
    // its certificate covers that.
    private string? CheckLinks(Block block)
    {
        BlockHeader header = block.Header;
        if (header.Height != Last.Height.Next())
        {
            return $"the block is of height {header.Height}";
        }

        if (header.Height.Value == 1)
        {
            _linked = !header.Parent.IsNone;
        }

        if (header.Parent != (_linked ? _previous : Digest.None))
        {
            return "the block's parent is not the block before it";
        }

        if (_linked && header.Time < _previousTime)
        {
            return $"the block's time is {_previousTime - header.Time} ms before that of the block before it";
        }

        _previousTime = header.Time;
        _previous = block.Digest;
        return null;
    }

    private string? CheckState(CommittedBlock committed, Digest chainDigest)
    {
        StatePoint executed = committed.Block.Header.Executed;
        Height height = committed.Block.Height;

        // The filler of an empty slot, and the first blocks of a chain, vouch for nothing yet.
        if (executed != default)
        {
            if (executed.Height >= height || height.Value - executed.Height.Value > RememberedPoints)
            {
                return $"the header vouches for the state of height {executed.Height}, which is not one of the {RememberedPoints} before it";
            }

            StatePoint own = _points[(int)(executed.Height.Value % RememberedPoints)];
            if (own != executed)
            {
                return $"the header vouches for state root {executed.StateRoot.ToShortString()}… and chain {executed.Chain.ToShortString()}… at height {executed.Height}, execution gives {own.StateRoot.ToShortString()}… and {own.Chain.ToShortString()}…";
            }
        }

        StatePoint point;
        try
        {
            point = _replay.Execute(committed);
        }
        catch (InvalidDataException refused)
        {
            return $"execution refused the block: {refused.Message}";
        }

        if (point.Height != height || point.Chain != chainDigest)
        {
            return $"execution reached height {point.Height} on chain {point.Chain.ToShortString()}…, the record says {height} on {chainDigest.ToShortString()}…";
        }

        if (_points.Count < RememberedPoints)
        {
            _points.Add(point);
        }
        else
        {
            _points[(int)(height.Value % RememberedPoints)] = point;
        }

        Last = point;
        return null;
    }

    private AuditError Error(ulong segment, long offset, string reason) =>
        new(Path.Combine(_disk.Location, BlockSegment.NameOf(segment)), offset, Last.Height.Next(), reason);
}
