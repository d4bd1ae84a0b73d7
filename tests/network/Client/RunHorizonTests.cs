using Bft.Client;

namespace Bft.Network.Tests.Client;

public sealed class RunHorizonTests
{
    [Fact]
    public async Task The_newest_run_waits_until_it_is_within_the_horizon_of_the_oldest_unfinished()
    {
        var horizon = new RunHorizon(3);
        ulong[] tickets = [await horizon.EnterAsync(default), await horizon.EnterAsync(default), await horizon.EnterAsync(default)];
        Assert.Equal([0ul, 1, 2], tickets);
        Task<ulong> fourth = horizon.EnterAsync(default).AsTask();

        // However many newer ones are finished: the oldest is what counts.
        horizon.Leave(2);
        horizon.Leave(1);
        Assert.False(fourth.IsCompleted);
        horizon.Leave(0);
        Assert.Equal(3ul, await fourth);
        Assert.Equal(4ul, await horizon.EnterAsync(default));
        Assert.Equal(5ul, await horizon.EnterAsync(default));
        Assert.False(horizon.EnterAsync(default).AsTask().IsCompleted);
    }

    [Fact]
    public async Task The_wait_can_be_ended()
    {
        var horizon = new RunHorizon(1);
        await horizon.EnterAsync(default);
        using var ended = new CancellationTokenSource();
        Task<ulong> second = horizon.EnterAsync(ended.Token).AsTask();
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        horizon.Leave(0);
        Assert.Equal(1ul, await horizon.EnterAsync(default));
    }
}
