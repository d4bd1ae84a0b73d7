using Bft.Crypto;
using Bft.Engine.Execution;

namespace Bft.Engine.SharedKeys;

/// <content>
/// Snapshots. Layout: digest of the log up to the last end (32), for each of three outcomes its length (4, 0 for none) and encoding, length (4) and encoding of what was dealt for the last key, where there is one, number of commands since (4), for each its height
/// (two halves of 4) and its bytes. What a generation is in is computed again from its commands, so a snapshot can claim nothing that was not signed.
/// </content>
public sealed partial class SharedKeyRegistry
{
    private const int MostOutcomeBytes = 1 << 20;

    /// <summary>Writes the state.</summary>
    public void Write(SnapshotWriter writer)
    {
        writer.Digest(_baseLink);
        foreach (SharedKeyOutcome? outcome in Outcomes())
        {
            writer.Bytes(outcome?.Encode() ?? []);
        }

        if (Dealt is { } dealt)
        {
            writer.Bytes(dealt.Encode());
        }

        writer.UInt32((uint)_events.Count);
        foreach ((Height height, byte[] command) in _events)
        {
            writer.UInt32((uint)height.Value);
            writer.UInt32((uint)(height.Value >> 32));
            writer.Bytes(command);
        }
    }

    /// <summary>Replaces the state by that of a snapshot.</summary>
    /// <param name="reader">The snapshot.</param>
    /// <param name="root">The root it must have.</param>
    /// <param name="height">The snapshot's height.</param>
    /// <exception cref="InvalidDataException">The snapshot is malformed or has another root; nothing is known any more.</exception>
    public void Read(SnapshotReader reader, Digest root, Height height)
    {
        Reset();
        _baseLink = _link = reader.Digest();
        Before = Outcome(reader);
        Key = Outcome(reader);
        Failure = Outcome(reader);
        if (Key is { } key)
        {
            Keep(DealtShares.Decode(reader.Bytes(DealtShares.MostBytes(key), "what was dealt for a shared key"), key) ?? throw Malformed("what was dealt for its key is malformed"));
        }

        uint count = reader.UInt32();
        Height at = default;
        for (uint i = 0; i < count; i++)
        {
            Height next = new(reader.UInt32() | ((ulong)reader.UInt32() << 32));
            byte[] command = reader.Bytes(_chain.Limits.MaxCommandBytes, "a command of a key generation");
            if (next < at || next > height || next.Value == 0)
            {
                throw Malformed("its commands are not in the order of the log");
            }

            at = i == 0 ? next : Replay(at, next);
            int before = _events.Count;
            _ = Execute(next, command);
            if (_events.Count != before + 1)
            {
                throw Malformed("a command of it changes nothing");
            }
        }

        if (count > 0)
        {
            _ = Replay(at, height.Next());
            if (_events.Count == 0)
            {
                throw Malformed("its generation had ended before");
            }
        }

        SetRoot();
        Publish();
        if (Root != root)
        {
            throw Malformed($"it has the root {Root.ToShortString()} instead of {root.ToShortString()}");
        }
    }

    // Heights end, up to that one; those on which nothing can happen are left out.
    private Height Replay(Height from, Height to)
    {
        for (Height height = from; height < to; height = height.Next())
        {
            if (Generation is { IsRunning: true } running && height > from && height < running.Deadline)
            {
                height = running.Deadline < to ? running.Deadline : to.Previous();
            }

            EndHeight(height);
            if (Generation is not { IsRunning: true })
            {
                break;
            }
        }

        return to;
    }

    private static SharedKeyOutcome? Outcome(SnapshotReader reader)
    {
        byte[] encoded = reader.Bytes(MostOutcomeBytes, "the outcome of a key generation");
        return encoded.Length == 0 ? null : SharedKeyOutcome.Decode(encoded) ?? throw Malformed("the outcome of a generation is malformed");
    }

    private static InvalidDataException Malformed(string why) => new($"The snapshot's shared keys are refused: {why}.");
}
