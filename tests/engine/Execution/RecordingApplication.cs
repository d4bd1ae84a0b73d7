using Bft.Crypto;
using Bft.Engine.Execution;

namespace Bft.Engine.Tests.Execution;

/// <summary>Remembers every command it was given; the first byte of a command is its result, the root is a hash over all of them.</summary>
internal sealed class RecordingApplication : IApplication
{
    private readonly List<byte[]> _executed = [];
    private Digest _root;

    /// <summary>Every executed command, in order.</summary>
    public IReadOnlyList<byte[]> Executed => _executed;

    /// <summary>When set, called with each command before its result is given.</summary>
    public Func<byte[], byte[]>? Disturb { get; set; }

    public string Name => "recording";

    public Digest InitChain(Chain chain)
    {
        _executed.Clear();
        _root = Digest.None;
        return _root;
    }

    public string? CheckTx(ReadOnlySpan<byte> command) => null;

    public Digest FinalizeBlock(BlockContext context, ReadOnlySpan<ReadOnlyMemory<byte>> commands, Span<byte> codes)
    {
        Span<byte> previous = stackalloc byte[Digest.Size];
        for (int i = 0; i < commands.Length; i++)
        {
            byte[] command = commands[i].ToArray();
            command = Disturb?.Invoke(command) ?? command;
            _executed.Add(command);
            _root.CopyTo(previous);
            _root = HashFunction.Sha256.Hash(previous, command);
            codes[i] = command.Length == 0 ? (byte)0 : command[0];
        }

        return _root;
    }

    public void Commit(Height height)
    {
    }

    public QueryResult Query(ReadOnlySpan<byte> key, Height? proveAt) => new(false, default, default, _root, null);

    public Action<Stream> Snapshot()
    {
        byte[][] executed = [.. _executed];
        return stream =>
        {
            var writer = new SnapshotWriter(stream);
            writer.UInt32((uint)executed.Length);
            foreach (byte[] command in executed)
            {
                writer.Bytes(command);
            }

            writer.Flush();
        };
    }

    public void ReadSnapshot(Chain chain, Height height, Digest root, Stream stream)
    {
        InitChain(chain);
        var reader = new SnapshotReader(stream);
        uint count = reader.UInt32();
        for (uint i = 0; i < count; i++)
        {
            var code = new byte[1];
            FinalizeBlock(default, [reader.Bytes(chain.Limits.MaxCommandBytes, "a command")], code);
        }

        if (_root != root)
        {
            throw new InvalidDataException("Another root.");
        }
    }
}
