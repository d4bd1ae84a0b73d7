using Bft.Engine;
using Bft.Engine.Storage;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed class JournalTests
{
    private static readonly TestChain Test = new();

    private readonly MemoryDisk _disk = new();
    private ulong _salt = 7;

    private JournalOptions Options(int segmentBytes = 1 << 16, int maxSegments = 4) =>
        new() { SegmentBytes = segmentBytes, MaxSegments = maxSegments, PrepareAhead = false, Salt = () => unchecked(_salt = (_salt * 6364136223846793005UL) + 1442695040888963407UL) };

    private Journal Open(IDisk? disk = null, JournalOptions? options = null) => Journal.Open(disk ?? _disk, Test.Chain, options ?? Options());

    private static SafetyRecord Record(byte kind, ulong slot, string content) => new(new RecordKey(kind, slot), System.Text.Encoding.ASCII.GetBytes(content));

    private static string Text(JournalContents contents, byte kind, ulong slot = 0) =>
        System.Text.Encoding.ASCII.GetString(contents.Records.Single(record => record.Key == new RecordKey(kind, slot)).Content.Span);

    [Fact]
    public void What_was_flushed_is_there_after_a_crash_and_what_was_not_is_not()
    {
        using (Journal journal = Open())
        {
            Assert.True(journal.Recovered.IsNew);
            journal.Append(Test.Block(1));
            journal.Append(Record(1, 0, "first"));
            journal.Append(Record(1, 0, "second"));
            journal.Append(Record(200, 5, "slot five"));
            journal.MarkCommitted(new Height(1), Test.Block(1).Digest);
            journal.Flush();
            journal.Append(Record(1, 0, "third"));
        }

        _disk.Crash();
        using Journal again = Open();
        Assert.False(again.Recovered.IsNew);
        Assert.Equal([Test.Block(1).Digest], again.Recovered.Blocks.Select(block => block.Digest));
        Assert.True(Test.Block(1).Encoded.Span.SequenceEqual(again.Recovered.Blocks[0].Encoded.Span));
        Assert.Equal("second", Text(again.Recovered, 1));
        Assert.Equal("slot five", Text(again.Recovered, 200, 5));
        Assert.Equal((new Height(1), Test.Block(1).Digest), again.Recovered.Committed);
    }

    [Fact]
    public void A_turn_costs_one_write_and_one_flush()
    {
        using Journal journal = Open();
        (int flushes, int writes) = (_disk.FileFlushes, _disk.Writes);
        journal.Append(Test.Block(1));
        journal.Append(Record(1, 0, "vote"));
        journal.Flush();
        Assert.Equal((flushes + 1, writes + 1), (_disk.FileFlushes, _disk.Writes));
        journal.Flush();
        Assert.Equal(flushes + 1, _disk.FileFlushes);
    }

    [Fact]
    public void Discarded_records_stay_away_and_other_kinds_and_higher_slots_stay()
    {
        using (Journal journal = Open())
        {
            for (ulong slot = 1; slot <= 4; slot++)
            {
                journal.Append(Record(4, slot, "prepare"));
                journal.Append(Record(5, slot, "commit"));
            }

            journal.Discard(4, 3);
            journal.Flush();
        }

        using Journal again = Open();
        Assert.Equal([new RecordKey(4, 4), .. Enumerable.Range(1, 4).Select(slot => new RecordKey(5, (ulong)slot))], again.Recovered.Records.Select(record => record.Key));
    }

    [Fact]
    public void A_block_whose_height_has_another_committed_is_not_recovered()
    {
        Block winner = Test.Block(2, fork: 1);
        using (Journal journal = Open())
        {
            journal.Append(Test.Block(1));
            journal.Append(Test.Block(2, fork: 0));
            journal.Append(winner);
            journal.Append(Test.Block(3));
            journal.MarkCommitted(new Height(2), winner.Digest);
            journal.Flush();
        }

        using Journal again = Open();
        Assert.Equal([Test.Block(1).Digest, winner.Digest, Test.Block(3).Digest], again.Recovered.Blocks.Select(block => block.Digest));
    }

    [Fact]
    public void A_crash_at_every_byte_of_the_last_turn_keeps_all_turns_before_it_and_none_of_it()
    {
        long start;
        using (Journal journal = Open())
        {
            journal.Append(Test.Block(1));
            journal.Append(Record(1, 0, "old"));
            journal.Flush();
            start = EndOf(_disk, out _);
            journal.Append(Test.Block(2));
            journal.Append(Record(1, 0, "new"));
            journal.Append(Record(2, 0, "new too"));
            journal.Flush();
        }

        _ = EndOf(_disk, out string name);
        byte[] whole = _disk.ReadAll(name);
        long end = start + JournalSegment.FrameHeaderBytes + BitConverter.ToUInt32(whole, (int)start + 12);
        for (long cut = start; cut <= end; cut++)
        {
            foreach (bool zeros in new[] { true, false })
            {
                // Zero-filled beyond the cut, or the file ends there.
                byte[] torn = [.. whole[..(int)cut], .. new byte[zeros ? whole.Length - cut : 0]];
                bool isWhole = torn.AsSpan().IndexOf(whole.AsSpan((int)start, (int)(end - start))) >= 0;
                MemoryDisk disk = _disk.Copy();
                disk.Put(name, torn);
                using (Journal again = Open(disk))
                {
                    Assert.Equal(isWhole ? "new" : "old", Text(again.Recovered, 1));
                    Assert.Equal(isWhole ? 2 : 1, again.Recovered.Blocks.Length);
                    Assert.Equal(isWhole ? 2 : 1, again.Recovered.Records.Length);

                    // What comes next lands where the torn turn was.
                    again.Append(Record(9, 0, "after"));
                    again.Flush();
                }

                disk.Crash();
                using Journal third = Open(disk);
                Assert.Equal("after", Text(third.Recovered, 9));
                Assert.Equal(isWhole ? "new" : "old", Text(third.Recovered, 1));
            }
        }
    }

    [Fact]
    public void A_crash_that_keeps_any_sectors_of_any_writes_loses_only_the_turn_that_was_not_flushed()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var disk = new MemoryDisk();
            var random = new Random(seed);
            int flushed = 0;
            using (Journal journal = Open(disk, Options(segmentBytes: 4096)))
            {
                int turns = random.Next(1, 12);
                for (int turn = 1; turn <= turns; turn++)
                {
                    journal.Append(Test.Block((ulong)turn, bytes: random.Next(1, 1500)));
                    journal.Append(Record(1, 0, $"{turn}"));
                    if (random.Next(4) == 0)
                    {
                        journal.Release(new Height((ulong)random.Next(turn)));
                    }

                    if (turn == turns && random.Next(2) == 0)
                    {
                        disk.FailFlushes();
                        Assert.ThrowsAny<IOException>(journal.Flush);
                        continue;
                    }

                    journal.Flush();
                    flushed = turn;
                }
            }

            disk.Crash(CrashLoss.Torn, seed);
            using Journal again = Open(disk, Options(segmentBytes: 4096));
            int recovered = again.Recovered.Records.IsEmpty ? 0 : int.Parse(Text(again.Recovered, 1), System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(recovered >= flushed, $"seed {seed}: turn {flushed} was flushed, {recovered} is the last one");
            ulong highest = again.Recovered.Blocks.IsEmpty ? 0 : again.Recovered.Blocks.Max(block => block.Height.Value);
            Assert.True(recovered == 0 || highest == (ulong)recovered, $"seed {seed}: records of turn {recovered}, blocks up to {highest}");
        }
    }

    [Fact]
    public void A_bad_turn_that_good_ones_follow_is_refused_with_file_and_offset_whichever_byte_is_bad()
    {
        List<long> starts = [];
        using (Journal journal = Open())
        {
            for (ulong turn = 1; turn <= 4; turn++)
            {
                starts.Add(EndOf(_disk, out _));
                journal.Append(Test.Block(turn));
                journal.Append(Record(1, 0, $"{turn}"));
                journal.Flush();
            }
        }

        _ = EndOf(_disk, out string name);
        for (long offset = starts[0]; offset < starts[3]; offset++)
        {
            if (IsPadding(offset))
            {
                continue;
            }

            MemoryDisk disk = _disk.Copy();
            disk.Flip(name, offset, 0x10);
            JournalDamagedException damage = Assert.Throws<JournalDamagedException>(() => Open(disk));
            Assert.Equal(name, damage.File);
            Assert.Equal(starts.Last(start => start <= offset), damage.Offset);
        }

        // Up to seven bytes between a frame and the next multiple of eight belong to nobody.
        bool IsPadding(long offset)
        {
            long start = starts.Last(start => start <= offset);
            uint length = BitConverter.ToUInt32(_disk.ReadAll(name), (int)start + 12);
            return offset >= start + JournalSegment.FrameHeaderBytes + length;
        }
    }

    [Fact]
    public void Damage_in_a_segment_that_is_not_the_last_is_refused_even_in_its_last_turn()
    {
        using (Journal journal = Open(options: Options(segmentBytes: 2048)))
        {
            for (ulong turn = 1; journal.Segments < 3 && turn < 100; turn++)
            {
                journal.Append(Test.Block(turn, bytes: 300));
                journal.Flush();
            }
        }

        string first = _disk.List()[0];
        byte[] bytes = _disk.ReadAll(first);
        int last = Array.FindLastIndex(bytes, value => value != 0);
        _disk.Flip(first, last);
        JournalDamagedException damage = Assert.Throws<JournalDamagedException>(() => Open());
        Assert.Equal(first, damage.File);
        Assert.InRange(damage.Offset, FileHeader.Bytes, last);
    }

    [Fact]
    public void A_missing_segment_and_a_bad_segment_header_are_refused()
    {
        using (Journal journal = Open(options: Options(segmentBytes: 2048)))
        {
            for (ulong turn = 1; journal.Segments < 4 && turn < 100; turn++)
            {
                journal.Append(Test.Block(turn, bytes: 300));
                journal.Flush();
            }
        }

        MemoryDisk missing = _disk.Copy();
        missing.Delete(missing.List()[1]);
        Assert.Equal("the file is missing", Assert.Throws<JournalDamagedException>(() => Open(missing)).Reason);

        foreach (string name in _disk.List())
        {
            MemoryDisk disk = _disk.Copy();
            disk.Flip(name, 50);
            JournalDamagedException damage = Assert.Throws<JournalDamagedException>(() => Open(disk));
            Assert.Equal((name, 0), (damage.File, damage.Offset));
        }
    }

    [Fact]
    public void A_journal_of_another_chain_is_refused_with_both_names()
    {
        Open().Dispose();
        var other = new TestChain("other");
        ForeignFileException foreign = Assert.Throws<ForeignFileException>(() => Journal.Open(_disk, other.Chain, Options()));
        Assert.Contains(Test.Chain.Id.ToShortString(), foreign.Message, StringComparison.Ordinal);
        Assert.Contains(other.Chain.Id.ToShortString(), foreign.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_is_full_in_the_middle_of_a_turn_leaves_no_trace_and_the_turn_goes_out_when_there_is_space()
    {
        using Journal journal = Open();
        journal.Append(Record(1, 0, "old"));
        journal.Flush();
        byte[] before = _disk.ReadAll(_disk.List()[0]);
        journal.Append(Test.Block(1));
        journal.Append(Record(1, 0, "new"));
        long length = before.Length;
        for (int written = 0; written < 300; written += 7)
        {
            // Cutting overwrites bytes that the file has: it needs no space.
            _disk.FailWritesAfter(written, once: true);
            Assert.Throws<JournalWriteException>(journal.Flush);
            Assert.Equal("old", Text(Reopened(_disk), 1));
            Assert.Equal(length, _disk.ReadAll(_disk.List()[0]).Length);
        }

        journal.Append(Record(2, 0, "a later turn"));
        journal.Flush();
        JournalContents recovered = Reopened(_disk);
        Assert.Equal("new", Text(recovered, 1));
        Assert.Equal("a later turn", Text(recovered, 2));
        Assert.Equal([Test.Block(1).Digest], recovered.Blocks.Select(block => block.Digest));
    }

    [Fact]
    public void A_write_that_fails_and_cannot_be_cut_away_is_latched()
    {
        using Journal journal = Open();
        journal.Append(Record(1, 0, "vote"));
        _disk.FailWritesAfter(10);
        Assert.Throws<JournalFailedException>(journal.Flush);
        _disk.HealWrites();
        Assert.Throws<JournalFailedException>(journal.Flush);
    }

    [Fact]
    public void A_failed_flush_is_latched_though_the_next_one_would_succeed()
    {
        using (Journal journal = Open())
        {
            journal.Append(Record(1, 0, "promised"));
            journal.Flush();
            journal.Append(Record(1, 0, "lost"));
            _disk.FailFlushes();
            Assert.Throws<JournalFailedException>(journal.Flush);
            Assert.Throws<JournalFailedException>(journal.Flush);
            Assert.Throws<JournalFailedException>(() => journal.Append(Record(2, 0, "x")));
            Assert.Throws<JournalFailedException>(() => journal.Append(Test.Block(1)));
            Assert.Throws<JournalFailedException>(() => journal.Discard(1, 0));
            Assert.Throws<JournalFailedException>(() => journal.MarkCommitted(new Height(1), default));
            journal.Release(new Height(1));
        }

        _disk.Crash();
        Assert.Equal("promised", Text(Reopened(_disk), 1));
    }

    [Fact]
    public void Rotation_carries_safety_records_and_marks_forward_so_that_old_segments_may_go()
    {
        var marked = (new Height(200), Test.Block(200).Digest);
        using (Journal journal = Open(options: Options(segmentBytes: 2048)))
        {
            journal.Append(Record(1, 0, "the vote that must never be forgotten"));
            journal.Append(Record(4, 1, "discarded"));
            journal.Append(Record(4, 2, "kept"));
            journal.Discard(4, 1);
            journal.Flush();
            for (ulong turn = 1; turn <= 200; turn++)
            {
                journal.Append(Test.Block(turn, bytes: 300));
                journal.MarkCommitted(new Height(turn), Test.Block(turn, bytes: 300).Digest);
                journal.Flush();
                if (turn >= 3)
                {
                    journal.Release(new Height(turn - 2));
                }
            }

            journal.MarkCommitted(marked.Item1, marked.Digest);
            journal.Flush();
            Assert.InRange(journal.Segments, 1, 3);
        }

        Assert.InRange(_disk.List().Count, 1, 4);
        _disk.Crash();
        JournalContents recovered = Reopened(_disk);
        Assert.Equal("the vote that must never be forgotten", Text(recovered, 1));
        Assert.Equal("kept", Text(recovered, 4, 2));
        Assert.Equal(2, recovered.Records.Length);
        Assert.Equal(marked, recovered.Committed);
        Assert.Equal([199UL], recovered.Blocks.Select(block => block.Height.Value));
    }

    [Fact]
    public void A_few_old_blocks_that_nobody_releases_are_carried_forward_in_their_order_and_hold_no_segment()
    {
        Block[] pinned = [Test.Block(5000), Test.Block(4000), Test.Block(4500)];
        using (Journal journal = Open(options: Options(segmentBytes: 8192)))
        {
            foreach (Block block in pinned)
            {
                journal.Append(block);
            }

            journal.Flush();
            for (ulong turn = 1; turn <= 400; turn++)
            {
                journal.Append(Test.Block(turn, bytes: 300));
                journal.Flush();
                journal.Release(new Height(turn));
            }

            journal.Flush();
            Assert.InRange(journal.Segments, 1, 4);
        }

        Assert.Equal(pinned.Select(block => block.Digest), Reopened(_disk).Blocks.Select(block => block.Digest));
    }

    [Fact]
    public void Blocks_that_are_not_released_stay_however_many_segments_that_takes()
    {
        using (Journal journal = Open(options: Options(segmentBytes: 4096)))
        {
            for (ulong turn = 1; turn <= 100; turn++)
            {
                journal.Append(Test.Block(turn, bytes: 500));
                journal.Flush();
            }
        }

        Assert.Equal(Enumerable.Range(1, 100).Select(height => (ulong)height), Reopened(_disk).Blocks.Select(block => block.Height.Value));
    }

    [Fact]
    public void A_turn_larger_than_a_segment_gets_a_file_of_its_size()
    {
        using (Journal journal = Open(options: Options(segmentBytes: 1024)))
        {
            journal.Append(Test.Block(1, bytes: 60_000));
            journal.Append(Test.Block(2, bytes: 60_000));
            journal.Flush();
        }

        Assert.Equal(2, Reopened(_disk).Blocks.Length);
    }

    [Fact]
    public void The_stale_bytes_of_a_reused_file_never_come_back()
    {
        // A segment is filled, released and reused; the new life is cut at every frame boundary of the old one.
        using (Journal journal = Open(options: Options(segmentBytes: 4096)))
        {
            for (ulong turn = 1; turn <= 60; turn++)
            {
                journal.Append(Record(1, 0, $"{turn:D4}"));
                journal.Append(Test.Block(turn, bytes: 100));
                journal.Flush();
                journal.Release(new Height(turn));
            }

            journal.Flush();
        }

        string name = _disk.List().Last(file => file.EndsWith(".seg", StringComparison.Ordinal));
        Assert.True(_disk.ReadAll(name).AsSpan().IndexOf("0001"u8) < 0);
        Assert.Contains(_disk.ReadAll(name).AsSpan((int)EndOf(_disk, out _)).ToArray(), value => value != 0);
        JournalContents recovered = Reopened(_disk);
        Assert.Equal("0060", Text(recovered, 1));
        Assert.Empty(recovered.Blocks);
    }

    [Fact]
    public void A_frame_of_an_earlier_life_at_the_very_same_place_is_stale()
    {
        // Two segments of the same layout and different salts: what is good in one is no frame in the other.
        using (Journal journal = Open())
        {
            journal.Append(Record(1, 0, "first life"));
            journal.Flush();
        }

        byte[] old = _disk.ReadAll(_disk.List()[0]);
        var disk = new MemoryDisk();
        Open(disk).Dispose();
        long end = EndOf(disk, out string name);
        byte[] reused = disk.ReadAll(name);
        old.AsSpan((int)end).CopyTo(reused.AsSpan((int)end));
        disk.Put(name, reused);
        Assert.Empty(Reopened(disk).Records);
    }

    [Fact]
    public void A_crash_while_a_new_segment_is_made_loses_nothing_that_was_flushed()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var disk = new MemoryDisk();
            using (Journal journal = Open(disk, Options(segmentBytes: 1024)))
            {
                journal.Append(Record(1, 0, "kept"));
                journal.Flush();
                journal.Append(Test.Block(1, bytes: 2000));
                // One of the flushes on the way to the new segment fails: of the zeros, the frame, the directory.
                disk.FailFlushes(after: seed % 3);
                Assert.ThrowsAny<IOException>(journal.Flush);
            }

            disk.Crash(CrashLoss.Torn, seed);
            using Journal again = Open(disk, Options(segmentBytes: 1024));
            Assert.Equal("kept", Text(again.Recovered, 1));
        }
    }

    [Fact]
    public void No_space_for_the_next_segment_is_resumable()
    {
        using Journal journal = Open(options: Options(segmentBytes: 1024));
        journal.Append(Test.Block(1, bytes: 2000));
        _disk.CapacityBytes = 1500;
        Assert.Throws<JournalWriteException>(journal.Flush);
        Assert.Throws<JournalWriteException>(journal.Flush);
        _disk.CapacityBytes = null;
        journal.Flush();
        Assert.Equal([1UL], Reopened(_disk).Blocks.Select(block => block.Height.Value));
    }

    [Fact]
    public void A_turn_above_the_limit_goes_out_in_parts_and_only_a_single_record_above_it_is_refused()
    {
        using Journal journal = Open(options: Options() with { MaxTurnBytes = 4096 });
        for (ulong height = 1; height < 100; height++)
        {
            journal.Append(Test.Block(height, bytes: 500));
            journal.Append(Record(1, 0, $"{height}"));
            journal.MarkCommitted(new Height(height), Test.Block(height, bytes: 500).Digest);
        }

        Assert.Throws<ArgumentException>(() => journal.Append(Test.Block(100, bytes: 5000)));
        journal.Flush();
        JournalContents recovered = Reopened(_disk);
        Assert.Equal("99", Text(recovered, 1));
        Assert.Equal(99, recovered.Blocks.Length);
    }

    [Fact]
    public void What_waits_while_the_disk_is_full_is_bounded_and_goes_out_when_there_is_space()
    {
        using Journal journal = Open(options: Options() with { MaxTurnBytes = 4096 });
        ulong taken = 0;
        Assert.Throws<JournalWriteException>(() =>
        {
            for (; taken < 100; taken++)
            {
                // Cutting a failed write away needs no space.
                _disk.FailWritesAfter(100, once: true);
                journal.Append(Test.Block(taken + 1, bytes: 500));
            }
        });
        _disk.HealWrites();
        Assert.InRange(taken, 1UL, 8UL);
        journal.Append(Test.Block(taken + 1, bytes: 500));
        journal.Flush();
        Assert.Equal((int)taken + 1, Reopened(_disk).Blocks.Length);
    }

    [Fact]
    public void What_a_killed_process_wrote_and_never_flushed_is_durable_before_it_is_trusted()
    {
        // The kill comes between write and flush: the next start reads the turn from the kernel's memory.
        KillBeforeTheFlush(_disk);
        using (Journal again = Open())
        {
            Assert.Equal("sent again without a new record", Text(again.Recovered, 1));
        }

        _disk.Crash(CrashLoss.All);
        Assert.Equal("sent again without a new record", Text(Reopened(_disk), 1));
    }

    [Fact]
    public void What_a_failed_flush_left_in_memory_is_written_again_before_it_is_trusted()
    {
        using (Journal journal = Open())
        {
            journal.Append(Record(1, 0, "promised"));
            journal.Flush();
            journal.Append(Record(1, 0, "its pages are clean and not on the medium"));
            _disk.FailFlushes();
            Assert.Throws<JournalFailedException>(journal.Flush);
        }

        _disk.Crash(CrashLoss.None);
        string trusted;
        using (Journal again = Open())
        {
            trusted = Text(again.Recovered, 1);
        }

        _disk.Crash(CrashLoss.All);
        Assert.Equal(trusted, Text(Reopened(_disk), 1));
    }

    [Fact]
    public void A_segment_whose_name_was_not_durable_has_a_durable_name_before_it_is_trusted()
    {
        using (Journal journal = Open(options: Options(segmentBytes: 1024)))
        {
            journal.Append(Record(1, 0, "old"));
            journal.Flush();
            journal.Append(Record(1, 0, "in the next segment"));
            journal.Append(Test.Block(1, bytes: 2000));
            // The zeros, the frame, then the directory.
            _disk.FailFlushes(after: 2);
            Assert.Throws<JournalFailedException>(journal.Flush);
            Assert.Equal(2, _disk.List().Count(name => name.EndsWith(".seg", StringComparison.Ordinal)));
        }

        _disk.Crash(CrashLoss.None);
        using (Journal again = Open(options: Options(segmentBytes: 1024)))
        {
            Assert.Equal("in the next segment", Text(again.Recovered, 1));
        }

        _disk.Crash(CrashLoss.All);
        Assert.Equal("in the next segment", Text(Reopened(_disk), 1));
    }

    [Fact]
    public void A_start_that_cannot_make_durable_what_it_read_fails()
    {
        KillBeforeTheFlush(_disk);
        for (int after = 0; after < 2; after++)
        {
            _disk.FailFlushes(after: after);
            Assert.ThrowsAny<IOException>(() => Open());
        }

        Open().Dispose();
        _disk.Crash(CrashLoss.All);
        Assert.Equal("sent again without a new record", Text(Reopened(_disk), 1));
    }

    [Fact]
    public void A_failed_directory_flush_after_an_old_segment_was_let_go_is_latched()
    {
        foreach (CrashLoss loss in new[] { CrashLoss.None, CrashLoss.All })
        {
            var disk = new MemoryDisk();
            List<string> warnings = [];
            using (Journal journal = Open(disk, Options(segmentBytes: 2048) with { Warn = warnings.Add }))
            {
                ulong height = 0;
                while (journal.Segments < 2)
                {
                    journal.Append(Test.Block(++height, bytes: 300));
                    journal.Flush();
                }

                journal.Release(new Height(height));
                journal.Append(Record(1, 0, "durable"));
                // The turn's own flush succeeds.
                disk.FailFlushes(after: 1);
                Assert.Throws<JournalFailedException>(journal.Flush);
                Assert.Equal(1, journal.Segments);
                Assert.Throws<JournalFailedException>(() => journal.Append(Record(1, 0, "refused")));
                Assert.Throws<JournalFailedException>(journal.Flush);
                Assert.Empty(warnings);
            }

            disk.Crash(loss);
            Assert.Equal("durable", Text(Reopened(disk), 1));
        }
    }

    // Leaves a whole frame in the file that no flush followed.
    private void KillBeforeTheFlush(MemoryDisk disk)
    {
        using (Journal journal = Open(disk))
        {
            journal.Append(Record(1, 0, "flushed"));
            journal.Flush();
        }

        long start = EndOf(disk, out string name);
        MemoryDisk other = disk.Copy();
        using (Journal journal = Open(other))
        {
            journal.Append(Record(1, 0, "sent again without a new record"));
            journal.Flush();
            byte[] whole = other.ReadAll(name);
            using IDiskFile file = disk.Open(name);
            file.Write(start, whole.AsSpan((int)start, 512));
        }

        disk.Crash(CrashLoss.None);
    }

    private JournalContents Reopened(MemoryDisk disk)
    {
        using Journal journal = Open(disk.Copy());
        return journal.Recovered;
    }

    // Where the next frame goes in the last segment.
    private static long EndOf(MemoryDisk disk, out string name)
    {
        name = disk.List().Last(file => file.EndsWith(".seg", StringComparison.Ordinal));
        using IDiskFile file = disk.Open(name);
        JournalSegment segment = JournalSegment.ReadHeader(disk, file, Test.Chain);
        long offset = FileHeader.Bytes;
        byte[] buffer = [];
        while (segment.TryReadFrame(file, offset, ref buffer, out int bytes))
        {
            offset = JournalSegment.Align(offset + bytes);
        }

        return offset;
    }
}
