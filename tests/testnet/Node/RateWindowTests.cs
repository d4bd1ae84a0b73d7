using Bft.Engine;
using Bft.Testnet.Node;

namespace Bft.Testnet.Tests.Node;

public sealed class RateWindowTests
{
    private readonly SetClock _clock = new();
    private long _transactions = 1000;
    private ulong _height = 100;

    [Fact]
    public void What_was_there_before_does_not_count()
    {
        RateWindow rates = Begin();
        Assert.Equal((0, 0), rates.PerSecond());
        Pass(3);
        Assert.Equal((0, 0), rates.PerSecond());
    }

    [Fact]
    public void The_first_look_shows_the_rates_however_long_nobody_looked()
    {
        RateWindow rates = Begin();
        for (int i = 0; i < 4 * 60; i++)
        {
            Execute(rates, 50, 2);
            Pass(0.25);
        }

        (double transactions, double blocks) = rates.PerSecond();
        Assert.Equal((200, 8), (transactions, blocks));
    }

    [Fact]
    public void Whoever_looks_changes_nothing_for_the_next()
    {
        RateWindow rates = Begin();
        Execute(rates, 100, 5);
        Pass(5);
        Assert.Equal((20, 1), rates.PerSecond());
        Assert.Equal((20, 1), rates.PerSecond());
    }

    [Fact]
    public void What_is_older_than_the_window_is_gone_and_what_is_younger_is_not()
    {
        RateWindow rates = Begin();
        Pass(100);
        Execute(rates, 100, 10);
        Pass(9.75);
        Assert.Equal((100 / 9.75, 10 / 9.75), rates.PerSecond());
        Pass(0.25);
        Assert.Equal((0, 0), rates.PerSecond());
        Execute(rates, 39, 39);
        Assert.Equal((4, 4), rates.PerSecond());
        Pass(1000);
        Assert.Equal((0, 0), rates.PerSecond());
    }

    [Fact]
    public void Within_the_first_second_one_block_is_one_a_second()
    {
        RateWindow rates = Begin();
        Pass(0.01);
        Execute(rates, 7, 1);
        Assert.Equal((7, 1), rates.PerSecond());
    }

    private RateWindow Begin() => new(_clock, _transactions, new Height(_height));

    private void Execute(RateWindow rates, int transactions, int blocks) => rates.Reached(_transactions += transactions, new Height(_height += (ulong)blocks));

    private void Pass(double seconds) => _clock.Now += TimeSpan.FromSeconds(seconds);

    private sealed class SetClock : IClock
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromSeconds(17);

        public ulong UnixMilliseconds => 0;
    }
}
