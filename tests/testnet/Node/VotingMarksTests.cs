using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Ledger;
using Bft.Ledger.Disks;
using Bft.Testnet.Homes;
using Bft.Testnet.Node;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Node;

/// <summary>A key whose journal is gone must not vote at once, however often it is started; a new key may.</summary>
public sealed class VotingMarksTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string Home => _directory["net/node-0"];

    private string Journal => Path.Combine(Home, "journal");

    private string KeyMark => Path.Combine(Home, SignedMark.FileName);

    private string LostMark => Path.Combine(Home, "lost.mark");

    [Fact]
    public async Task A_new_key_votes_at_once_and_so_it_does_after_every_ordinary_restart()
    {
        await MakeAsync();
        Assert.False(File.Exists(KeyMark));
        Assert.True(Start());
        Assert.True(File.Exists(KeyMark));
        Assert.True(Start());
        Assert.True(Start());
        Assert.False(File.Exists(LostMark));
    }

    [Fact]
    public async Task A_start_that_died_before_it_could_sign_anything_lost_nothing()
    {
        await MakeAsync();

        // The journal was made, the mark was not set.
        Assert.True(Start(dies: true));
        Assert.False(File.Exists(KeyMark));
        Assert.True(Start());
    }

    [Theory]
    [InlineData("journal-next.tmp")]
    [InlineData("journal-spare.tmp")]
    public async Task A_prepared_file_that_was_left_behind_is_no_journal(string left)
    {
        await MakeAsync();
        Assert.True(Start());
        Directory.Delete(Journal, recursive: true);
        Directory.CreateDirectory(Journal);
        await File.WriteAllBytesAsync(Path.Combine(Journal, left), new byte[4096]);
        Assert.False(Start());
    }

    [Fact]
    public async Task A_key_whose_journal_is_gone_does_not_vote_and_no_number_of_restarts_changes_that()
    {
        await MakeAsync();
        Assert.True(Start());
        Directory.Delete(Journal, recursive: true);

        // The first start makes a journal: the next ones find one, and must not take it for the old one.
        Assert.False(Start(dies: true));
        Assert.False(Start());
        Assert.False(Start());
        Assert.True(File.Exists(LostMark));
    }

    [Fact]
    public async Task An_emptied_journal_directory_is_a_lost_journal()
    {
        await MakeAsync();
        Assert.True(Start());
        foreach (string segment in Directory.EnumerateFiles(Journal))
        {
            File.Delete(segment);
        }

        Assert.False(Start());
    }

    [Fact]
    public async Task The_marks_are_the_key_s_and_outlive_a_home_that_was_wiped()
    {
        await MakeAsync();
        string keys = _directory["safe"];
        Directory.CreateDirectory(keys);
        NodeSettings settings = Settings();
        settings = settings with { Config = settings.Config with { Keys = Path.Combine(keys, "keys.json") } };
        Assert.True(Start(settings));
        Assert.True(SignedMark.Exists(keys));
        Assert.False(File.Exists(KeyMark));
        Directory.Delete(Journal, recursive: true);
        Assert.False(Start(settings));
        Assert.True(File.Exists(Path.Combine(keys, "lost.mark")));
    }

    [Fact]
    public async Task What_the_journal_says_of_a_vote_that_was_earned_back_overrules_the_mark()
    {
        await MakeAsync();
        Assert.True(Start());
        Directory.Delete(Journal, recursive: true);
        Assert.False(Start());
        NodeSettings settings = Settings();
        Chain chain = settings.Genesis.ToChain();
        SafetyRecord resumed = VoterOf(chain).Resume(new View(9));
        using (var journal = Ledger.Journal.Open(new FileDisk(Journal), chain, new JournalOptions()))
        {
            journal.Append(resumed);
            journal.Flush();
        }

        Assert.False(VotingMarks.MayVote(settings));
        using var again = Ledger.Journal.Open(new FileDisk(Journal), chain, new JournalOptions());
        Voter voter = VoterOf(chain);
        voter.Restore(again.Recovered.Records);
        Assert.True(voter.MayVote);

        // And with that journal gone, too, it is lost again.
        again.Dispose();
        Directory.Delete(Journal, recursive: true);
        Assert.False(Start());
        using var empty = Ledger.Journal.Open(new FileDisk(Journal), chain, new JournalOptions());
        voter = VoterOf(chain);
        voter.Restore(empty.Recovered.Records);
        Assert.False(voter.MayVote);
    }

    private async Task MakeAsync() =>
        Assert.Equal(0, (await new BftProgram().RunAsync("init", "--nodes", "4", "--out", _directory["net"], "--passphrase-file", _directory.Write("p", "secret\n"))).Code);

    private NodeSettings Settings() => NodeSettings.Read(Home);

    private Voter VoterOf(Chain chain) => new(chain, new ReplicaId(0), new Simulation.FastScheme(4, 1).SignerOf(0), Protocols.Find(Settings().Genesis.Protocol)!.Signing, mayVote: false);

    // What a validator does at its start, in its order: asks, opens the journal, marks the key.
    private bool Start(NodeSettings? settings = null, bool dies = false)
    {
        settings ??= Settings();
        bool mayVote = VotingMarks.MayVote(settings);
        Ledger.Journal.Open(new FileDisk(settings.Home.Resolve(settings.Config.Journal)), settings.Genesis.ToChain(), new JournalOptions()).Dispose();
        if (!dies)
        {
            VotingMarks.Begin(settings);
        }

        return mayVote;
    }
}
