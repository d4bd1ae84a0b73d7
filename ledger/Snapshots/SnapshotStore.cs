using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Storage;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>
/// Snapshots as files: header (state point: height (8), state root (32), chain digest (32)), content, footer (content length (8), SHA-256 of header and content
/// (32)). A file gets its name only when it is whole and durable; the newest two are kept, so that a bad one costs a longer
/// replay and not the start. Used by one thread at a time.
/// </summary>
public sealed class SnapshotStore : ISnapshotStore
{
    /// <summary>How many snapshots are kept.</summary>
    public const int Kept = 2;

    private const string Prefix = "snapshot-";
    private const string Suffix = ".bin";
    private const string Temporary = "snapshot.tmp";
    private const int FooterBytes = 8 + SHA256.HashSizeInBytes;
    private static readonly ulong Magic = FileHeader.Magic("BFTSNAP1"u8);

    private readonly IDisk _disk;
    private readonly Chain _chain;
    private readonly Action<string>? _warn;

    /// <summary>Takes a directory.</summary>
    /// <param name="disk">The directory.</param>
    /// <param name="chain">The chain whose snapshots these are.</param>
    /// <param name="warn">Told which snapshots are passed over and why. Null for silence.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public SnapshotStore(IDisk disk, Chain chain, Action<string>? warn = null)
    {
        _disk = disk;
        _chain = chain;
        _warn = warn;
        disk.Delete(Temporary);
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">It could not be written; the older ones are untouched.</exception>
    public void Save(StatePoint point, Action<Stream> write)
    {
        try
        {
            using IDiskFile file = _disk.Create(Temporary);
            WriteWhole(file, point, write);
            file.Flush();
        }
        catch
        {
            _disk.Delete(Temporary);
            throw;
        }

        _disk.Rename(Temporary, NameOf(point.Height));
        _disk.Flush();
        foreach ((string name, _) in Newest().Skip(Kept))
        {
            _disk.Delete(name);
        }
    }

    /// <inheritdoc/>
    public (StatePoint Point, Stream Content)? OpenLatest(Height atMost)
    {
        foreach ((string name, Height height) in Newest())
        {
            if (height > atMost)
            {
                continue;
            }

            IDiskFile file = _disk.Open(name, writable: false);
            if (Judge(file, height, out StatePoint point) is { } reason)
            {
                file.Dispose();
                _warn?.Invoke($"The snapshot {Path.Combine(_disk.Location, name)} is passed over: {reason}.");
                continue;
            }

            return (point, new DiskReadStream(file, FileHeader.Bytes, file.Length - FileHeader.Bytes - FooterBytes));
        }

        return null;
    }

    private void WriteWhole(IDiskFile file, StatePoint point, Action<Stream> write)
    {
        var header = new byte[FileHeader.Bytes];
        FileHeader.Begin(header, Magic, _chain);
        Span<byte> fields = FileHeader.Fields(header);
        BinaryPrimitives.WriteUInt64LittleEndian(fields, point.Height.Value);
        point.StateRoot.CopyTo(fields[8..]);
        point.Chain.CopyTo(fields[40..]);
        FileHeader.Seal(header);

        using var stream = new DiskWriteStream(file);
        stream.Write(header);
        write(stream);
        var footer = new byte[FooterBytes];
        BinaryPrimitives.WriteInt64LittleEndian(footer, stream.Position - header.Length);
        stream.Hash.CopyTo(footer, 8);
        stream.Write(footer);
        stream.Flush();
    }

    // Null when the file is whole, else what is wrong with it.
    private string? Judge(IDiskFile file, Height named, out StatePoint point)
    {
        Span<byte> header = stackalloc byte[FileHeader.Bytes];
        FileHeader.Verdict verdict = FileHeader.Read(file, header, Magic, _chain);
        ReadOnlySpan<byte> fields = FileHeader.FieldsOf(header);
        point = new StatePoint(new Height(BinaryPrimitives.ReadUInt64LittleEndian(fields)), new Digest(fields[8..]), new Digest(fields[40..]));
        if (verdict != FileHeader.Verdict.Good)
        {
            return verdict == FileHeader.Verdict.Damaged ? "its header is damaged" : FileHeader.Foreign(_disk, file.Name, verdict, header, _chain).Message;
        }

        long content = file.Length - FileHeader.Bytes - FooterBytes;
        Span<byte> footer = stackalloc byte[FooterBytes];
        if (point.Height != named || content < 0 || file.Read(file.Length - FooterBytes, footer) < FooterBytes || BinaryPrimitives.ReadInt64LittleEndian(footer) != content)
        {
            return "its length is not the one that was written";
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var window = new byte[(int)Math.Min(1 << 16, FileHeader.Bytes + content)];
        for (long offset = 0, end = FileHeader.Bytes + content; offset < end;)
        {
            int read = file.Read(offset, window.AsSpan(0, (int)Math.Min(window.Length, end - offset)));
            hash.AppendData(window, 0, read);
            offset += read;
        }

        return hash.GetHashAndReset().AsSpan().SequenceEqual(footer[8..]) ? null : "its hash is wrong";
    }

    private List<(string Name, Height Height)> Newest()
    {
        List<(string Name, Height Height)> found = [];
        foreach (string name in _disk.List())
        {
            if (name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal) &&
                ulong.TryParse(name.AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out ulong height))
            {
                found.Add((name, new Height(height)));
            }
        }

        found.Sort((left, right) => right.Height.CompareTo(left.Height));
        return found;
    }

    private static string NameOf(Height height) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{height.Value:D20}{Suffix}");
}
