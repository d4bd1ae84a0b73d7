namespace Bft.Engine;

/// <summary>What each peer may cost this replica: a rate in the long run, and a burst. Thread-safe.</summary>
/// <param name="peers">How many there are.</param>
/// <param name="clock">The clock of the rate.</param>
/// <param name="perSecond">How much comes back in a second.</param>
/// <param name="burst">How much there is at the most.</param>
internal sealed class Allowance(int peers, IClock clock, double perSecond, double burst)
{
    private readonly Lock _lock = new();
    private readonly (double Left, TimeSpan At)[] _accounts = [.. Enumerable.Repeat((burst, clock.Now), peers)];

    /// <summary>Takes an amount if it is there.</summary>
    public bool TryTake(ReplicaId peer, double amount)
    {
        lock (_lock)
        {
            ref (double Left, TimeSpan At) account = ref Refilled(peer);
            if (account.Left < amount)
            {
                return false;
            }

            account.Left -= amount;
            return true;
        }
    }

    /// <summary>Whether that much is there.</summary>
    public bool IsLeft(ReplicaId peer, double amount)
    {
        lock (_lock)
        {
            return Refilled(peer).Left >= amount;
        }
    }

    /// <summary>Takes an amount in any case, into debt if need be.</summary>
    public void Take(ReplicaId peer, double amount)
    {
        lock (_lock)
        {
            Refilled(peer).Left -= amount;
        }
    }

    private ref (double Left, TimeSpan At) Refilled(ReplicaId peer)
    {
        ref (double Left, TimeSpan At) account = ref _accounts[peer.Value];
        TimeSpan now = clock.Now;
        account.Left = Math.Min(burst, account.Left + (Math.Max(0, (now - account.At).TotalSeconds) * perSecond));
        account.At = now;
        return ref account;
    }
}
