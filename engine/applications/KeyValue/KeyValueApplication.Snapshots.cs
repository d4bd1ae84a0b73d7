using System.Text.Unicode;
using Bft.Crypto;
using Bft.Crypto.Merkle;
using Bft.Engine;
using Bft.Engine.Execution;

namespace Bft.Applications.KeyValue;

/// <content>
/// Snapshots: a proof that tells the number of keys and the depth of the tree (length (4), <see cref="MerkleProof"/> for the key hash
/// of 32 zero bytes), then for every key, ascending by its hash: length (4) and key, length (4) and value.
/// </content>
public sealed partial class KeyValueApplication
{
    private const int KeysAtOnce = 1024;

    /// <inheritdoc/>
    /// <remarks>What is held are references, 40 bytes a key: records are replaced, never changed. They are put in order when they are written.</remarks>
    public Action<Stream> Snapshot()
    {
        if (!_tree.TryProve(Digest.None, _tree.Version, out MerkleProof? shape))
        {
            throw new InvalidOperationException("The newest version of the state tree cannot be proved.");
        }

        KeyValuePair<Digest, byte[]>[] records = [.. _table];
        return stream => Write(stream, shape.ToArray(), records);
    }

    private static void Write(Stream stream, byte[] shape, KeyValuePair<Digest, byte[]>[] records)
    {
        var writer = new SnapshotWriter(stream);
        writer.Bytes(shape);
        Array.Sort(records, static (x, y) => x.Key.CompareTo(y.Key));
        foreach ((_, byte[] record) in records)
        {
            writer.Bytes(KeyValueRecord.KeyOf(record).Span);
            writer.Bytes(KeyValueRecord.ValueOf(record).Span);
        }

        writer.Flush();
    }

    /// <inheritdoc/>
    public void ReadSnapshot(Chain chain, Height height, Digest root, Stream stream)
    {
        var reader = new SnapshotReader(stream);
        byte[] encoded = reader.Bytes(MerkleProof.MaximumEncodedBytes, "a proof of the state tree");
        if (MerkleProof.Decode(encoded, out MerkleProof? shape) != MerkleProofFault.None || !shape!.Verify(root, Digest.None, out _))
        {
            throw new InvalidDataException("The snapshot's keys are not those of its root: the proof of their number does not hold.");
        }

        var table = new Dictionary<Digest, byte[]>(_comparer);
        BucketTree tree = BucketTree.Load(ReadEntries(reader, shape.Count, table), shape.Depth, height.Value, TreeOptions);
        if (tree.Root != root)
        {
            throw new InvalidDataException($"The snapshot's keys have the root {tree.Root.ToShortString()} instead of {root.ToShortString()}.");
        }

        Replace(table, tree, height);
    }

    private IEnumerable<TreeEntry> ReadEntries(SnapshotReader reader, long count, Dictionary<Digest, byte[]> table)
    {
        var records = new List<byte[]>(KeysAtOnce);
        Digest? previous = null;
        for (long left = count; left > 0; left -= records.Count)
        {
            records.Clear();
            while (records.Count < Math.Min(left, KeysAtOnce))
            {
                records.Add(ReadRecord(reader));
            }

            Digest[] keyHashes = HashAll(records, KeyValueRecord.KeyOf);
            Digest[] valueHashes = HashAll(records, KeyValueRecord.ValueOf);
            for (int i = 0; i < records.Count; i++)
            {
                if (keyHashes[i] <= previous)
                {
                    throw new InvalidDataException("The snapshot's keys are not in ascending order of their hashes.");
                }

                previous = keyHashes[i];
                table.Add(keyHashes[i], records[i]);
                yield return new TreeEntry(keyHashes[i], valueHashes[i]);
            }
        }
    }

    private Digest[] HashAll(List<byte[]> records, Func<byte[], ReadOnlyMemory<byte>> part)
    {
        foreach (byte[] record in records)
        {
            _batch.Add(part(record));
        }

        return _batch.Hash().ToArray();
    }

    private static byte[] ReadRecord(SnapshotReader reader)
    {
        byte[] key = reader.Bytes(KeyValueCommand.MaxKeyBytes, "a key");
        if (key.Length == 0 || !Utf8.IsValid(key))
        {
            throw new InvalidDataException("The snapshot has a key that is empty or not UTF-8.");
        }

        return KeyValueRecord.Of(key, reader.Bytes(KeyValueCommand.MaxValueBytes, "a value"));
    }
}
