using System.Net;
using System.Net.Sockets;
using Bft.Testnet.Ceremony;
using Bft.Testnet.Supervision;

namespace Bft.Testnet.Tests.Fakes;

/// <summary>Ports that the operating system gives.</summary>
internal static class FreePorts
{
    /// <summary>A base port of which all three ranges are free.</summary>
    public static int Base(int nodes)
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            int port = ((IPEndPoint)listener.LocalEndpoint).Port;
            listener.Stop();
            var plan = new CeremonyPlan { Nodes = nodes, Port = port };
            try
            {
                if (port + CeremonyPlan.HttpPortOffset + nodes <= 65535)
                {
                    PortCheck.RequireFree([.. Enumerable.Range(0, nodes).Select(plan.BindingsOf)]);
                    return port;
                }
            }
            catch (TestnetException)
            {
                // Somebody has one of them; the next draw is another.
                continue;
            }
        }
    }
}
