using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed class EvidenceFileTests
{
    private static readonly TestChain Test = new();
    private readonly MemoryDisk _disk = new();
    private readonly List<string> _warnings = [];

    private EvidenceFile Open() => EvidenceFile.Open(_disk, Test.Chain, _warnings.Add);

    [Fact]
    public void What_was_written_survives_a_crash_in_its_order_and_with_its_signatures()
    {
        EvidenceFile file = Open();
        Assert.True(file.Add(Test.DoubleVote(2, 3)));
        Assert.True(file.Add(Test.DoubleVote(1, 9)));
        file.Write();
        Assert.True(file.Add(Test.DoubleVote(1, 10)));
        _disk.Crash();

        using EvidenceFile again = Open();
        Assert.Equal([(2, 3ul), (1, 9ul)], Found(again.All));
        Assert.Equal([(1, 9ul)], Found(again.Newest(1)));
        Assert.All(again.All, evidence =>
        {
            Assert.True(new TestClaims(Test).IsVote(evidence.First));
            Assert.True(new TestClaims(Test).IsVote(evidence.Second));
            Assert.NotEqual(evidence.First.Statement.Subject, evidence.Second.Statement.Subject);
        });
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_validator_is_convicted_once_for_what_it_signed_twice_and_fills_nobody_elses_room()
    {
        using (EvidenceFile file = Open())
        {
            Assert.True(file.Add(Test.DoubleVote(3, 1)));
            Assert.False(file.Add(Test.DoubleVote(3, 1)));
            for (ulong view = 2; view <= 1000; view++)
            {
                Assert.Equal(view <= EvidenceFile.MaxPerSigner, file.Add(Test.DoubleVote(3, view)));
            }

            Assert.True(file.Add(Test.DoubleVote(2, 1)));
        }

        using EvidenceFile again = Open();
        Assert.Equal(EvidenceFile.MaxPerSigner + 1, again.All.Count);
        Assert.False(again.Add(Test.DoubleVote(3, 2000)));
        Assert.False(again.Add(Test.DoubleVote(2, 1)));
    }

    [Fact]
    public void A_changed_byte_costs_no_more_than_what_follows_it_and_the_file_is_kept_aside()
    {
        using (EvidenceFile file = Open())
        {
            file.Add(Test.DoubleVote(1, 1));
            file.Add(Test.DoubleVote(2, 2));
        }

        byte[] content = Content("evidence.bin");
        int record = (content.Length - FileHeader.Bytes) / 2;
        for (int place = 0; place < content.Length; place++)
        {
            byte[] changed = (byte[])content.Clone();
            changed[place] ^= 0x11;
            Replace(changed);
            _warnings.Clear();
            int whole = place < FileHeader.Bytes ? 0 : (place - FileHeader.Bytes) / record;
            using (EvidenceFile again = Open())
            {
                Assert.Equal(whole, again.All.Count);
                Assert.True(again.Add(Test.DoubleVote(0, 1)));
            }

            Assert.Single(_warnings);
            Assert.Equal(changed, Content("evidence-damaged.bin"));
            using EvidenceFile repaired = Open();
            Assert.Equal(whole + 1, repaired.All.Count);
            Assert.Single(_warnings);
        }
    }

    [Fact]
    public void What_a_crash_cut_off_is_given_up()
    {
        using (EvidenceFile file = Open())
        {
            file.Add(Test.DoubleVote(1, 1));
            file.Add(Test.DoubleVote(2, 2));
        }

        byte[] content = Content("evidence.bin");
        Replace(content[..^1]);
        using EvidenceFile again = Open();
        Assert.Equal([(1, 1ul)], Found(again.All));
    }

    [Fact]
    public void A_proof_that_found_no_room_is_written_with_the_next()
    {
        using (EvidenceFile file = Open())
        {
            _disk.FailWritesAfter(5, once: true);
            file.Add(Test.DoubleVote(1, 1));
            file.Write();
            Assert.Single(_warnings);
            Assert.Single(file.All);
            file.Add(Test.DoubleVote(2, 2));
            file.Write();
            _disk.Crash();
        }

        using EvidenceFile again = Open();
        Assert.Equal([(1, 1ul), (2, 2ul)], Found(again.All));
    }

    [Fact]
    public void A_file_of_another_chain_is_refused()
    {
        Open().Dispose();
        Assert.Throws<ForeignFileException>(() => EvidenceFile.Open(_disk, new TestChain("another").Chain));
    }

    private static IEnumerable<(int, ulong)> Found(IEnumerable<Evidence> all) => all.Select(evidence => (evidence.First.Signer.Value, evidence.First.Statement.View.Value));

    private byte[] Content(string name)
    {
        using IDiskFile file = _disk.Open(name, writable: false);
        var content = new byte[file.Length];
        file.Read(0, content);
        return content;
    }

    private void Replace(byte[] content)
    {
        using IDiskFile file = _disk.Create("evidence.bin");
        file.Write(0, content);
        file.Flush();
    }
}
