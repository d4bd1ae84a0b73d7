using System.Net;
using System.Net.Sockets;
using Bft.Bench.Processes;

namespace Bft.Testnet.Tests.EndToEnd;

public sealed class PortRangeTests
{
    [Fact]
    public void Two_runs_never_hold_one_range()
    {
        PortRange[] claimed = [.. Enumerable.Range(0, 5).Select(_ => PortRange.Claim(4))];
        try
        {
            Assert.Equal(5, claimed.Select(range => range.Base).Distinct().Count());
        }
        finally
        {
            Array.ForEach(claimed, range => range.Dispose());
        }
    }

    [Fact]
    public void A_range_with_a_port_in_use_is_passed_over()
    {
        using PortRange held = PortRange.Claim(4);
        using var listener = new TcpListener(IPAddress.Loopback, held.Base + 102);
        listener.Start();
        held.Dispose();

        using PortRange other = PortRange.Claim(4);
        Assert.NotEqual(held.Base, other.Base);
    }
}
