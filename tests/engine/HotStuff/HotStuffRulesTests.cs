using Bft.Engine.HotStuff;
using Bft.Engine.Tests.Encoding;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>The rules of the paper by their tables; each stands alone here, whatever else would catch what it lets through.</summary>
public class HotStuffRulesTests
{
    private static readonly HotStuffRules Rules = HotStuffRules.Paper;
    private static readonly Block Good = Specimens.SomeBlock;

    [Fact]
    public void A_block_is_well_formed_only_with_everything_as_its_certificate_says()
    {
        BlockHeader header = Good.Header with { Parent = Good.Justify!.Statement.Subject };
        QuorumCertificate justify = Good.Justify;
        Assert.True(Rules.IsWellFormed(Of(header, justify)));
        Assert.False(Rules.IsWellFormed(Of(header, null)));
        Assert.False(Rules.IsWellFormed(Of(header with { Parent = Specimens.Chain.Id }, justify)));
        Assert.False(Rules.IsWellFormed(Of(header with { Height = header.Height.Next() }, justify)));
        Assert.False(Rules.IsWellFormed(Of(header with { Height = header.Height.Previous() }, justify)));
        Assert.False(Rules.IsWellFormed(Of(header with { View = justify.View }, justify)));
        Assert.False(Rules.IsWellFormed(Of(header with { View = new View(justify.View.Value - 1) }, justify)));
        Assert.False(Rules.IsWellFormed(Of(header with { Epoch = new Epoch(1) }, justify)));
        Assert.False(Rules.IsWellFormed(Of(header, With(justify, justify.Statement with { Kind = StatementKind.Timeout }))));
        Assert.True(Rules.IsWellFormed(Of(header with { View = new View(justify.View.Value + 50) }, justify)));
    }

    [Fact]
    public void A_certificate_certifies_one_block_alone()
    {
        Statement vote = HotStuffMessages.VoteStatement(Good);
        QuorumCertificate certificate = With(Good.Justify!, vote);
        Assert.True(Rules.Certifies(certificate, Good));
        Statement[] others =
        [
            vote with { Kind = StatementKind.Proposal }, vote with { View = vote.View.Next() }, vote with { Slot = vote.Slot.Next() }, vote with { Subject = Specimens.Chain.Id },
        ];
        Assert.All(others, other => Assert.False(Rules.Certifies(With(certificate, other), Good)));
    }

    [Theory]
    [InlineData(true, 1, 9, true)]
    [InlineData(true, 9, 9, true)]
    [InlineData(false, 9, 9, false)]
    [InlineData(false, 8, 9, false)]
    [InlineData(false, 10, 9, true)]
    public void A_node_is_safe_when_it_extends_the_lock_or_is_justified_later(bool extends, ulong justify, ulong locked, bool safe) =>
        Assert.Equal(safe, Rules.SafeNode(extends, new View(justify), new View(locked)));

    [Theory]
    [InlineData(5, 4, true)]
    [InlineData(5, 5, false)]
    [InlineData(4, 5, false)]
    public void A_lock_only_rises(ulong parent, ulong locked, bool locks) => Assert.Equal(locks, Rules.Locks(new View(parent), new View(locked)));

    [Theory]
    [InlineData(1, 2, 3, true)]
    [InlineData(1, 2, 4, false)]
    [InlineData(1, 3, 4, false)]
    [InlineData(1, 3, 5, false)]
    [InlineData(3, 2, 1, false)]
    [InlineData(2, 2, 2, false)]
    public void Three_views_in_a_row_commit(ulong b, ulong b1, ulong b2, bool commits) => Assert.Equal(commits, Rules.Commits(new View(b), new View(b1), new View(b2)));

    private static Block Of(BlockHeader header, QuorumCertificate? justify) => new(Specimens.Chain, header, Good.Payload, justify);

    private static QuorumCertificate With(QuorumCertificate certificate, Statement statement) => new(statement, certificate.Signers, certificate.Signature);
}
