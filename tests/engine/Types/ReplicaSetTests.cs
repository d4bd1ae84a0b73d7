using Bft.Engine.Encoding;
using CsCheck;

namespace Bft.Engine.Tests.Types;

public class ReplicaSetTests
{
    private static readonly Gen<int[]> Members = Gen.Int[0, ReplicaSet.Capacity - 1].Array[0, 40];

    [Fact]
    public void It_is_a_set() => Members.Sample(members =>
    {
        SortedSet<int> model = [.. members];
        ReplicaSet set = ReplicaSet.Of(members);
        return set.Count == model.Count &&
            set.ToArray().SequenceEqual(model) &&
            set.Bound == (model.Count == 0 ? 0 : model.Max + 1) &&
            model.All(member => set.Contains(new ReplicaId(member))) &&
            set == ReplicaSet.Of([.. model.Reverse()]) &&
            set.GetHashCode() == ReplicaSet.Of([.. model]).GetHashCode();
    });

    [Fact]
    public void Union_intersection_and_removal_are_those_of_sets() => Gen.Select(Members, Members).Sample((left, right) =>
        ReplicaSet.Of(left).Union(ReplicaSet.Of(right)) == ReplicaSet.Of([.. left.Union(right)]) &&
        ReplicaSet.Of(left).Intersect(ReplicaSet.Of(right)) == ReplicaSet.Of([.. left.Intersect(right)]) &&
        left.Aggregate(ReplicaSet.Of(left), (set, member) => set.Without(new ReplicaId(member))) == ReplicaSet.Empty);

    [Fact]
    public void Its_encoding_is_one_and_gives_it_back() => Members.Sample(members =>
    {
        ReplicaSet set = ReplicaSet.Of(members);
        var writer = new CanonicalWriter();
        writer.Set(set);
        var reader = new CanonicalReader(writer.ToArray());
        return reader.Set() == set && reader.Complete;
    });

    [Theory]
    [InlineData("01", false)]
    [InlineData("0100", false)]
    [InlineData("020100", false)]
    [InlineData("00", true)]
    [InlineData("0101", true)]
    [InlineData("41", false)]
    [InlineData("ff", false)]
    [InlineData("", false)]
    public void A_bitmap_with_trailing_zero_bytes_or_beyond_the_capacity_is_malformed(string hex, bool good)
    {
        var reader = new CanonicalReader(Convert.FromHexString(hex));
        reader.Set();
        Assert.Equal(good, reader.Complete);
    }

    [Fact]
    public void Numbers_out_of_range_are_never_members()
    {
        ReplicaSet full = ReplicaSet.FirstOf(ReplicaSet.Capacity);
        Assert.False(full.Contains(new ReplicaId(-1)));
        Assert.False(full.Contains(new ReplicaId(ReplicaSet.Capacity)));
        Assert.Equal(full, full.Without(new ReplicaId(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => full.With(new ReplicaId(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => full.With(new ReplicaId(ReplicaSet.Capacity)));
        Assert.Throws<ArgumentOutOfRangeException>(() => ReplicaSet.FirstOf(ReplicaSet.Capacity + 1));
        Assert.Equal("{0,2,511}", ReplicaSet.Of(511, 0, 2).ToString());
    }
}
