using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>Reads the row of segments back into a <see cref="JournalState"/>, and tells a torn tail from damage.</summary>
internal static class JournalRecovery
{
    /// <summary>
    /// Reads every segment in order. Returns false when there is none. <paramref name="lastFrame"/> is where the last frame of the last
    /// one starts, <paramref name="end"/> where its frames end.
    /// </summary>
    public static bool Read(IDisk disk, Chain chain, JournalState state, List<JournalSegment> segments, FrameChecksum checksum, out long lastFrame, out long end)
    {
        lastFrame = 0;
        end = 0;
        List<ulong> numbers = [];
        foreach (string name in disk.List())
        {
            if (JournalSegment.TryParseName(name, out ulong number))
            {
                numbers.Add(number);
            }
        }

        byte[] buffer = [];
        foreach (ulong number in numbers)
        {
            string name = JournalSegment.NameOf(number);
            using IDiskFile file = disk.Open(name, writable: false);
            JournalSegment segment = JournalSegment.ReadHeader(disk, file, chain, checksum);
            if (segment.Number != number)
            {
                throw new JournalDamagedException(disk.Location, name, 0, $"its header says that it is segment {segment.Number}");
            }

            if (segments.Count > 0)
            {
                DemandNeighbours(disk, segments[^1], segment, end);
            }

            segments.Add(segment);
            (lastFrame, end) = ReadFrames(disk, chain, state, segment, file, ref buffer);
        }

        return segments.Count > 0;
    }

    private static void DemandNeighbours(IDisk disk, JournalSegment older, JournalSegment newer, long olderEnd)
    {
        if (newer.Number != older.Number + 1)
        {
            throw new JournalDamagedException(disk.Location, JournalSegment.NameOf(older.Number + 1), 0, "the file is missing");
        }

        // The newer segment was begun after the older one had been flushed to its end.
        if (olderEnd != newer.PreviousEnd)
        {
            throw new JournalDamagedException(
                disk.Location, older.FileName, olderEnd, $"no good frame there, though the next segment says that the frames go on to {newer.PreviousEnd}");
        }
    }

    private static (long LastFrame, long End) ReadFrames(IDisk disk, Chain chain, JournalState state, JournalSegment segment, IDiskFile file, ref byte[] buffer)
    {
        long lastFrame = 0;
        long offset = FileHeader.Bytes;
        while (segment.TryReadFrame(file, offset, ref buffer, out int frameBytes))
        {
            ReadOnlySpan<byte> records = buffer.AsSpan(JournalSegment.FrameHeaderBytes, frameBytes - JournalSegment.FrameHeaderBytes);
            if (JournalRecords.Replay(chain, records, state, segment) is { } reason)
            {
                throw new JournalDamagedException(disk.Location, file.Name, offset, reason);
            }

            lastFrame = offset;
            offset = JournalSegment.Align(offset + frameBytes);
        }

        // The first frame was durable before the file had its name, and each one before the next was written.
        if (offset == FileHeader.Bytes)
        {
            throw new JournalDamagedException(disk.Location, file.Name, offset, "the first frame's checksum is wrong");
        }

        if (segment.FindFrameBehind(file, offset, ref buffer) is { } later)
        {
            throw new JournalDamagedException(disk.Location, file.Name, offset, $"the frame's checksum is wrong, and a good frame follows at {later}");
        }

        return (lastFrame, offset);
    }
}
