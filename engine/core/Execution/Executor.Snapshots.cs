using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine.Encoding;
using Bft.Engine.Storage;

namespace Bft.Engine.Execution;

/// <content>
/// Snapshots. Layout: version (1), chain id (32), state point (72), application's root (32), sessions' root (32), transactions (8), in
/// version 3 the root of the shared keys (32), then the sessions, in version 3 the shared keys, and the application, each in its own form. Version 2 is written as long as no shared key was called for. Everything in it hangs on the state root: a byte that was changed is noticed.
/// </content>
public sealed partial class Executor
{
    private const byte SnapshotVersion = 2;
    private const byte SnapshotVersionWithKeys = 3;
    private const int SnapshotHeaderBytes = 1 + Digest.Size + StatePoint.EncodedBytes + (2 * Digest.Size) + sizeof(ulong);
    private const int StreamBufferBytes = 64 << 10;

    /// <summary>
    /// Holds on to the state of <see cref="Point"/> and returns what writes it: on any thread, while later blocks are executed. By the thread that executes.
    /// </summary>
    public Action<Stream> Snapshot()
    {
        ExecutedHeight last = _recent.Last;
        var header = new CanonicalWriter(SnapshotHeaderBytes);
        bool keys = last.SharedKeysRoot != Digest.None;
        header.Byte(keys ? SnapshotVersionWithKeys : SnapshotVersion);
        header.Digest(_chain.Id);
        last.Point.Encode(header);
        header.Digest(last.ApplicationRoot);
        header.Digest(last.SessionsRoot);
        header.UInt64(last.Transactions);
        var first = new MemoryStream();
        var writer = new SnapshotWriter(first);
        writer.Raw(header.Span);
        if (keys)
        {
            writer.Digest(last.SharedKeysRoot);
        }

        Sessions.Write(writer);
        if (keys)
        {
            _sharedKeys!.Registry.Write(writer);
        }

        writer.Flush();
        Action<Stream> application = _application.Snapshot();
        return stream =>
        {
            first.WriteTo(stream);
            application(stream);
        };
    }

    /// <summary>Writes the state of <see cref="Point"/> into a store, at once.</summary>
    /// <exception cref="IOException">The store failed; the state is unharmed.</exception>
    public void SaveTo(ISnapshotStore store) => store.Save(Point, Snapshot());

    /// <summary>Replaces the state by a snapshot.</summary>
    /// <param name="expected">The point it must be of: certified, or told by the store it comes from.</param>
    /// <param name="stream">The content.</param>
    /// <exception cref="InvalidDataException">The snapshot is malformed, of another chain, or its roots are not those of the point; the executor is at height 0 again.</exception>
    /// <exception cref="IOException">The stream failed; the executor is at height 0 again.</exception>
    public void ReadSnapshot(StatePoint expected, Stream stream)
    {
        try
        {
            using var buffered = new BufferedStream(stream, StreamBufferBytes);
            ExecutedHeight executed = ReadHeader(expected, buffered);
            Sessions.Read(new SnapshotReader(buffered), executed.SessionsRoot, expected.Height);
            ReadSharedKeys(new SnapshotReader(buffered), executed.SharedKeysRoot, expected.Height);
            _application.ReadSnapshot(_chain, expected.Height, executed.ApplicationRoot, buffered);
            if (buffered.ReadByte() != -1)
            {
                throw new InvalidDataException($"The snapshot of height {expected.Height} goes on behind its end.");
            }

            _recent.Reset(executed);
            _fault = null;
            _plan.Clear();
        }
        catch
        {
            StartFromGenesis();
            throw;
        }
    }

    /// <summary>
    /// Brings the state up to the ledger's height: the newest snapshot that is whole and of this ledger's past, then the blocks after it.
    /// </summary>
    /// <returns>Where it started from, and which snapshots were refused and why.</returns>
    /// <exception cref="StateDivergedException">Executing the ledger's blocks gives other results than their headers tell.</exception>
    /// <exception cref="InvalidDataException">The ledger lacks a block below its height.</exception>
    public Recovery RecoverFrom(ISnapshotStore snapshots, ILedger ledger)
    {
        ImmutableArray<string>.Builder refused = ImmutableArray.CreateBuilder<string>();
        if (_fault is not null || Point.Height.Value > 0)
        {
            StartFromGenesis();
        }

        // Headers name results of a few heights ago: a state that began right at the tip could judge none of them. So the snapshot must be that
        // far behind; without one, a chain is short enough to be executed from its start.
        TryRecoverFrom(snapshots, ledger, new Height(ledger.Height.Value > RecentPoints.Capacity ? ledger.Height.Value - RecentPoints.Capacity : 0), refused);
        StatePoint start = Point;
        while (Point.Height < ledger.Height)
        {
            Height next = Point.Height.Next();
            Execute(ledger.Read(next) ?? throw new InvalidDataException($"The ledger ends at height {ledger.Height} and has no block of height {next}."));
        }

        return new Recovery(start, refused.ToImmutable());
    }

    private void TryRecoverFrom(ISnapshotStore snapshots, ILedger ledger, Height newest, ImmutableArray<string>.Builder refused)
    {
        for (Height atMost = newest; snapshots.OpenLatest(atMost) is var (point, content);)
        {
            string? fault = TryLoad(point, content, ledger);
            if (fault is null)
            {
                return;
            }

            refused.Add($"snapshot of height {point.Height}: {fault}");
            if (point.Height.Value == 0 || point.Height > atMost)
            {
                break;
            }

            atMost = point.Height.Previous();
        }
    }

    private string? TryLoad(StatePoint point, Stream content, ILedger ledger)
    {
        using (content)
        {
            if (ledger.ChainAt(point.Height) != point.Chain)
            {
                return "it is of another past than the ledger";
            }

            try
            {
                ReadSnapshot(point, content);
                return null;
            }
            catch (InvalidDataException fault)
            {
                return fault.Message;
            }
            catch (IOException fault)
            {
                return fault.Message;
            }
        }
    }

    private void ReadSharedKeys(SnapshotReader reader, Digest root, Height height)
    {
        if (root == Digest.None)
        {
            _sharedKeys?.Registry.Reset();
            return;
        }

        (_sharedKeys ?? throw new InvalidDataException("The snapshot holds shared keys, and nobody here executes their commands.")).Registry.Read(reader, root, height);
    }

    private ExecutedHeight ReadHeader(StatePoint expected, Stream stream)
    {
        var source = new SnapshotReader(stream);
        var reader = new CanonicalReader(source.Raw(SnapshotHeaderBytes));
        byte version = reader.Byte();
        if (version is not (SnapshotVersion or SnapshotVersionWithKeys))
        {
            throw new InvalidDataException("The snapshot is of another version of the engine.");
        }

        Digest chain = reader.Digest();
        if (chain != _chain.Id)
        {
            throw new InvalidDataException($"The snapshot is of chain {chain.ToShortString()}, not of {_chain.Id.ToShortString()}.");
        }

        var executed = new ExecutedHeight(
            StatePoint.Decode(ref reader), reader.Digest(), reader.Digest(), reader.UInt64(), version == SnapshotVersionWithKeys ? source.Digest() : Digest.None);
        return executed.Point == expected && JoinRoots(_chain, executed.ApplicationRoot, executed.SessionsRoot, executed.Transactions, executed.SharedKeysRoot) == expected.StateRoot
            ? executed
            : throw new InvalidDataException($"The snapshot is of {executed.Point}, not of {expected}, or what it tells does not join to its state root.");
    }
}

/// <summary>How a state was brought up to a ledger.</summary>
/// <param name="Start">The snapshot's point, or that of height 0.</param>
/// <param name="Refused">Snapshots that were damaged or foreign, with the reason; for the log.</param>
public sealed record Recovery(StatePoint Start, ImmutableArray<string> Refused);
