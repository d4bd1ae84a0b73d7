using Bft.Engine.Shared;

namespace Bft.Engine.Tests.Shared;

public class BackOffTests
{
    private static readonly ProtocolOptions Options = new() { ViewTimeout = TimeSpan.FromMilliseconds(100), TimeoutGrowth = 2, MaxViewTimeout = TimeSpan.FromSeconds(1) };

    [Fact]
    public void It_grows_with_each_failure_up_to_the_cap_and_a_commit_resets_it()
    {
        var backOff = new BackOff(Options);
        List<double> timeouts = [];
        for (int i = 0; i < 6; i++)
        {
            timeouts.Add(backOff.Timeout.TotalMilliseconds);
            backOff.Failed();
        }

        Assert.Equal([100, 200, 400, 800, 1000, 1000], timeouts);
        for (int i = 0; i < 5000; i++)
        {
            backOff.Failed();
        }

        Assert.Equal(TimeSpan.FromSeconds(1), backOff.Timeout);
        backOff.Succeeded();
        Assert.Equal(TimeSpan.FromMilliseconds(100), backOff.Timeout);
    }
}
