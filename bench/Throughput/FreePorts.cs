using System.Net.NetworkInformation;

namespace Bft.Bench.Throughput;

/// <summary>Finds ports that nobody listens on.</summary>
internal static class FreePorts
{
    /// <summary>A base port such that base+i, base+100+i and base+200+i are free for every validator.</summary>
    public static int Base(int nodes)
    {
        HashSet<int> used = [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(endpoint => endpoint.Port)];
        for (int port = 20_000 + (Environment.ProcessId % 1000 * 10); port < 32_000; port += 300)
        {
            if (!Enumerable.Range(0, nodes).Any(i => used.Contains(port + i) || used.Contains(port + 100 + i) || used.Contains(port + 200 + i)))
            {
                return port;
            }
        }

        throw new InvalidOperationException("No free range of ports between 20000 and 32000.");
    }
}
