using System.Buffers.Binary;
using System.IO.Hashing;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>
/// What this validator can prove against others: two contradicting votes of one signer. No block holds it and nobody sends it twice, so it
/// has an append-only file of its own, <c>evidence.bin</c>; the query index only copies it. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// File: header, then records: content length (4), checksum seeded like the journal's (8), content: the two votes in their canonical bytes.
/// </para>
/// <para>
/// Bounded whatever is signed: one proof for a signer, kind, epoch, view and slot, and <see cref="MaxPerSigner"/> of a signer. Who is convicted
/// that often gains nothing by once more, and none displaces the proofs against others.
/// </para>
/// </remarks>
public sealed class EvidenceFile : IDisposable
{
    /// <summary>How many proofs against one validator are kept, the first ones.</summary>
    public const int MaxPerSigner = 64;

    private const string Name = "evidence.bin";
    private const string Temporary = "evidence.tmp";
    private const string Damaged = "evidence-damaged.bin";
    private const int PrefixBytes = 4 + 8;
    private const int MaxContentBytes = 2 * (Statement.SignedBytes + 2 + 4 + Vote.MaxSignatureBytes);
    private static readonly ulong Magic = FileHeader.Magic("BFTEVID1"u8);

    private readonly IDisk _disk;
    private readonly Chain _chain;
    private readonly Action<string>? _warn;
    private readonly Lock _memory = new();
    private readonly Lock _writing = new();
    private readonly List<Evidence> _all = [];
    private readonly HashSet<Key> _known = [];
    private readonly Dictionary<int, int> _bySigner = [];
    private IDiskFile _file = null!;
    private ulong _salt;
    private long _end = FileHeader.Bytes;
    private int _written;

    private EvidenceFile(IDisk disk, Chain chain, Action<string>? warn)
    {
        _disk = disk;
        _chain = chain;
        _warn = warn;
    }

    /// <summary>Opens the file of a directory, or makes it. What a crash cut off, or damage made unreadable, is moved aside and told.</summary>
    /// <param name="disk">The directory.</param>
    /// <param name="chain">The chain whose validators these are.</param>
    /// <param name="warn">Told of damage and of writes that failed. Null for silence.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="ForeignFileException">The file is of another chain or format.</exception>
    public static EvidenceFile Open(IDisk disk, Chain chain, Action<string>? warn = null)
    {
        var evidence = new EvidenceFile(disk, chain, warn);
        if (!disk.List().Contains(Name, StringComparer.Ordinal))
        {
            evidence.Begin();
        }
        else if (evidence.Load() is { } fault)
        {
            warn?.Invoke($"{Path.Combine(disk.Location, Name)} {fault}: {evidence._all.Count} proofs before it are kept, the file as it was is {Damaged}.");
            evidence._file.Dispose();
            disk.Rename(Name, Damaged);
            evidence.Begin();
            evidence.Write();
        }

        return evidence;
    }

    /// <summary>All proofs, oldest first.</summary>
    public IReadOnlyList<Evidence> All
    {
        get
        {
            lock (_memory)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>The newest proofs, newest first, at most that many.</summary>
    public IReadOnlyList<Evidence> Newest(int atMost)
    {
        lock (_memory)
        {
            return [.. Enumerable.Reverse(_all).Take(atMost)];
        }
    }

    /// <summary>Takes a proof whose signatures were checked. Touches no disk: <see cref="Write"/> makes it durable.</summary>
    /// <returns>False when nothing new has to be kept.</returns>
    public bool Add(Evidence evidence)
    {
        lock (_memory)
        {
            return Keep(evidence);
        }
    }

    /// <summary>Makes durable what was added. Never throws: what fails is told, kept in memory and tried again with the next one and at the end.</summary>
    public void Write()
    {
        lock (_writing)
        {
            Evidence[] pending;
            lock (_memory)
            {
                pending = [.. _all.Skip(_written)];
            }

            if (pending.Length == 0)
            {
                return;
            }

            try
            {
                // The same bytes at the same place again after a failure: a later flush then covers them whatever the failed one left behind.
                long end = _end;
                foreach (Evidence evidence in pending)
                {
                    end += Append(end, evidence);
                }

                _file.Flush();
                _end = end;
                _written += pending.Length;
            }
            catch (IOException failed)
            {
                _warn?.Invoke($"{pending.Length} proofs of double signing could not be written to {Path.Combine(_disk.Location, Name)}: {failed.Message}");
            }
        }
    }

    /// <summary>Writes what is left and closes the file.</summary>
    public void Dispose()
    {
        Write();
        _file.Dispose();
    }

    private static byte[] Encode(Evidence evidence)
    {
        var writer = new CanonicalWriter();
        evidence.First.Encode(writer);
        evidence.Second.Encode(writer);
        return writer.ToArray();
    }

    private bool Keep(Evidence evidence)
    {
        int signer = evidence.First.Signer.Value;
        int kept = _bySigner.GetValueOrDefault(signer);
        if (kept >= MaxPerSigner || !_known.Add(Key.Of(evidence.First)))
        {
            return false;
        }

        _bySigner[signer] = kept + 1;
        _all.Add(evidence);
        return true;
    }

    private int Append(long offset, Evidence evidence)
    {
        byte[] content = Encode(evidence);
        var record = new byte[PrefixBytes + content.Length];
        BinaryPrimitives.WriteInt32LittleEndian(record, content.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(4), XxHash3.HashToUInt64(content, Salts.Seed(_salt, offset)));
        content.CopyTo(record, PrefixBytes);
        _file.Write(offset, record);
        return record.Length;
    }

    // It gets its name only when its header is durable.
    private void Begin()
    {
        _salt = Salts.Random();
        var header = new byte[FileHeader.Bytes];
        FileHeader.Begin(header, Magic, _chain);
        BinaryPrimitives.WriteUInt64LittleEndian(FileHeader.Fields(header), _salt);
        FileHeader.Seal(header);
        _file = _disk.Create(Temporary);
        _file.Write(0, header);
        _file.Flush();
        _disk.Rename(Temporary, Name);
        _disk.Flush();
        _end = FileHeader.Bytes;
        _written = 0;
    }

    // Null when the file is whole, else what is wrong with it.
    private string? Load()
    {
        _file = _disk.Open(Name);
        Span<byte> header = stackalloc byte[FileHeader.Bytes];
        FileHeader.Verdict verdict = FileHeader.Read(_file, header, Magic, _chain);
        if (verdict == FileHeader.Verdict.Damaged)
        {
            return "has a damaged header";
        }

        if (verdict != FileHeader.Verdict.Good)
        {
            _file.Dispose();
            throw FileHeader.Foreign(_disk, Name, verdict, header, _chain);
        }

        _salt = BinaryPrimitives.ReadUInt64LittleEndian(FileHeader.FieldsOf(header));
        while (_end < _file.Length)
        {
            if (Read(_end, out int bytes) is not { } evidence)
            {
                return $"is cut off or damaged at offset {_end}";
            }

            Keep(evidence);
            _end += bytes;
        }

        _written = _all.Count;
        return null;
    }

    private Evidence? Read(long offset, out int bytes)
    {
        bytes = 0;
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        if (_file.Read(offset, prefix) < PrefixBytes)
        {
            return null;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(prefix);
        if (length > MaxContentBytes)
        {
            return null;
        }

        var content = new byte[length];
        if (_file.Read(offset + PrefixBytes, content) < content.Length ||
            XxHash3.HashToUInt64(content, Salts.Seed(_salt, offset)) != BinaryPrimitives.ReadUInt64LittleEndian(prefix[4..]))
        {
            return null;
        }

        bytes = PrefixBytes + content.Length;
        var reader = new CanonicalReader(content);
        var evidence = new Evidence(Vote.Decode(ref reader), Vote.Decode(ref reader));
        return reader.Complete && Key.Of(evidence.First) == Key.Of(evidence.Second) ? evidence : null;
    }

    private readonly record struct Key(int Signer, StatementKind Kind, Epoch Epoch, View View, Height Slot)
    {
        public static Key Of(in Vote vote) => new(vote.Signer.Value, vote.Statement.Kind, vote.Statement.Epoch, vote.Statement.View, vote.Statement.Slot);
    }
}
