using Bft.Testnet.Ceremony;
using Bft.Testnet.Supervision;

namespace Bft.Bench.Processes;

/// <summary>
/// The ports of one testnet on this machine, claimed until disposed: a lock file keeps other runs of this program and its tests away, below the
/// ports that operating systems give to whoever asks for any, so that nobody's outgoing connection takes one either.
/// </summary>
public sealed class PortRange : IDisposable
{
    private const int First = 20_000;
    private const int End = 32_000;
    private const int Length = 300;

    private readonly FileStream _claim;

    private PortRange(int @base, FileStream claim)
    {
        Base = @base;
        _claim = claim;
    }

    /// <summary>Clients of validator i connect at this plus i, peers 100 above, HTTP 200 above.</summary>
    public int Base { get; }

    /// <summary>Claims a range in which all ports of so many validators are free now.</summary>
    /// <param name="nodes">At most 100.</param>
    /// <exception cref="InvalidOperationException">All are claimed or in use.</exception>
    public static PortRange Claim(int nodes)
    {
        // From a place of one's own, so that runs that start together seldom meet.
        int ranges = (End - First) / Length, start = Environment.ProcessId % ranges;
        for (int i = 0; i < ranges; i++)
        {
            int port = First + ((start + i) % ranges * Length);
            if (TryLock(port) is not { } claim)
            {
                continue;
            }

            if (IsFree(nodes, port))
            {
                return new PortRange(port, claim);
            }

            claim.Dispose();
        }

        throw new InvalidOperationException($"No free range of ports between {First} and {End}: end what runs there, or wait for other runs to end.");
    }

    /// <summary>Gives the range back.</summary>
    public void Dispose() => _claim.Dispose();

    // The files stay: to delete one that another process is about to lock would let two of them hold "the same".
    private static FileStream? TryLock(int port)
    {
        try
        {
            return new FileStream(Path.Combine(Path.GetTempPath(), $"bft-ports-{port}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (Exception taken) when (taken is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsFree(int nodes, int port)
    {
        var plan = new CeremonyPlan { Nodes = nodes, Port = port };
        try
        {
            PortCheck.RequireFree([.. Enumerable.Range(0, nodes).Select(plan.BindingsOf)]);
            return true;
        }
        catch (TestnetException)
        {
            return false;
        }
    }
}
