namespace Bft.Network.Tests.Peers;

/// <summary>What happened, in order, and a way to wait for it without sleeping.</summary>
internal sealed class Recorder<T>
{
    /// <summary>Long enough for a loaded machine; a test that waits this long has failed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly List<T> _all = [];
    private readonly List<(Func<IReadOnlyList<T>, bool> Condition, TaskCompletionSource Met)> _waiting = [];

    public T[] All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    public void Add(T item)
    {
        lock (_lock)
        {
            _all.Add(item);
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].Condition(_all))
                {
                    _waiting[i].Met.SetResult();
                    _waiting.RemoveAt(i);
                }
            }
        }
    }

    public Task Until(Func<IReadOnlyList<T>, bool> condition)
    {
        lock (_lock)
        {
            if (condition(_all))
            {
                return Task.CompletedTask;
            }

            var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((condition, met));
            return met.Task.WaitAsync(Patience);
        }
    }

    public async Task<T> First(Func<T, bool> condition)
    {
        await Until(all => all.Any(condition));
        return All.First(condition);
    }

    public Task Count(int count) => Until(all => all.Count >= count);
}
