namespace Bft.Engine.Sync;

/// <summary>
/// What answering one peer's requests may cost this replica: a rate of requests and a rate of bytes read and sent, each with a burst of one
/// second. A request of a few bytes can ask for megabytes of ledger, so its own length bounds nothing. Thread-safe.
/// </summary>
/// <remarks>A peer that catches up has four requests under way among all it asks, and verifies what it gets: it stays far below.</remarks>
internal sealed class RequestBudget
{
    /// <summary>Requests of one peer that are served in a second.</summary>
    public const int RequestsPerSecond = 256;

    /// <summary>Bytes of answers to one peer in a second.</summary>
    public const int BytesPerSecond = 64 << 20;

    private readonly IClock _clock;
    private readonly Account[] _accounts;

    /// <summary>Gives every peer a full budget.</summary>
    public RequestBudget(int peers, IClock clock)
    {
        _clock = clock;
        _accounts = new Account[peers];
        for (int i = 0; i < peers; i++)
        {
            _accounts[i] = new Account { At = clock.Now };
        }
    }

    /// <summary>Charges a request; false when the peer has asked for too much lately and must not be served now.</summary>
    public bool TryBegin(ReplicaId peer)
    {
        Account account = _accounts[peer.Value];
        lock (account)
        {
            Refill(account);
            if (account.Requests < 1 || account.Bytes <= 0)
            {
                return false;
            }

            account.Requests--;
            return true;
        }
    }

    /// <summary>Charges the answer, into debt if need be: how large it is shows only when it was read.</summary>
    public void Charge(ReplicaId peer, int bytes)
    {
        Account account = _accounts[peer.Value];
        lock (account)
        {
            account.Bytes -= bytes;
        }
    }

    private void Refill(Account account)
    {
        double seconds = Math.Max(0, (_clock.Now - account.At).TotalSeconds);
        account.At += TimeSpan.FromSeconds(seconds);
        account.Requests = Math.Min(RequestsPerSecond, account.Requests + (seconds * RequestsPerSecond));
        account.Bytes = Math.Min(BytesPerSecond, account.Bytes + (seconds * BytesPerSecond));
    }

    private sealed class Account
    {
        public double Requests { get; set; } = RequestsPerSecond;

        public double Bytes { get; set; } = BytesPerSecond;

        public TimeSpan At { get; set; }
    }
}
