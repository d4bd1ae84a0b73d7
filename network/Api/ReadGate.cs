namespace Bft.Network.Api;

/// <summary>
/// Lets few reads of the ledger at once decode blocks, over gRPC and HTTP together, so that a validator's cores stay with consensus
/// however many clients ask. More wait, as long as reads may (<see cref="ApiLimits.ReadTimeout"/>). Thread-safe.
/// </summary>
public sealed class ReadGate : IDisposable
{
    private readonly ApiLimits _limits;
    private readonly SemaphoreSlim _places;

    /// <summary>Makes a gate of <see cref="ApiLimits.MaxHeavyReads"/> places.</summary>
    public ReadGate(ApiLimits limits)
    {
        _limits = limits;
        _places = new SemaphoreSlim(limits.MaxHeavyReads);
    }

    /// <summary>What is said to a read that got no place.</summary>
    public string Refusal => $"This validator had no room for the read within {_limits.ReadTimeout} (MaxHeavyReads): ask another validator, or later.";

    /// <summary>How many places are free.</summary>
    internal int Free => _places.CurrentCount;

    /// <summary>Waits for a place and reads; false when there was no place in time.</summary>
    /// <param name="read">The read; done on the caller's thread.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">Cancelled before there was a place.</exception>
    public async ValueTask<(bool Done, T? Result)> ReadAsync<T>(Func<T> read, CancellationToken cancellation)
    {
        if (!await _places.WaitAsync(_limits.ReadTimeout, cancellation))
        {
            return (false, default);
        }

        try
        {
            return (true, read());
        }
        finally
        {
            _places.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();
}
