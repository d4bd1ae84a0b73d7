using Bft.Bench.Throughput;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.Homes;

namespace Bft.Bench.Processes;

/// <summary>A testnet of real processes on ports of its own.</summary>
/// <param name="Genesis">What its validators agreed on.</param>
/// <param name="Data">Its directory.</param>
/// <param name="Validators">Its processes.</param>
/// <param name="Ports">Its ports.</param>
internal sealed record LocalTestnet(Genesis Genesis, DataLayout Data, ValidatorProcesses Validators, PortRange Ports) : IDisposable
{
    private const int MostAttempts = 5;

    /// <summary>Makes a testnet and starts its validators; on other ports when somebody who claims nothing took one in between.</summary>
    /// <param name="plan">What it is like; its ports are chosen here.</param>
    /// <param name="directory">Where; must be empty or missing.</param>
    /// <param name="started">How many validators are started, from the first on.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<LocalTestnet> StartAsync(CeremonyPlan plan, string directory, int started, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            PortRange ports = PortRange.Claim(plan.Nodes);
            try
            {
                Genesis genesis = KeyCeremony.Run(plan with { Port = ports.Base }, Catalogue.OfEngine(), directory, DateTimeOffset.UtcNow);
                DataLayout data = DataLayout.At(directory);
                return new LocalTestnet(genesis, data, await ValidatorProcesses.StartAsync(data, Enumerable.Range(0, started), cancellation), ports);
            }
            catch (InvalidOperationException exception) when (attempt < MostAttempts && IsPortTaken(exception.Message))
            {
                ports.Dispose();
                Directory.Delete(directory, recursive: true);
            }
            catch
            {
                ports.Dispose();
                throw;
            }
        }
    }

    // The words of the client ports' server and of the peers' (PeerAddressException).
    private static bool IsPortTaken(string lastWords) =>
        lastWords.Contains("address already in use", StringComparison.OrdinalIgnoreCase) || lastWords.Contains("another process uses it", StringComparison.Ordinal);

    /// <summary>Ends what still runs and gives the ports back.</summary>
    public void Dispose()
    {
        Validators.Dispose();
        Ports.Dispose();
    }
}
